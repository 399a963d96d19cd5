import ProxyCore

/// Why an attempt ended without a complete answer, in the words of the contract.
struct AttemptTrouble {
    var errorClass: ErrorClass
    var fault: ProxyFault
    var requestBytesSent: Bool
    var diedOnReusedConnection = false
    var concernsOrigin = false
    var detail: String

    /// The provider took too long.
    static func timeout(_ awaited: AttemptClock.Awaited) -> AttemptTrouble {
        AttemptTrouble(
            errorClass: .providerTimeout,
            fault: ProxyFault(.upstreamTimeout),
            requestBytesSent: true,
            detail: "timed out waiting for the \(awaited.rawValue)"
        )
    }

    /// The answer announces more than is allowed.
    static let responseTooLarge = AttemptTrouble(
        errorClass: .providerProtocol,
        fault: ProxyFault(.responseTooLarge),
        requestBytesSent: true,
        detail: "the answer is over the limit"
    )

    /// The transfer ended without a head.
    static let noAnswer = AttemptTrouble(
        errorClass: .providerProtocol,
        fault: ProxyFault(.upstreamProtocol),
        requestBytesSent: true,
        detail: "the transfer ended without an answer"
    )

    /// A fault of ours.
    static func internalFault(detail: String) -> AttemptTrouble {
        AttemptTrouble(
            errorClass: .daemonInternal, fault: ProxyFault(.internalFault), requestBytesSent: true, detail: detail)
    }
}

extension AttemptTrouble {
    /// What a failure of the transport means.
    init(_ failure: UpstreamFailure) {
        self.init(
            errorClass: ErrorClass(failure: failure),
            fault: ProxyFault(failure: failure),
            requestBytesSent: failure.requestBytesSent,
            diedOnReusedConnection: failure.kind == .closedBeforeAnswer && failure.connectionReused,
            concernsOrigin: failure.kind == .tls || failure.kind == .pinMismatch,
            detail: failure.detail
        )
    }
}
