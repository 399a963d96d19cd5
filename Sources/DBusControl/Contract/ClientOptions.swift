/// What a person may say about a client that is made.
public struct ClientOptions: Sendable, Equatable {
    /// What the token is good for; empty for `inference`.
    public var scopes: [String] = []
    /// The models that it may ask for; empty for all.
    public var models: [String] = []
    /// When the token ends, in microseconds since the epoch; 0 for never.
    public var expiresAt: UInt64 = 0

    /// The project of its requests that name none; empty for none.
    public var project = ""

    /// A client for all models that never ends.
    public init() {}
}
