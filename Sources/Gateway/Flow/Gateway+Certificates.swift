import Logging
import ProxyCore

extension Gateway {
    /// A subject is told up to so many characters.
    private static let longestSubject = 256

    /// Refuses callers over TLS whose certificate is not let in (L-006); that it chains to an authority was seen in the
    /// handshake.
    ///
    /// Held against the configuration in force and the time for each request, so that a connection that was there before
    /// goes on neither under other rules nor longer than its certificate.
    func checkCertificate(
        of connection: ConnectionInfo, _ snapshot: GatewaySnapshot, _ logger: Logger
    ) throws(ProxyFault) {
        let mode = snapshot.configuration.server.tls.clientAuth
        guard connection.isTLS, mode != .off else { return }
        let reason: String
        if let certificate = connection.certificate {
            if certificate.hasEnded(at: self.time.wallTime()) {
                reason = "expired"
            } else {
                if snapshot.subjects.allow(certificate) { return }
                reason = "subject not listed"
            }
        } else {
            guard mode == .required else { return }
            reason = "no certificate"
        }
        let subject = String((connection.certificate?.subject ?? "").prefix(Self.longestSubject))
        self.tell(
            CallerIncident(
                .certificateRefused(subject: subject), origin: CallerOrigin(connection.transport).identity(),
                reason: reason),
            "client certificate not allowed",
            ["event": "certificate_refused", "subject": "\(subject)"], to: logger)
        throw ProxyFault(.forbidden, message: "The client certificate is not allowed.")
    }
}
