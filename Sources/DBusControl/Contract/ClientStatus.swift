/// One client: the properties of `org.kmi.Proxy1.Client` (contract section 9).
public struct ClientStatus: Sendable, Equatable {
    /// The client's name.
    public var name = ""
    /// What its token is good for: `inference`, `metrics`, `priority:high`.
    public var scopes: [String] = []
    /// The models that it may ask for; empty for all.
    public var models: [String] = []
    /// The routes that it may call; empty for all.
    public var routes: [String] = []
    /// The projects that its requests count for; empty for all.
    public var projects: [String] = []
    /// What it is kept to.
    public var limits = KeyLimits()
    /// The project of its requests that name none; empty for none.
    public var project = ""
    /// Where the client comes from: `file` (the configuration) or `state` (made at run time).
    public var origin = ""
    /// When its token ends, in microseconds since the epoch; 0 for never.
    public var expiresAt: UInt64 = 0
    /// When it last sent a request, in microseconds since the epoch; 0 for never.
    public var lastSeenAt: UInt64 = 0
    /// Requests that it has sent, restarts included.
    public var requests: UInt64 = 0

    /// Makes the status of a client that nothing is known of.
    public init() {}
}
