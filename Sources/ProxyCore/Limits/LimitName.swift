/// The limits that a request can meet at the door; the raw values are those of metrics and log.
public enum LimitName: String, Sendable, Hashable, CaseIterable {
    /// Requests per second of a caller.
    case clientPerSecond = "client_rps"
    /// Requests per minute of a caller.
    case clientPerMinute = "client_rpm"
    /// Tokens per minute of a caller.
    case clientTokens = "client_tpm"
    /// Requests of a caller at once.
    case clientInFlight = "client_in_flight"
    /// Requests per second of an address.
    case addressPerSecond = "address_rps"
    /// Requests per minute of an address.
    case addressPerMinute = "address_rpm"
    /// Tokens per minute of an address.
    case addressTokens = "address_tpm"
    /// Requests of an address at once.
    case addressInFlight = "address_in_flight"
    /// Requests per second over all callers.
    case globalPerSecond = "global_rps"
    /// Requests per minute over all callers.
    case globalPerMinute = "global_rpm"
    /// Tokens per minute over all callers.
    case globalTokens = "global_tpm"
    /// As many wait as may.
    case queueFull = "queue_full"
    /// A caller had more than its share of a full queue, and another one came.
    case queueShare = "queue_share"
    /// It was waited for a place as long as it may be.
    case queueTimeout = "queue_timeout"

    /// The code of the refusal: a limit of the caller's own is 429, a lack of places 503 (contract section 5).
    public var code: ProxyErrorCode {
        switch self {
        case .queueFull, .queueShare, .queueTimeout: .overloaded
        default: .rateLimited
        }
    }

    /// What the caller reads.
    public var message: String {
        switch self {
        case .clientPerSecond: "This client has sent as many requests in a second as it may."
        case .clientPerMinute: "This client has sent as many requests in a minute as it may."
        case .clientTokens: "This client has used as many tokens in a minute as it may."
        case .clientInFlight: "This client has as many requests under way and waiting as it may."
        case .addressPerSecond: "This address has sent as many requests in a second as it may."
        case .addressPerMinute: "This address has sent as many requests in a minute as it may."
        case .addressTokens: "This address has used as many tokens in a minute as it may."
        case .addressInFlight: "This address has as many requests under way and waiting as it may."
        case .globalPerSecond: "The proxy takes no more requests in this second."
        case .globalPerMinute: "The proxy takes no more requests in this minute."
        case .globalTokens: "The proxy has used as many tokens in this minute as it may."
        case .queueFull, .queueShare: "Too many requests wait already."
        case .queueTimeout: "The request waited too long for its turn."
        }
    }
}

/// A request that is not let in.
public struct LimitRefusal: Sendable, Equatable {
    /// What it ran into.
    public var limit: LimitName
    /// When to come again, in whole seconds from now, at least 1.
    public var retryAfter: Int
    /// Whether the log is to be told: once in a minute for each caller.
    public var isNews: Bool

    /// Describes a refusal.
    public init(_ limit: LimitName, retryAfter: Int, isNews: Bool = false) {
        self.limit = limit
        self.retryAfter = retryAfter
        self.isNews = isNews
    }

    /// The answer to the caller.
    public var fault: ProxyFault {
        ProxyFault(self.limit.code, message: self.limit.message, retryAfter: self.retryAfter)
    }
}
