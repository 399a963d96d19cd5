import ArgumentParser

/// A moment on the command line: RFC 3339, a date, or a length of time from now (`2h`).
///
/// What names no time zone is meant in that of whoever writes it.
struct MomentArgument: ExpressibleByArgument, Sendable, Equatable {
    private enum Kind: Equatable {
        case time(CalendarTime)
        case distance(UInt64)
    }

    /// What the help says of it.
    static let help = """
        T is RFC 3339, a date, or a time ago such as 2h. A date, or a time without a zone, is meant in your time zone; \
        --until DATE is the end of that day.
        """

    private let kind: Kind

    init?(argument: String) {
        if let time = Timestamp.parse(argument) {
            self.kind = .time(time)
        } else if let distance = DurationText.parse(argument) {
            self.kind = .distance(distance)
        } else {
            return nil
        }
    }

    /// Whether it is a date alone.
    var isDate: Bool {
        if case .time(let time) = self.kind { time.second == nil } else { false }
    }

    /// The moment at which something begins, in microseconds since the epoch: of a date its first one, and a length of
    /// time counts back from now.
    func begin(now: UInt64, zone: LocalZone) -> UInt64 {
        switch self.kind {
        case .time(let time): Self.moment(of: time, zone)
        case .distance(let distance): now - min(now, distance)
        }
    }

    /// The moment before which something ends: of a date the first one of the next day.
    func end(now: UInt64, zone: LocalZone) -> UInt64 {
        guard case .time(var time) = self.kind, time.second == nil else { return self.begin(now: now, zone: zone) }
        time.day += 1
        return Self.moment(of: time, zone)
    }

    /// The moment in microseconds since the epoch, a length of time counted ahead from now.
    func after(now: UInt64, zone: LocalZone) -> UInt64 {
        switch self.kind {
        case .time(let time): Self.moment(of: time, zone)
        // A length of time has at most ten years.
        case .distance(let distance): now + distance
        }
    }

    private static func moment(of time: CalendarTime, _ zone: LocalZone) -> UInt64 {
        if time.offset != nil, let moment = Timestamp.moment(of: time) { return moment }
        return zone.moment(of: time)
    }
}

/// A span of time on the command line: `--since` and `--until`, each of which may be missing.
struct SpanArguments: Sendable {
    /// Where it begins, in microseconds since the epoch.
    let since: UInt64?
    /// Before what it ends.
    let until: UInt64?

    /// Fails with a usage error if it ends where it begins, or before.
    init(
        since: MomentArgument?, until: MomentArgument?, now: UInt64, zone: LocalZone
    ) throws(CommandFailure) {
        self.since = since?.begin(now: now, zone: zone)
        self.until = until?.end(now: now, zone: zone)
        if let since = self.since, let until = self.until, until <= since {
            throw CommandFailure.usage("--until does not lie behind --since: nothing can be between them.")
        }
    }
}
