import Testing

@testable import ProxyCore

/// A pool with the words that its tests speak in.
enum KeyPoolFixture {
    static func label(_ text: String) throws -> KeyLabel { try #require(KeyLabel(text)) }
    static func provider(_ text: String) throws -> ProviderName { try #require(ProviderName(text)) }
    static func model(_ text: String) throws -> ModelName { try #require(ModelName(text)) }

    static func key(
        _ label: String, provider: String = "kimi", _ change: (inout Configuration.Key) throws -> Void = { _ in }
    ) throws -> Configuration.Key {
        var key = Configuration.Key(
            label: try Self.label(label), provider: try Self.provider(provider), secret: .store(id: label))
        try change(&key)
        return key
    }

    static func demand(
        _ provider: String = "kimi", model: String? = nil, session: String? = nil, pinned: String? = nil,
        excluded: [String] = []
    ) throws -> KeyDemand {
        KeyDemand(
            provider: try Self.provider(provider),
            model: try model.map(Self.model),
            pinned: try pinned.map(Self.label),
            session: session,
            excluded: try excluded.map(Self.label)
        )
    }
}

extension KeyPool {
    /// A pool of these keys of one provider.
    static func make(_ labels: [String], _ policy: Policy = Policy()) throws -> KeyPool {
        KeyPool(keys: try labels.map { try KeyPoolFixture.key($0) }, policy: policy)
    }

    /// The label of the chosen key, or `nil`.
    mutating func chosen(_ demand: KeyDemand, at now: Instant) -> String? {
        if case .chosen(let grant) = self.choose(demand, at: now) { grant.label.text } else { nil }
    }

    /// What an attempt with the key holds; of a key that is not there, what one would that once was.
    func grant(_ text: String) throws -> KeyGrant {
        let label = try KeyPoolFixture.label(text)
        return self.index(of: label).map { self.entries[$0].grant } ?? KeyGrant(label: label, holder: 0, generation: 0)
    }

    /// The shortage; `nil` if a key was chosen.
    mutating func shortage(choosing demand: KeyDemand, at now: Instant) -> KeyShortage? {
        if case .none(let shortage) = self.choose(demand, at: now) { shortage } else { nil }
    }

    /// The label of the chosen key, which there must be.
    mutating func take(_ demand: KeyDemand, at now: Instant) throws -> String {
        let label = self.chosen(demand, at: now)
        return try #require(label)
    }

    /// The shortage, which there must be.
    mutating func lack(_ demand: KeyDemand, at now: Instant) throws -> KeyShortage {
        let shortage = self.shortage(choosing: demand, at: now)
        return try #require(shortage)
    }

    /// Notes a failure of an attempt that began when it ended, unless told otherwise.
    @discardableResult
    mutating func fail(
        _ reason: ErrorClass, on label: String, model: String? = nil, hint: Duration? = nil,
        concerning scope: KeyFailureScope = .wholeKey, begun: Instant? = nil,
        at now: Instant
    ) throws -> KeyTransition? {
        self.record(
            .failed(reason, concerning: scope, hint: hint), on: try self.grant(label),
            model: try model.map(KeyPoolFixture.model), begun: begun ?? now, at: now)
    }

    /// The state of a key.
    func state(of label: String, at now: Instant) -> KeyState? {
        self.snapshots(at: now).first { $0.label.text == label }?.state
    }

    /// When a key is usable again.
    func usableAt(_ label: String, at now: Instant) -> Instant? {
        self.snapshots(at: now).first { $0.label.text == label }?.usableAt
    }

    /// Requests on a key.
    func inFlight(_ label: String) -> Int? {
        self.snapshots(at: .start).first { $0.label.text == label }?.inFlight
    }
}

extension Instant {
    /// Where the tests begin.
    static let start = Instant(nanoseconds: 1_000_000_000_000)

    /// So many seconds after the beginning.
    static func second(_ seconds: Double) -> Instant {
        .start + .nanoseconds(Int64(seconds * 1e9))
    }
}
