public import ProxyCore

/// What a server allows its callers.
///
/// A timeout of zero is no timeout.
public struct HTTPServerConfiguration: Sendable {
    /// Time for a head, from its first byte; for the first request of a connection from the accept (default 10 s).
    public var headerTimeout: Duration
    /// Time for a body, while the responder takes it (default 60 s).
    ///
    /// Each 16 KiB that arrive give one second back, up to this time again, so that a body of any size passes at a
    /// steady 16 KiB/s and a stalled one never outlives it.
    public var bodyTimeout: Duration
    /// Time between two requests of a connection (default 75 s).
    public var idleTimeout: Duration
    /// Time that running requests have when the server drains (default 30 s).
    public var drainTimeout: Duration
    /// Time in which a caller must take at least one byte of those that wait for it (default 5 min).
    ///
    /// A slow reader of a stream is not cut for being slow.
    public var stalledWriteTimeout: Duration
    /// How many connections all listeners together serve at a time (default 4096, at least 1).
    ///
    /// One more is told so and closed.
    public var maximumConnections: Int
    /// How many bytes a head may have, request line and empty line included (default 64 KiB, at least 256).
    public var maximumHeaderBytes: Int
    /// Who looks at callers on this machine, those of Unix sockets and of loopback TCP (default nobody).
    public var callerObserver: (any CallerObserver)?
    /// Is called when a listener ends that the server has not ended, with its address in the log (default nothing).
    public var whenListenerIsLost: (@Sendable () -> Void)?
    /// How fast connections are taken that have waited on a socket that was handed over.
    var catchUp = CatchUpPace()

    /// Makes a configuration; values below their minimum are raised to it.
    public init(
        headerTimeout: Duration = .seconds(10),
        bodyTimeout: Duration = .seconds(60),
        idleTimeout: Duration = .seconds(75),
        drainTimeout: Duration = .seconds(30),
        stalledWriteTimeout: Duration = .seconds(300),
        maximumConnections: Int = 4096,
        maximumHeaderBytes: Int = 64 * 1024,
        callerObserver: (any CallerObserver)? = nil
    ) {
        self.headerTimeout = headerTimeout
        self.bodyTimeout = bodyTimeout
        self.idleTimeout = idleTimeout
        self.drainTimeout = drainTimeout
        self.stalledWriteTimeout = stalledWriteTimeout
        self.maximumConnections = max(1, maximumConnections)
        self.maximumHeaderBytes = max(256, maximumHeaderBytes)
        self.callerObserver = callerObserver
    }
}
