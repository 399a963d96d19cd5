/// What a provider tells of the account behind a key, as far as it could be understood.
public struct UsageReport: Sendable, Equatable {
    /// The windows and limits that hold for the key, each under a name of its own; at most 16.
    public var windows: [UsageWindow]
    /// Packs that were bought on top of the plan, kept apart: a pack that is used up does not stop the plan.
    public var extra: UsageWindow?
    /// The level of the membership in the provider's words (`LEVEL_INTERMEDIATE`).
    public var membership: String?
    /// How many requests the account may run at once; there is no count of those that run.
    public var parallelLimit: Int?
    /// The account's e-mail, only from a member of that name and only if it is an address (K-036).
    public var email: String?

    /// Makes a report.
    public init(
        windows: [UsageWindow] = [], extra: UsageWindow? = nil, membership: String? = nil, parallelLimit: Int? = nil,
        email: String? = nil
    ) {
        self.windows = windows
        self.extra = extra
        self.membership = membership
        self.parallelLimit = parallelLimit
        self.email = email
    }

    /// How many windows a report holds at most; further ones are left out.
    static let maximumWindows = 16
    /// The longest answer that is understood.
    public static let maximumBytes = 1 << 20
}

/// What became of reading an answer about usage.
///
/// What is not understood says nothing about the key: it neither blocks nor unblocks it.
public enum UsageReading: Sendable, Equatable {
    /// Why an answer says nothing.
    public enum Fault: String, Error, Sendable, CaseIterable {
        /// It is longer than anything that is read.
        case tooLong = "too_long"
        /// It is no JSON.
        case notJSON = "not_json"
        /// It is JSON of another shape than any known one.
        case unknownShape = "unknown_shape"
        /// It has a known shape and tells of an error.
        case reportsError = "reports_error"
        /// It has a known shape and holds no number.
        case nothingKnown = "nothing_known"
    }

    /// It was understood, at least in part.
    case known(UsageReport)
    /// It was not.
    case unknown(Fault)

    /// Reads the body of an answer with status 200.
    ///
    /// - Parameters:
    ///   - body: The body; one of more than 1 MiB is unknown.
    ///   - endpoint: What was asked.
    ///   - now: The present time of day, for resets that are told relative to it.
    public init(_ body: some Collection<UInt8>, of endpoint: UsageEndpoint, at now: WallTime) {
        do throws(Fault) {
            guard body.count <= UsageReport.maximumBytes else { throw .tooLong }
            guard let value = JSONValue(parsing: Array(body)) else { throw .notJSON }
            guard let root = UsageObject(value) else { throw .unknownShape }
            let report =
                switch endpoint {
                case .kimiUsages: try KimiUsageReader(now: now).read(root)
                case .moonshotBalance: try BalanceReader.readMoonshot(root)
                case .deepSeekBalance: try BalanceReader.readDeepSeek(root)
                case .openRouterKey: try OpenRouterReader(now: now).readKey(root)
                case .openRouterCredits: try OpenRouterReader(now: now).readCredits(root)
                }
            self = .known(report)
        } catch {
            self = .unknown(error)
        }
    }

    /// What was understood; `nil` if nothing was.
    public var report: UsageReport? {
        if case .known(let report) = self { report } else { nil }
    }
}
