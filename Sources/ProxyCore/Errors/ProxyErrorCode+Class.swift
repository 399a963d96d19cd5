extension ProxyErrorCode {
    /// The class that a request which ends with this code is counted under (contract section 7).
    public var errorClass: ErrorClass {
        switch self {
        case .invalidRequest, .notFound, .methodNotAllowed, .requestTimeout, .upgradeRefused: .callerInvalidRequest
        case .unauthorized: .callerUnauthorized
        case .forbidden: .callerForbidden
        case .bodyTooLarge, .headersTooLarge: .callerTooLarge
        case .rateLimited: .callerRateLimited
        case .noUsableKey: .daemonNoUsableKey
        case .internalFault: .daemonInternal
        case .upstreamAuth: .providerAuthFailed
        case .upstreamUnreachable: .providerUnreachable
        case .upstreamTLS, .upstreamPinMismatch: .providerTLS
        case .upstreamProtocol, .responseTooLarge: .providerProtocol
        case .overloaded: .daemonOverloaded
        case .upstreamTimeout: .providerTimeout
        }
    }
}
