import Logging
import ProxyCore

/// Which warnings and errors are written, so that one that comes again and again leaves room for others, also for the same
/// one about something else.
///
/// Of the same event about the same thing (the same key, the same provider, …) ``Terms/burst`` entries are written in
/// ``Terms/interval``, which begins with the first one. How many were held back is told when the interval ends. Decisions
/// only: no I/O, and time is an argument.
struct LogLimiter: Sendable {
    /// What is allowed.
    struct Terms: Sendable {
        /// So many entries of a subject in an interval.
        var burst = 10
        /// How long an interval is.
        var interval = Duration.seconds(60)
        /// So many subjects are told apart; beyond, all further things of an event are one.
        var subjects = 1_024
    }

    /// What an entry is about.
    struct Subject: Sendable, Hashable {
        /// A field that says so.
        struct Thing: Sendable, Hashable {
            let name: String
            let value: String
        }

        /// What happened.
        let event: String
        /// To what.
        let things: [Thing]
    }

    /// What was held back of a subject in an interval.
    struct Held: Sendable, Equatable {
        let subject: Subject
        /// The most severe level among it.
        let level: Logger.Level
        /// How many entries.
        let count: Int
    }

    private struct Interval {
        let end: Instant
        var written = 0
        var held = 0
        var level = Logger.Level.trace
    }

    private let terms: Terms
    private var intervals: [Subject: Interval] = [:]
    /// No interval ends earlier.
    private var soonestEnd = Instant(nanoseconds: .max)

    /// Nothing has been written.
    init(_ terms: Terms = Terms()) {
        self.terms = terms
    }

    /// Whether an entry is written; otherwise it is counted.
    mutating func admit(_ subject: Subject, _ level: Logger.Level, at now: Instant) -> Bool {
        let subject = self.known(subject)
        var interval = self.intervals[subject] ?? Interval(end: now + self.terms.interval)
        defer {
            self.intervals[subject] = interval
            self.soonestEnd = min(self.soonestEnd, interval.end)
        }
        guard interval.written >= self.terms.burst else {
            interval.written += 1
            return true
        }
        interval.held += 1
        interval.level = max(interval.level, level)
        return false
    }

    /// What was held back in intervals that have ended, in no order.
    mutating func ended(at now: Instant) -> [Held] {
        guard self.soonestEnd <= now else { return [] }
        let over = self.intervals.filter { $0.value.end <= now }
        for subject in over.keys { self.intervals[subject] = nil }
        self.soonestEnd = self.intervals.values.map(\.end).min() ?? Instant(nanoseconds: .max)
        return Self.held(over)
    }

    /// When the next interval ends in which something is held back; `nil` if there is none.
    var nextEnd: Instant? { self.intervals.values.filter { $0.held > 0 }.map(\.end).min() }

    /// What is held back at the end of all.
    mutating func close() -> [Held] {
        defer { self.intervals = [:] }
        return Self.held(self.intervals)
    }

    private func known(_ subject: Subject) -> Subject {
        guard self.intervals[subject] == nil, self.intervals.count >= self.terms.subjects else { return subject }
        // The names of events are a closed set, so that no more than those are added beyond the bound.
        return Subject(event: subject.event, things: [])
    }

    private static func held(_ intervals: [Subject: Interval]) -> [Held] {
        intervals.filter { $0.value.held > 0 }
            .map { Held(subject: $0.key, level: $0.value.level, count: $0.value.held) }
    }
}

extension LogLimiter.Subject {
    /// The fields that tell what an entry is about: names of things.
    ///
    /// What describes an occurrence, such as a reason, a number or the id of a request, does not make it another
    /// subject.
    private static let names = [
        "address", "bus", "caller", "class", "client", "directory", "file", "holder", "job", "key", "listener",
        "member", "model", "option", "peer", "provider", "setting", "store", "table", "target",
    ]
    /// Events of which each entry says something else, as many as a file has mistakes: a list with holes would be of no use.
    private static let lists: Set = ["config_warning", "reload_rejected", "state_left_out"]

    /// What an entry is about; `nil` if it is not limited: one below `warning`, which tells of what goes on, one that tells why
    /// the daemon ends, and those that only together make a list.
    init?(_ record: LogRecord) {
        guard record.level == .warning || record.level == .error else { return nil }
        let event = record.event
        if let event, Self.lists.contains(event) { return nil }
        self.init(
            event: event ?? record.message,
            things: Self.names.compactMap { name in record[name].map { Thing(name: name, value: $0) } })
    }
}
