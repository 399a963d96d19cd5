/// What a person may say about a client that is made.
public struct ClientOptions: Sendable, Equatable {
    /// What the token is good for; empty for `inference`.
    public var scopes: [String] = []
    /// The models that it may ask for; empty for all.
    public var models: [String] = []
    /// The routes that it may call, as paths, with `/*` at the end all below one; empty for all.
    public var routes: [String] = []
    /// The projects that its requests count for; empty for all.
    public var projects: [String] = []
    /// What it is kept to.
    public var limits = KeyLimits()
    /// When the token ends, in microseconds since the epoch; 0 for never.
    public var expiresAt: UInt64 = 0

    /// The project of its requests that name none; empty for none.
    public var project = ""

    /// A client for all models that never ends.
    public init() {}
}
