/// A background job of the daemon: an element of the manager's property `Jobs`.
public struct JobStatus: Sendable, Equatable {
    /// Its name, as in the label `job` of the metrics: `backup`, `config_watch`, `memory`, `retention`, `secrets`, `usage`, ….
    public var name = ""
    /// Whether a run is under way.
    public var isRunning = false
    /// When the last run began, in microseconds since 1970-01-01T00:00:00Z; 0 before the first one.
    public var lastStart: UInt64 = 0
    /// When a run last ended with success, in microseconds since the epoch; 0 if none has.
    public var lastSuccess: UInt64 = 0
    /// What the last failure was, in a line; empty before the first one.
    ///
    /// It stays when the job works again.
    public var lastError = ""
    /// Failures since the last success.
    public var consecutiveFailures: UInt64 = 0
    /// All failures since the daemon started.
    public var failures: UInt64 = 0
    /// Runs that took longer than the time between two of them.
    public var overruns: UInt64 = 0
    /// Runs that were left out because the one before took too long, or the machine slept.
    public var skipped: UInt64 = 0
    /// When the next run is due, in microseconds since the epoch; 0 for a job that waits for something to happen, or is off.
    public var nextRun: UInt64 = 0

    /// A job of which nothing is known.
    public init() {}
}
