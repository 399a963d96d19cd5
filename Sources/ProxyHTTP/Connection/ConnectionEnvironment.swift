import Logging
import ProxyCore

/// What all connections of a server share.
struct ConnectionEnvironment: Sendable {
    var responder: any Responder
    var limits: ConnectionLimits
    var maximumHeaderBytes: Int
    var registry: ConnectionRegistry
    var wallTime: @Sendable () -> WallTime
    var logger: Logger
    var callerObserver: (any CallerObserver)?
    var handshakeFailures = HandshakeFailures()
    var abuses = AbuseLog()
}

/// What a server tells its connections, as an event in their pipelines.
enum ConnectionCommand: Sendable {
    /// Serve what runs, and what comes within the grace, then close.
    case drain(DrainGrace)
    /// The time to drain is over: end what runs, as far as it can be ended in the words of its protocol.
    case wrapUp
    /// Close at once.
    case abort
}
