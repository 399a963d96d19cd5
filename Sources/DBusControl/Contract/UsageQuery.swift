/// What sums of usage are grouped by.
public enum UsageAxis: String, Sendable, Hashable, CaseIterable {
    /// The key.
    case key
    /// The provider that was asked.
    case provider
    /// The model that answered.
    case model
    /// The client.
    case client
    /// The project.
    case project
    /// The observed process.
    case process
    /// The day in the daemon's time zone.
    case day
    /// The hour (UTC).
    case hour
}

/// Which usage is asked for, and how it is summed up.
public struct UsageQuery: Sendable, Equatable {
    /// What the sums are grouped by, each once; nothing for one sum of all.
    public var by: [UsageAxis] = []
    /// Received in this hour (UTC) or later, any moment of it in microseconds since the epoch.
    public var since: UInt64?
    /// Received before, in microseconds since the epoch; the hour (UTC) that it lies in counts as a whole.
    public var until: UInt64?
    /// With this key.
    public var key: String?
    /// Of this provider.
    public var provider: String?
    /// Answered by this model.
    public var model: String?
    /// Of this client.
    public var client: String?
    /// Of this project.
    public var project: String?
    /// Sent by a process of this name.
    public var process: String?

    /// Asks for the sum of everything.
    public init() {}

    /// The beginning of the hour (UTC) that a moment lies in, as ``since`` counts; both in microseconds since the epoch.
    public static func hour(of moment: UInt64) -> UInt64 { moment - moment % Self.microsecondsOfHour }

    /// The end of the hour (UTC) that a moment lies in, as ``until`` counts; the moment itself if it is a full hour.
    public static func endOfHour(of moment: UInt64) -> UInt64 {
        let begin = Self.hour(of: moment)
        guard begin < moment else { return moment }
        let (end, overflow) = begin.addingReportingOverflow(Self.microsecondsOfHour)
        return overflow ? .max : end
    }

    /// What a refusal says whose rows one message cannot carry; shorter times may have fewer.
    static let tooManyRows = "rows are too many"

    private static let microsecondsOfHour: UInt64 = 3_600_000_000
}

/// What was used by those that the names name: a row of `GetUsage`.
public struct UsageRow: Sendable, Equatable {
    /// The key's label; `nil` where rows are not grouped by it, as in what follows.
    public var key: String?
    /// The provider.
    public var provider: String?
    /// The model; empty if the requests named none.
    public var model: String?
    /// The client; empty for the daemon's own user.
    public var client: String?
    /// The project; empty without one.
    public var project: String?
    /// The observed process; empty if it is not known.
    public var process: String?
    /// The day in the daemon's time zone, `YYYY-MM-DD`.
    public var day: String?
    /// The beginning of the hour, in microseconds since the epoch.
    public var hour: UInt64?
    /// Requests, each counted where its last attempt was made.
    public var requests: UInt64 = 0
    /// Tokens by class: `input`, `cache_read`, `cache_write`, `output`, `reasoning`.
    public var tokens: [String: UInt64] = [:]
    /// What that cost as far as it is known, in pico-dollars; `nil` where nothing is known, since no token has a price.
    public var cost: Int64?
    /// Attempts whose tokens have no price, so that ``cost`` lacks them.
    public var unpriced: UInt64 = 0
    /// Attempts whose tokens were cut short or guessed, or are not known although a model answered.
    public var uncertain: UInt64 = 0

    /// Nothing was used, and what that cost is not known.
    public init() {}

    /// What is told of a sum of costs: nothing where it is 0 because tokens lack a price.
    ///
    /// A plan, or one's own machine, really costs 0.
    public static func cost(_ sum: Int64, unpriced: UInt64) -> Int64? { sum == 0 && unpriced > 0 ? nil : sum }

    /// Adds another row; what does not fit stays at the largest number.
    public mutating func add(_ other: UsageRow) {
        self.requests = Self.sum(self.requests, other.requests)
        self.tokens.merge(other.tokens, uniquingKeysWith: Self.sum)
        self.unpriced = Self.sum(self.unpriced, other.unpriced)
        self.uncertain = Self.sum(self.uncertain, other.uncertain)
        let (cost, overflow) = (self.cost ?? 0).addingReportingOverflow(other.cost ?? 0)
        self.cost = Self.cost(overflow ? .max : cost, unpriced: self.unpriced)
    }

    private static func sum(_ first: UInt64, _ second: UInt64) -> UInt64 {
        let (sum, overflow) = first.addingReportingOverflow(second)
        return overflow ? .max : sum
    }

    /// The name that the row has on an axis, `nil` where it is not grouped by it or the axis is the hour, which has
    /// ``hour``.
    public subscript(axis: UsageAxis) -> String? {
        get {
            switch axis {
            case .key: self.key
            case .provider: self.provider
            case .model: self.model
            case .client: self.client
            case .project: self.project
            case .process: self.process
            case .day: self.day
            case .hour: nil
            }
        }
        set {
            switch axis {
            case .key: self.key = newValue
            case .provider: self.provider = newValue
            case .model: self.model = newValue
            case .client: self.client = newValue
            case .project: self.project = newValue
            case .process: self.process = newValue
            case .day: self.day = newValue
            case .hour: break
            }
        }
    }
}
