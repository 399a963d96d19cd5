public import ProxyCore

/// Which requests are asked for; what is `nil` does not matter.
public struct RequestQuery: Sendable, Equatable {
    /// At most so many, 1 to 1,000.
    public var limit = 100
    /// Where the page before ended; empty for the newest requests.
    public var cursor = ""
    /// Not received before.
    public var since: WallTime?
    /// Received before.
    public var until: WallTime?
    /// With this key in any attempt.
    public var key: KeyLabel?
    /// Answered by this provider.
    public var provider: ProviderName?
    /// Of this client.
    public var client: ClientName?
    /// With this HTTP status.
    public var status: Int?
    /// With this class of error.
    public var errorClass: ErrorClass?

    /// Asks for the newest hundred.
    public init() {}
}
