/// Who asks the control plane for something: what audit events name as their actor (K-042).
public struct ControlCaller: Sendable, Equatable {
    /// The user that the caller runs as, as the bus told it; `nil` if that cannot be told any more.
    public var userID: UInt32?

    /// Makes a caller.
    public init(userID: UInt32?) {
        self.userID = userID
    }

    /// The caller as the audit names it: `uid:1000`, or `uid:unknown`.
    public var actor: String { "uid:" + (self.userID.map { "\($0)" } ?? "unknown") }

    /// Who asks for what the running task does; `nil` for the daemon itself.
    ///
    /// It says who is named in records and decides nothing: whether the caller may do it was decided before.
    @TaskLocal public static var current: ControlCaller?
}
