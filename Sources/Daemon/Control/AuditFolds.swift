import ProxyCore
import StateStore

/// Folds what strangers can make happen as often as they like into few rows, so that nobody fills the disk.
///
/// The same is one row an hour, and of others there are no more than a few; every one is counted. Nobody alone takes the rows
/// of all others. Decisions only, no I/O.
struct AuditFolds: Sendable {
    /// How long the same counts as the same row.
    static let span = Duration.seconds(3600)
    /// How many rows of one action begin in that time before all others become one.
    static let most = 24
    /// How many of them one actor begins; the last one stands for all else that it does.
    static let mostOfOne = 6
    /// Who stands for all others.
    static let others = "others"

    private struct Key: Hashable {
        let action: String
        let actor: String
        let target: String
        let detail: String
    }

    private struct Fold {
        var event: AuditEvent
        let begun: Instant
    }

    private var folds: [Key: Fold] = [:]

    /// Takes an event in; returns the row that stands for it and those before.
    ///
    /// `fold` is a number that no other row has.
    mutating func note(_ event: AuditEvent, fold: Int64, at now: Instant) -> AuditEvent {
        self.folds = self.folds.filter { now - $0.value.begun < Self.span }
        let own = Key(action: event.action, actor: event.actor, target: event.target, detail: event.detail)
        if let row = self.again(own, event) { return row }
        let rest = Self.rest(of: event, by: event.actor, "more than is told apart of one caller in an hour")
        if let row = self.again(rest.key, rest.event) { return row }
        let begun = self.folds.keys.filter { $0.action == event.action && $0.actor != Self.others }
        if begun.count < Self.most {
            let isLast = begun.count(where: { $0.actor == event.actor }) >= Self.mostOfOne - 1
            return isLast ? self.begin(rest.key, rest.event, fold, now) : self.begin(own, event, fold, now)
        }
        let all = Self.rest(of: event, by: Self.others, "from more callers than are told apart in an hour")
        return self.again(all.key, all.event) ?? self.begin(all.key, all.event, fold, now)
    }

    /// What stands for events that get no rows of their own.
    ///
    /// Its key is one that no event has: each has a detail.
    private static func rest(of event: AuditEvent, by actor: String, _ detail: String) -> (key: Key, event: AuditEvent)
    {
        (
            Key(action: event.action, actor: actor, target: "", detail: ""),
            AuditEvent(at: event.at, actor: actor, action: event.action, result: event.result, detail: detail)
        )
    }

    private mutating func again(_ key: Key, _ event: AuditEvent) -> AuditEvent? {
        guard var row = self.folds[key]?.event else { return nil }
        row.count += 1
        row.lastAt = max(row.lastAt, event.at)
        self.folds[key]?.event = row
        return row
    }

    private mutating func begin(_ key: Key, _ event: AuditEvent, _ fold: Int64, _ now: Instant) -> AuditEvent {
        var row = event
        row.fold = fold
        self.folds[key] = Fold(event: row, begun: now)
        return row
    }
}
