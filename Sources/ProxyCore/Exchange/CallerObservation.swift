/// The two ends of a connection, for whoever wants to look at who is behind it.
public enum ConnectionEnds: Sendable, Hashable {
    /// A Unix socket, with the peer's user and process as the kernel saw them at `connect` (`SO_PEERCRED`).
    case unix(userID: UInt32, processID: Int32)
    /// TCP over loopback, with numeric addresses.
    case loopback(localAddress: String, localPort: Int, peerAddress: String, peerPort: Int)
}

/// What becomes known of the caller of one connection; empty until it is.
public protocol CallerObservation: AnyObject, Sendable {
    /// The caller; `nil` as long as nothing is known, or if nothing can be.
    var caller: ObservedCaller? { get }
}

/// Looks at who is behind a connection, in the background.
public protocol CallerObserver: Sendable {
    /// Begins to look; returns at once.
    func observe(_ ends: ConnectionEnds) -> any CallerObservation
}
