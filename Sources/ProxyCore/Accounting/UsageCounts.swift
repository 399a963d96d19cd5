/// How often keys and clients have been used, from the first start on: what requests leave behind when their rows are
/// gone.
///
/// Memory and disk count by the same function, so that they cannot disagree.
public struct UsageCounts: Sendable, Equatable {
    /// Whose use of a provider is counted.
    public struct KeyID: Sendable, Hashable {
        /// The key.
        public var label: KeyLabel
        /// The provider that it was sent to.
        public var provider: ProviderName

        /// Names a key at its provider.
        public init(label: KeyLabel, provider: ProviderName) {
            self.label = label
            self.provider = provider
        }
    }

    /// The use of one key.
    public struct Key: Sendable, Equatable {
        /// Requests by how the last attempt with this key ended: `ok` or a class of error.
        ///
        /// A request counts once for each key that it used (K-035). Never goes back.
        public var outcomes: [String: UInt64] = [:]
        /// Failed attempts by class, since a person last reset the key.
        public var errors: [ErrorClass: UInt64] = [:]
        /// When it last served a request.
        public var lastUsedAt: WallTime?

        /// A key that was never used.
        public init() {}

        /// Requests that it served.
        public var requests: UInt64 { self.outcomes.values.reduce(0, &+) }

        /// Counts a request that came at that time.
        fileprivate mutating func count(_ outcome: String, at time: WallTime) {
            self.outcomes[outcome, default: 0] += 1
            self.lastUsedAt = self.lastUsedAt.map { max($0, time) } ?? time
        }
    }

    /// The use by one client.
    public struct Client: Sendable, Equatable {
        /// Requests that it sent, refused ones included.
        public var requests: UInt64 = 0
        /// When it last sent one.
        public var lastSeenAt: WallTime?

        /// A client that was never seen.
        public init() {}

        /// Counts a request that came at that time.
        fileprivate mutating func count(at time: WallTime) {
            self.requests += 1
            self.lastSeenAt = self.lastSeenAt.map { max($0, time) } ?? time
        }
    }

    /// The use of each key.
    public var keys: [KeyID: Key] = [:]
    /// The use by each client.
    public var clients: [ClientName: Client] = [:]

    /// Nothing was used yet.
    public init() {}

    /// Counts a request that has ended.
    public mutating func add(_ record: RequestRecord) {
        for (id, attempt) in record.lastAttempts {
            self.keys[id, default: Key()].count(attempt.outcome, at: record.receivedAt)
        }
        for attempt in record.attempts {
            guard let errorClass = attempt.errorClass else { continue }
            let id = KeyID(label: attempt.key, provider: attempt.provider)
            self.keys[id, default: Key()].errors[errorClass, default: 0] += 1
        }
        if let client = record.client {
            self.clients[client, default: Client()].count(at: record.receivedAt)
        }
    }

    /// Forgets the errors of a key, as a reset does.
    public mutating func forgetErrors(of label: KeyLabel) {
        for id in self.keys.keys where id.label == label { self.keys[id]?.errors = [:] }
    }
}

extension RequestRecord.Attempt {
    /// How it ended, in the words of metrics: `ok` or the class of the error.
    public var outcome: String { self.errorClass?.rawValue ?? "ok" }
}

extension RequestRecord {
    /// The last attempt with each key that was used, in the order in which the keys were.
    public var lastAttempts: [(id: UsageCounts.KeyID, attempt: Attempt)] {
        var last: [(id: UsageCounts.KeyID, attempt: Attempt)] = []
        for attempt in self.attempts {
            let id = UsageCounts.KeyID(label: attempt.key, provider: attempt.provider)
            // A request is tried a few times at most.
            if let index = last.firstIndex(where: { $0.id == id }) {
                last[index].attempt = attempt
            } else {
                last.append((id, attempt))
            }
        }
        return last
    }
}
