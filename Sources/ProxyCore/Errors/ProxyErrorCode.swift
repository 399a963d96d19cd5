/// The codes of the errors that the proxy makes itself, as they stand in bodies and in `X-KMI-Error`.
public enum ProxyErrorCode: String, CaseIterable, Sendable, Hashable {
    /// Malformed request, unknown priority, JSON that cannot be routed.
    case invalidRequest = "invalid_request"
    /// No credential, or a wrong one.
    case unauthorized
    /// Host, origin, client certificate, model or route not allowed.
    case forbidden
    /// No such route or provider.
    case notFound = "not_found"
    /// The method is not offered.
    case methodNotAllowed = "method_not_allowed"
    /// The head or the body was too slow.
    case requestTimeout = "request_timeout"
    /// The body is over the limit.
    case bodyTooLarge = "body_too_large"
    /// An upgrade to another protocol was asked for.
    case upgradeRefused = "upgrade_refused"
    /// A limit of ours.
    case rateLimited = "rate_limited"
    /// No key can be used: 429 when one comes back, else 503.
    case noUsableKey = "no_usable_key"
    /// The head is over the limit.
    case headersTooLarge = "headers_too_large"
    /// A fault of ours.
    case internalFault = "internal"
    /// The provider refused its own key on every attempt.
    case upstreamAuth = "upstream_auth"
    /// No connection to the provider.
    case upstreamUnreachable = "upstream_unreachable"
    /// No trusted TLS connection to the provider.
    case upstreamTLS = "upstream_tls"
    /// The provider's certificate is not a pinned one.
    case upstreamPinMismatch = "upstream_pin_mismatch"
    /// The provider's answer is not sound HTTP.
    case upstreamProtocol = "upstream_protocol"
    /// The provider's answer is over the limit.
    case responseTooLarge = "response_too_large"
    /// Queue full, memory pressure, draining, breaker open.
    case overloaded
    /// Connect, first byte, idle or total timeout.
    case upstreamTimeout = "upstream_timeout"

    /// The status that goes with the code.
    ///
    /// `no_usable_key` is 503 here; where a key comes back it is 429.
    public var status: Int {
        switch self {
        case .invalidRequest: 400
        case .unauthorized: 401
        case .forbidden: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .requestTimeout: 408
        case .bodyTooLarge: 413
        case .upgradeRefused: 426
        case .rateLimited: 429
        case .headersTooLarge: 431
        case .internalFault: 500
        case .upstreamAuth, .upstreamUnreachable, .upstreamTLS, .upstreamPinMismatch, .upstreamProtocol,
            .responseTooLarge:
            502
        case .noUsableKey, .overloaded: 503
        case .upstreamTimeout: 504
        }
    }

    /// The message that is shown where the place of the error has no better one.
    public var message: String {
        switch self {
        case .invalidRequest: "The request is malformed."
        case .unauthorized: "No valid credential was given."
        case .forbidden: "The request is not allowed."
        case .notFound: "There is no such route or provider."
        case .methodNotAllowed: "The method is not allowed here."
        case .requestTimeout: "The request did not arrive in time."
        case .bodyTooLarge: "The request body is too large."
        case .upgradeRefused: "Upgrading to another protocol is not offered."
        case .rateLimited: "Too many requests; try again later."
        case .noUsableKey: "No key can be used at the moment."
        case .headersTooLarge: "The request headers are too large."
        case .internalFault: "The proxy failed to handle the request."
        case .upstreamAuth: "The provider refused the key that the proxy holds for it."
        case .upstreamUnreachable: "The provider cannot be reached."
        case .upstreamTLS: "No trusted TLS connection to the provider could be made."
        case .upstreamPinMismatch: "The provider's certificate does not match its pin."
        case .upstreamProtocol: "The provider's answer broke off or was not valid HTTP."
        case .responseTooLarge: "The provider's answer is too large."
        case .overloaded: "The proxy is overloaded; try again later."
        case .upstreamTimeout: "The provider did not answer in time."
        }
    }
}
