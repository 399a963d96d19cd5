import DBusControl
import Gateway
import ProxyCore

/// Whether providers can be reached.
enum ReachDiagnosis {
    static let check = "provider"

    /// What is to be said of a call to a provider.
    static func row(_ provider: String, host: String, _ reach: ProviderReach) -> DiagnosisRow {
        let took = "\(Int((reach.duration.seconds * 1000).rounded())) ms"
        switch reach.end {
        case .answered(let status, _) where status >= 500:
            return DiagnosisRow(
                Self.check, provider, .warn, "\(host) answers with \(status) after \(took)",
                advice: "look at the provider's status page")
        case .answered:
            return DiagnosisRow(Self.check, provider, .ok, "\(host) answers after \(took)")
        case .timedOut:
            return DiagnosisRow(
                Self.check, provider, .fail, "\(host) does not answer within \(took)",
                advice: "check the network, a firewall, and upstream.proxy")
        case .failed(let kind, let detail):
            return DiagnosisRow(
                Self.check, provider, .fail, "\(host): \(Self.words(kind))" + (detail.isEmpty ? "" : " (\(detail))"),
                advice: Self.advice(kind))
        }
    }

    private static func words(_ kind: UpstreamFailure.Kind) -> String {
        switch kind {
        case .unreachable: "cannot be reached"
        case .connectTimeout: "no connection in time"
        case .tls: "TLS does not work"
        case .pinMismatch: "its certificate is not one of the pinned ones"
        case .closedBeforeAnswer, .closedDuringAnswer: "it ends the connection without an answer"
        case .protocolViolation: "what it answers is not HTTP"
        case .internalFault: "the call could not be made"
        }
    }

    private static func advice(_ kind: UpstreamFailure.Kind) -> String {
        switch kind {
        case .unreachable, .connectTimeout: "check the network, DNS, and upstream.proxy; base_url of the provider"
        case .tls: "check the clock, upstream.ca_file, and whether something in between opens TLS"
        case .pinMismatch: "find out who answers before pins are changed"
        case .closedBeforeAnswer, .closedDuringAnswer, .protocolViolation: "check base_url of the provider"
        case .internalFault: "see the log of kmid"
        }
    }
}
