/// How a background job fares: what it did, what kept it from it, and when it goes on (T-012, A-009).
///
/// A value that somebody keeps behind a lock; nothing here reads a clock or waits.
public struct JobState: Sendable, Equatable {
    /// The pause after a first failure; it doubles with each further one.
    public static let firstPause = Duration.seconds(1)
    /// The longest pause: once its fault is gone, a job works again within a minute.
    public static let longestPause = Duration.seconds(30)
    /// So many failures one after the other are no hiccup any more, and a person is told.
    public static let telling: UInt64 = 3
    /// So much of an error is kept, in characters.
    public static let longestError = 256

    /// Which job it is.
    public let name: JobName
    /// When the last run began; `nil` before the first one.
    public private(set) var lastStart: WallTime?
    /// When a run last ended with success; `nil` before.
    public private(set) var lastSuccess: WallTime?
    /// What the last failure was, in a line without secrets; empty before the first one.
    ///
    /// It stays when the job works again.
    public private(set) var lastError = ""
    /// Failures since the last success.
    public private(set) var consecutiveFailures: UInt64 = 0
    /// All failures.
    public private(set) var failures: UInt64 = 0
    /// Runs that took longer than the time between two of them.
    public private(set) var overruns: UInt64 = 0
    /// Runs that were due and left out because the one before took too long, or the machine slept; they are made up by one.
    public private(set) var skipped: UInt64 = 0
    /// When the next run is due; `nil` for a job that waits for something to happen, or is off.
    public private(set) var nextRun: WallTime?
    /// How often it runs; `nil` for a job that waits for something to happen, or is off.
    public private(set) var interval: Duration?
    private var begun: Instant?
    /// When the next run is due, as ``nextRun``: the clock on the wall may be set.
    private var due: Instant?

    /// A job that did nothing yet.
    public init(_ name: JobName) {
        self.name = name
    }

    /// Whether a run is under way.
    public var isRunning: Bool { self.begun != nil }

    /// Whether a person should know of its failures.
    public var isFailing: Bool { self.consecutiveFailures >= Self.telling }

    /// The next run is due after a while; `every` is how often it runs when all is well.
    public mutating func plan(after wait: Duration?, every interval: Duration?, at now: Moment) {
        self.nextRun = wait.map { now.wallTime + $0 }
        self.due = wait.map { now.instant + $0 }
        self.interval = interval
    }

    /// A run begins.
    public mutating func begin(at now: Moment) {
        if let interval = self.interval, interval > .zero, let due = self.due, now.instant > due {
            self.skipped += UInt64(clamping: (now.instant - due).nanoseconds / interval.nanoseconds)
        }
        self.lastStart = now.wallTime
        (self.nextRun, self.due) = (nil, nil)
        self.begun = now.instant
    }

    /// The run has ended with success; without a run, something that belongs to it has.
    public mutating func succeed(at now: Moment) {
        self.end(at: now)
        self.lastSuccess = now.wallTime
        self.consecutiveFailures = 0
    }

    /// The run has failed, or the job itself has; returns how long to wait before it is begun again, unless its owner knows
    /// better.
    @discardableResult
    public mutating func fail(_ reason: String, at now: Moment) -> Duration {
        self.end(at: now)
        self.lastError = String(reason.prefix(Self.longestError))
        self.consecutiveFailures += 1
        self.failures += 1
        let doublings = min(self.consecutiveFailures - 1, 16)
        let pause = min(Self.firstPause * Int(1 << doublings), Self.longestPause)
        (self.nextRun, self.due) = (now.wallTime + pause, now.instant + pause)
        return pause
    }

    /// The run was given up, and says nothing.
    public mutating func abandon(at now: Moment) {
        self.end(at: now)
    }

    private mutating func end(at now: Moment) {
        if let begun = self.begun, let interval = self.interval, interval > .zero, now.instant - begun > interval {
            self.overruns += 1
        }
        self.begun = nil
    }
}
