import DBusControl

/// What changes a live view.
enum TopEvent: Sendable, Equatable {
    /// How the daemon and its keys are.
    case status(ManagerStatus, [KeyStatus])
    /// Requests that had ended before, in any order.
    case history([RequestRow])
    /// A request has ended.
    case finished(RequestRow)
    /// So many requests were left out on the way.
    case missed(UInt64)
    /// The daemon cannot be asked.
    case away(TopPresence)
    /// Something that a person should know; empty if there is nothing any more.
    case notice(String)
    /// A key was pressed.
    case key(TopKey)
    /// The terminal has another size.
    case resized(TopSize)
    /// Time has passed.
    case tick
}

/// Whether the daemon is there.
enum TopPresence: Sendable, Equatable {
    /// Nobody has asked yet.
    case unknown
    /// It answers.
    case present
    /// Nobody has its name on the bus.
    case absent
    /// It is there and does not answer in time.
    case silent
}
