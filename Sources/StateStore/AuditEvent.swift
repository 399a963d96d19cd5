public import ProxyCore

/// One thing that somebody did to the daemon, or that the daemon refused somebody (contract section 11, K-042).
///
/// Texts are bounded, so that a page of a thousand events fits into a message; they hold no secrets.
public struct AuditEvent: Sendable, Equatable {
    /// How it ended.
    public enum Result: String, Sendable, CaseIterable {
        /// It was done.
        case ok
        /// It was not allowed.
        case refused
        /// It was tried, and did not work.
        case failed
    }

    /// The most bytes of an actor, of an action, and of a target.
    public static let longestName = 256
    /// The most bytes of a detail.
    public static let longestDetail = 1024

    /// When; of one that happened several times, the first time.
    public var at: WallTime
    /// When it happened last; the same for one that happened once.
    public var lastAt: WallTime
    /// Who: `uid:1000`, `address:127.0.0.1`, `daemon`.
    public let actor: String
    /// What, a word such as `key_added`.
    public let action: String
    /// To what: a label, a name, a setting, a path; empty where it is the daemon as a whole.
    public let target: String
    /// How it ended.
    public let result: Result
    /// What more there is to say.
    public let detail: String
    /// How often it happened, at least once.
    public var count: Int64 = 1
    /// What one that may happen again is known by: handed over again it replaces itself; `nil` for one of its own.
    public var fold: Int64?

    /// Makes an event; texts that are too long are cut.
    public init(
        at: WallTime, actor: String, action: String, target: String = "", result: Result = .ok, detail: String = ""
    ) {
        self.at = at
        self.lastAt = at
        self.actor = Self.bounded(actor, Self.longestName)
        self.action = Self.bounded(action, Self.longestName)
        self.target = Self.bounded(target, Self.longestName)
        self.result = result
        self.detail = Self.bounded(detail, Self.longestDetail)
    }

    /// As much of a text as fits into so many bytes, an ellipsis at the end if that is not all.
    private static func bounded(_ text: String, _ limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var kept = ""
        var size = 3
        for scalar in text.unicodeScalars {
            size += UTF8.width(scalar)
            if size > limit { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept + "…"
    }
}

/// An event that is kept.
public struct AuditRecord: Sendable, Equatable {
    /// Its number; later ones have higher numbers.
    public var number: Int64
    /// The event.
    public var event: AuditEvent

    /// Makes a record.
    public init(number: Int64, event: AuditEvent) {
        self.number = number
        self.event = event
    }
}

/// Which audit events are asked for; what is `nil` does not matter.
public struct AuditQuery: Sendable, Equatable {
    /// At most so many, 1 to 1,000.
    public var limit = 100
    /// Where the page before ended; empty for the newest events.
    public var cursor = ""
    /// Last happened then or later.
    public var since: WallTime?
    /// First happened before.
    public var until: WallTime?
    /// Of this action.
    public var action: String?

    /// Asks for the newest hundred.
    public init() {}
}
