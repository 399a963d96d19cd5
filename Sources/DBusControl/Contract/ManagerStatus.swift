/// The daemon as a whole: the properties of `org.kmi.Proxy1.Manager` (contract section 9).
public struct ManagerStatus: Sendable, Equatable {
    /// The daemon's version; never changes while it runs.
    public var version = ""
    /// The commit that the daemon was built from; empty if the build was not told.
    public var commit = ""
    /// When the daemon was built, in microseconds since 1970-01-01T00:00:00Z; 0 if the build was not told.
    public var builtAt: UInt64 = 0
    /// `starting`, `running`, `degraded` or `draining`; treat what is unknown as `running`.
    public var state = ""
    /// What does not work as configured, one word each: `bus`, `storage`, …; empty when all does.
    public var degraded: [String] = []
    /// Where callers are served: `http://127.0.0.1:7878`, `unix:/run/user/1000/kmi/proxy.sock`, ….
    public var listeners: [String] = []
    /// `sticky`, `round-robin`, `most-remaining`, `least-in-flight` or `weighted`.
    public var rotationMode = ""
    /// The label of the key that the next request to the default provider takes; empty if none can be used.
    public var activeKey = ""
    /// Whether requests are answered without asking a provider.
    public var dryRun = false
    /// When the daemon started, in microseconds since 1970-01-01T00:00:00Z.
    public var startedAt: UInt64 = 0
    /// Keys that the daemon knows.
    public var keysTotal: UInt32 = 0
    /// Keys that can be used at the moment.
    public var keysUsable: UInt32 = 0
    /// Requests that are being served.
    public var requestsInFlight: UInt32 = 0
    /// When the first of the resting keys comes back, in microseconds since the epoch; 0 when none rests.
    public var nextUsableAt: UInt64 = 0
    /// What a person should know although all works, one `code: message` each; no reason to be `degraded`.
    public var warnings: [String] = []
    /// The background jobs, in the order of their names.
    public var jobs: [JobStatus] = []

    /// Makes the status of a daemon that nothing is known of.
    public init() {}
}
