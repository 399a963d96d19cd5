import NIOSSL
import ProxyHTTP

/// How hostile callers reach the server.
enum HostileTransport: String, Sendable, CaseIterable {
    /// Over TCP in clear.
    case plain
    /// Over TLS, with a certificate that the caller trusts.
    case tls

    /// The deliveries that make a difference: records of TLS arrive whole.
    var deliveries: [Delivery] {
        switch self {
        case .plain: Delivery.allCases
        case .tls: [.whole, .lines]
        }
    }

    /// Runs a server that is reached this way, and closes it whatever happens.
    func withCaller(
        _ responder: ScriptedResponder, _ body: @Sendable (HostileCaller) async throws -> Void
    ) async throws {
        switch self {
        case .plain:
            try await withServer(responder) { _, address in
                try await body(HostileCaller(address: address, responder: responder))
            }
        case .tls:
            let authority = try TestCertificate.authority()
            let caller = try TLSConfiguration.caller(trusting: authority)
            try await withTLSServer(responder, ServerTLS(try authority.server().credentials())) { _, address in
                try await body(HostileCaller(address: address, responder: responder, tls: caller))
            }
        }
    }
}
