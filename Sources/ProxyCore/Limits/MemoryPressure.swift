/// Whether new work is refused because memory is short (L-009).
///
/// It begins with one reading above the threshold, for that is an average of ten seconds already, and ends when readings
/// have stayed well below it for some seconds, so that the work that is let in again does not bring it back at once.
/// A value: readings and the time are passed in.
public struct MemoryPressure: Sendable, Equatable {
    /// What was measured at one moment.
    public struct Reading: Sendable, Equatable {
        /// The share of the last ten seconds in which some task waited for memory, in percent, 0 to 100 (the kernel's
        /// `some avg10`); `nil` where it cannot be read.
        public var stalled: Double?
        /// The share of the control group's limit that is in use and cannot be taken back, from 0; `nil` without a limit.
        public var used: Double?

        /// Makes a reading.
        public init(stalled: Double? = nil, used: Double? = nil) {
            self.stalled = stalled
            self.used = used
        }
    }

    /// Why new work is refused.
    public enum Cause: String, Sendable {
        /// Tasks wait for memory.
        case stalled
        /// The control group is nearly full.
        case full
    }

    /// What a reading has changed.
    public enum Change: Sendable, Equatable {
        /// New work is refused from now on.
        case entered(Cause)
        /// It is not any more.
        case left
    }

    /// A control group counts as full above this share of its limit.
    public static let fullShare = 0.95
    /// It does not any more below this one.
    public static let easyShare = 0.9
    /// So long readings have to stay low before new work is let in again.
    public static let calm = Duration.seconds(5)
    /// Whoever is refused is told to stay away so long at most: nobody knows the memory of a minute from now.
    static let longestWait = Duration.seconds(60)
    // The kernel computes its averages anew so often,
    private static let decayStep = Duration.seconds(2)
    // and what it averaged over ten seconds becomes so much of itself by that when nobody waits any more (e^-2/10).
    private static let decay = 0.81873

    /// Why new work is refused; `nil` while it is not.
    public private(set) var cause: Cause?
    /// The last reading; `nil` before the first.
    public private(set) var reading: Reading?
    private var threshold: Double?
    private var calmSince: Instant?

    /// Nothing was measured yet.
    public init() {}

    /// Takes a reading; no `threshold` (in percent) refuses nothing.
    ///
    /// Returns what it changed. What cannot be read counts as low: nothing is refused because of a file that has gone.
    public mutating func note(_ reading: Reading, threshold: Double?, at now: Instant) -> Change? {
        self.reading = reading
        self.threshold = threshold
        guard let threshold else { return self.leave() }
        let (stalled, used) = (reading.stalled ?? 0, reading.used ?? 0)
        if stalled > threshold || used > Self.fullShare {
            self.calmSince = nil
            let former = self.cause
            self.cause = stalled > threshold ? .stalled : .full
            return former == nil ? self.cause.map(Change.entered) : nil
        }
        guard self.cause != nil else { return nil }
        guard stalled <= threshold / 2, used < Self.easyShare else {
            self.calmSince = nil
            return nil
        }
        guard let since = self.calmSince else {
            self.calmSince = now
            return nil
        }
        return now - since >= Self.calm ? self.leave() : nil
    }

    /// The whole seconds after which new work is let in again if nobody waits for memory any more; `nil` while it is let in.
    ///
    /// The average falls as the kernel lets it fall, then it has to stay low, then somebody has to look.
    public func retryAfter(at now: Instant) -> Int? {
        guard self.cause != nil else { return nil }
        var wait = Self.calm
        if let calmSince { wait = max(.zero, wait - max(.zero, now - calmSince)) }
        if var stalled = self.reading?.stalled, let threshold {
            while stalled > threshold / 2, wait < Self.longestWait {
                stalled *= Self.decay
                wait += Self.decayStep
            }
        }
        return Int((min(wait, Self.longestWait) + .seconds(1)).seconds.rounded(.up))
    }

    private mutating func leave() -> Change? {
        self.calmSince = nil
        defer { self.cause = nil }
        return self.cause == nil ? nil : .left
    }
}
