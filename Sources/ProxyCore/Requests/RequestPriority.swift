/// How urgent a request is, as `X-KMI-Priority` says (contract section 4).
public enum RequestPriority: String, Sendable, Hashable, CaseIterable, Comparable {
    /// May wait for all others, and has a capped share.
    case low
    /// What a request is that says nothing.
    case normal
    /// Goes first and has places of its own; needs the scope `priority:high` (L-004).
    case high

    private var rank: Int {
        switch self {
        case .low: 0
        case .normal: 1
        case .high: 2
        }
    }

    /// Whether one is less urgent than another.
    public static func < (left: RequestPriority, right: RequestPriority) -> Bool { left.rank < right.rank }
}
