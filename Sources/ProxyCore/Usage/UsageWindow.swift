/// One window of a provider's plan, or one limit, as the provider tells of it.
///
/// Each window stands for itself: nothing of one is ever filled in from another, and what is unknown is `nil`, never zero.
public struct UsageWindow: Sendable, Equatable {
    /// Where the numbers come from.
    public enum Source: String, Sendable, CaseIterable {
        /// The provider's usage or balance endpoint.
        case panel
        /// The header fields of an answer to a real request.
        case headers
    }

    /// `5h`, `7d`, `month`, `balance`, else the provider's name for it.
    public var name: String
    /// How much is used, at least 0; `nil` if unknown.
    public var used: Double?
    /// How much there is, at least 0; 1 for a window that is told as a ratio; `nil` if unknown.
    ///
    /// For `balance` it is what can be spent, and ``used`` is 0.
    public var limit: Double?
    /// When the window starts anew; `nil` if unknown.
    public var resetsAt: WallTime?
    /// Whether two views of the window disagreed; the more pessimistic one is told.
    public var isInconsistent: Bool
    /// Where the numbers come from.
    public var source: Source

    /// Makes a window.
    public init(
        name: String, used: Double? = nil, limit: Double? = nil, resetsAt: WallTime? = nil,
        isInconsistent: Bool = false, source: Source
    ) {
        self.name = name
        self.used = used
        self.limit = limit
        self.resetsAt = resetsAt
        self.isInconsistent = isInconsistent
        self.source = source
    }

    /// The name of the window that holds what is left to spend.
    public static let balanceName = "balance"

    /// The share that is left, 0 to 1; `nil` where it is unknown, and for a balance, which is a share of nothing.
    public var remainingShare: Double? {
        guard self.name != Self.balanceName, let used, let limit, limit > 0 else { return nil }
        return min(max(1 - used / limit, 0), 1)
    }

    /// Whether nothing is left; a limit of 0 of which nothing is used is unknown, not full.
    public var isFull: Bool {
        guard self.name != Self.balanceName else { return self.limit.map { $0 <= 0 } ?? false }
        return self.remainingShare.map { $0 <= 0 } ?? false
    }
}
