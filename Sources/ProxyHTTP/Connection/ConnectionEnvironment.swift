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
    /// Serve what runs, then close.
    case drain
    /// Close at once.
    case abort
}
