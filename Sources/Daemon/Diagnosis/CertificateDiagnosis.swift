import DBusControl
import ProxyCore
import ProxyHTTP

/// Whether the certificate that callers are shown is good, and for how long (T-007).
enum CertificateDiagnosis {
    static let check = "certificate"
    /// So long before its end a certificate is worth a warning.
    static let notice = Duration.seconds(14 * 86_400)
    /// The codes that a finding may have.
    static let codes = ["certificate_expired", "certificate_expires", "certificate_not_yet_valid"]

    /// What is to be said of the times of a certificate.
    struct Finding: Sendable, Equatable {
        /// The word that programs know it by, as the manager's property `Warnings` has it.
        var code: String
        /// For a person.
        var message: String
        /// Whether callers refuse it already.
        var isRefused: Bool
    }

    /// What is wrong with the times of a certificate at a moment; `nil` for nothing.
    static func finding(notBefore: WallTime, notAfter: WallTime, now: WallTime) -> Finding? {
        if now > notAfter {
            return Finding(
                code: "certificate_expired",
                message: "the certificate of server.tls.certificate expired at \(notAfter.rfc3339): callers refuse it",
                isRefused: true)
        }
        if now < notBefore {
            return Finding(
                code: "certificate_not_yet_valid",
                message: "the certificate of server.tls.certificate begins at \(notBefore.rfc3339): until then callers "
                    + "refuse it", isRefused: true)
        }
        guard notAfter - now <= Self.notice else { return nil }
        return Finding(
            code: "certificate_expires",
            message: "the certificate of server.tls.certificate ends at \(notAfter.rfc3339)", isRefused: false)
    }

    /// What is wrong with the times of credentials.
    static func finding(_ credentials: TLSCredentials, now: WallTime) -> Finding? {
        self.finding(notBefore: credentials.notBefore, notAfter: credentials.notAfter, now: now)
    }

    /// The row of `doctor`; `nil` where nothing is encrypted.
    static func row(_ credentials: TLSCredentials?, now: WallTime) -> DiagnosisRow? {
        guard let credentials else { return nil }
        guard let finding = Self.finding(credentials, now: now) else {
            return DiagnosisRow(Self.check, .ok, "good until \(credentials.notAfter.rfc3339)")
        }
        return DiagnosisRow(
            Self.check, finding.isRefused ? .fail : .warn, finding.message,
            advice: "renew it; kmid takes the new files by itself, or with kmictl reload")
    }
}
