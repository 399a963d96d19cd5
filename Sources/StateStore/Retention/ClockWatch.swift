internal import ProxyCore

/// Whether the machine's clock is believed when ages are looked at: what is deleted by a clock that jumped does not come back.
///
/// Decisions only, no I/O.
struct ClockWatch: Sendable {
    /// A clock that went ahead by no more than this is believed at once.
    static let tolerance = Duration.seconds(3600)
    /// A clock that jumped further is believed if it has not gone back after so long.
    static let patience = Duration.seconds(3600)

    private var believed: Moment?
    private var doubtingSince: Instant?

    /// Whether the clock is not believed at present.
    var isDoubting: Bool { self.doubtingSince != nil }

    /// Whether a time of day is believed; `now` is the time since the machine's start.
    ///
    /// The first one is: there is nothing to hold it against.
    mutating func trusts(_ wallTime: WallTime, at now: Instant) -> Bool {
        if let believed = self.believed, wallTime - believed.wallTime > (now - believed.instant) + Self.tolerance {
            let since = self.doubtingSince ?? now
            self.doubtingSince = since
            guard now - since >= Self.patience else { return false }
        }
        self.doubtingSince = nil
        self.believed = Moment(instant: now, wallTime: wallTime)
        return true
    }
}
