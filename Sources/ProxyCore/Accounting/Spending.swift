/// What was used within an hour, by whom and for what: what remains of requests when their rows are gone.
public struct Spending: Sendable, Equatable {
    /// Whom and what for.
    public struct ID: Sendable, Hashable {
        /// The full hour (UTC) in which the request came in.
        public var hour: WallTime
        /// The key.
        public var key: KeyLabel
        /// The provider that was asked.
        public var provider: ProviderName
        /// The model that answered, else the one that was asked for; `nil` if the request named none.
        public var model: ModelName?
        /// The client; `nil` for the daemon's own user.
        public var client: ClientName?
        /// The project; `nil` without one.
        public var project: String?
        /// The observed process; `nil` where it is not known.
        public var process: String?

        /// Names an hour's use of a key.
        public init(
            hour: WallTime, key: KeyLabel, provider: ProviderName, model: ModelName? = nil, client: ClientName? = nil,
            project: String? = nil, process: String? = nil
        ) {
            self.hour = hour
            self.key = key
            self.provider = provider
            self.model = model
            self.client = client
            self.project = project
            self.process = process
        }

        /// What is left where there are too many: ``SpendingTable/other`` for what callers name at will.
        public var folded: Spending.ID {
            var id = self
            id.model = self.model.flatMap { _ in ModelName(SpendingTable.other) }
            id.project = self.project.map { _ in SpendingTable.other }
            id.process = self.process.map { _ in SpendingTable.other }
            return id
        }
    }

    /// Requests, each counted where its last attempt was made.
    public var requests: UInt64 = 0
    /// Tokens of all attempts that told of any.
    public var tokens = TokenCounts()
    /// Pico-dollars of all attempts that have a price.
    public var picoDollars: Int64 = 0
    /// Attempts whose tokens have no price, so that ``picoDollars`` lacks them.
    public var unpriced: UInt64 = 0
    /// Attempts whose tokens were cut short or guessed, or are not known although a model answered.
    public var uncertain: UInt64 = 0

    /// Nothing was used.
    public init() {}

    /// Adds another; what does not fit stays at the largest number.
    public mutating func add(_ other: Spending) {
        self.requests &+= other.requests
        self.tokens.add(other.tokens)
        let (sum, overflow) = self.picoDollars.addingReportingOverflow(other.picoDollars)
        self.picoDollars = overflow ? .max : sum
        self.unpriced &+= other.unpriced
        self.uncertain &+= other.uncertain
    }
}

/// What was used, by hour and by whom, in a bounded table.
public struct SpendingTable: Sendable, Equatable {
    /// At most so many entries; beyond that what callers name at will is told as ``other``.
    public static let limit = 4_096
    /// Stands for models, projects and processes beyond the bound.
    public static let other = "other"

    /// The entries.
    public private(set) var entries: [Spending.ID: Spending] = [:]

    /// Nothing was used.
    public init() {}

    /// Whether there is nothing in it.
    public var isEmpty: Bool { self.entries.isEmpty }

    /// Counts a request that has ended; one that was never sent anywhere leaves nothing.
    public mutating func add(_ record: RequestRecord) {
        for (position, attempt) in record.attempts.enumerated() {
            var spending = Spending()
            if position == record.attempts.count - 1 { spending.requests = 1 }
            if let usage = attempt.usage { spending.tokens = usage.counts }
            switch attempt.usage?.quality ?? .none {
            case .reported: break
            case .partial, .estimated: spending.uncertain = 1
            // A model did its work, and nobody knows how much.
            case .none: spending.uncertain = attempt.errorClass == nil && attempt.model != nil ? 1 : 0
            }
            if let cost = attempt.cost {
                spending.picoDollars = cost.picoDollars ?? 0
                if cost.pricing == .unpriced { spending.unpriced = 1 }
            }
            guard spending != Spending() else { continue }
            self.add(spending, to: record.spendingID(of: attempt))
        }
    }

    /// Adds what another table holds.
    public mutating func merge(_ other: SpendingTable) {
        for (id, spending) in other.entries { self.add(spending, to: id) }
    }

    /// Adds to an entry, or makes it.
    public mutating func add(_ spending: Spending, to id: Spending.ID) {
        let isOver = self.entries[id] == nil && self.entries.count >= Self.limit
        self.entries[isOver ? id.folded : id, default: Spending()].add(spending)
    }
}

extension RequestRecord {
    /// Where what an attempt used is counted.
    public func spendingID(of attempt: Attempt) -> Spending.ID {
        Spending.ID(
            hour: self.receivedAt.startOfHour, key: attempt.key, provider: attempt.provider,
            model: attempt.usage?.model ?? attempt.model ?? self.model, client: self.client, project: self.project,
            process: self.caller?.process)
    }
}

extension WallTime {
    /// The beginning of its hour (UTC).
    public var startOfHour: WallTime {
        let hour: Int64 = 3_600_000_000
        let rest = self.microseconds % hour
        return WallTime(microseconds: self.microseconds - (rest < 0 ? rest + hour : rest))
    }
}
