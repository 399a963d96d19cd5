/// Who asks the control plane for something: what audit events name as their actor (K-042).
public struct ControlCaller: Sendable, Equatable {
    /// The user that the caller runs as, as the bus told it.
    public var userID: UInt32

    /// Makes a caller.
    public init(userID: UInt32) {
        self.userID = userID
    }

    /// Who asks for what the running task does; `nil` for the daemon itself.
    ///
    /// It says who is named in records and decides nothing: whether the caller may do it was decided before.
    @TaskLocal public static var current: ControlCaller?
}
