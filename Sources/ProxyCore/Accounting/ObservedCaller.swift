/// Who sent a request, as the kernel showed it when the connection was made.
///
/// An observation and no identity: the process may have passed the connection on, and containers show their own numbers.
/// Nothing is ever allowed or refused by it.
public struct ObservedCaller: Sendable, Hashable {
    /// The user's number.
    public var userID: UInt32?
    /// The user's name.
    public var user: String?
    /// The process's number.
    public var processID: Int32?
    /// The process's name, without its arguments.
    public var process: String?
    /// The systemd unit that it runs in.
    public var unit: String?

    /// Knows nothing.
    public init() {}
}
