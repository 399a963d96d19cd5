/// The present time on both clocks: decisions about intervals go by ``instant``, times that a provider announced by
/// ``wallTime``.
public struct Moment: Sendable, Hashable {
    /// On the clock that never jumps.
    public var instant: Instant
    /// The time of day.
    public var wallTime: WallTime

    /// Makes a moment.
    public init(instant: Instant, wallTime: WallTime) {
        self.instant = instant
        self.wallTime = wallTime
    }
}
