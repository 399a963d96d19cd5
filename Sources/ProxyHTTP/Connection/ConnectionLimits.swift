/// The time limits of one connection, `nil` where there is none, and the fixed ones.
struct ConnectionLimits: Sendable, Equatable {
    /// For a head, from its first byte; for the first one from the accept.
    var header: Duration?
    /// For a body, pauses of the responder not counted; at any time the most that a stalled caller has left.
    var body: Duration?
    /// For the time between requests.
    var idle: Duration?
    /// For a socket that takes no byte at all of those that wait.
    var stalledWrite: Duration?
    /// For what still runs on a connection on which nothing further is served.
    var drain = Duration.seconds(30)

    /// So many bytes of a body extend its time by a second.
    static let bytesPerSecondOfBody = 16 * 1024
    /// How much of a body is read after an early answer to keep the connection.
    static let discardedBytes = 1024 * 1024
    /// How long that may take.
    static let discardTime = Duration.seconds(2)
    /// How long a caller has to close its side after we closed ours.
    static let lingerTime = Duration.seconds(2)
    /// How many bytes are kept that came without having been asked for.
    static let unaskedBytes = 1024 * 1024
}

extension ConnectionLimits {
    /// The limits of a server; zero there is none here.
    init(_ configuration: HTTPServerConfiguration) {
        self.init(
            header: Self.limit(configuration.headerTimeout),
            body: Self.limit(configuration.bodyTimeout),
            idle: Self.limit(configuration.idleTimeout),
            stalledWrite: Self.limit(configuration.stalledWriteTimeout),
            drain: configuration.drainTimeout
        )
    }

    private static func limit(_ duration: Duration) -> Duration? {
        duration > .zero ? duration : nil
    }
}
