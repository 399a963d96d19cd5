extension ProxyFault {
    /// The fault that stands for a refusal by the listener itself.
    public init(refusal: ListenerRefusal) {
        switch refusal {
        case .malformed: self.init(.invalidRequest)
        case .headersTooLarge: self.init(.headersTooLarge)
        case .timeout: self.init(.requestTimeout)
        case .methodNotAllowed: self = .methodRefused
        case .upgradeRefused: self.init(.upgradeRefused)
        case .overloaded: self.init(.overloaded, retryAfter: 1)
        }
    }

    /// The fault that stands for a transfer that failed on its last attempt.
    public init(failure: UpstreamFailure) {
        switch failure.kind {
        case .unreachable, .closedBeforeAnswer: self.init(.upstreamUnreachable)
        case .tls: self.init(.upstreamTLS)
        case .pinMismatch: self.init(.upstreamPinMismatch)
        case .connectTimeout: self.init(.upstreamTimeout)
        case .closedDuringAnswer, .protocolViolation: self.init(.upstreamProtocol)
        case .internalFault: self.init(.internalFault)
        }
    }
}

extension ErrorClass {
    /// The class of a failed transfer.
    public init(failure: UpstreamFailure) {
        switch failure.kind {
        case .unreachable, .closedBeforeAnswer: self = .providerUnreachable
        case .tls, .pinMismatch: self = .providerTLS
        case .connectTimeout: self = .providerTimeout
        case .closedDuringAnswer, .protocolViolation: self = .providerProtocol
        case .internalFault: self = .daemonInternal
        }
    }
}
