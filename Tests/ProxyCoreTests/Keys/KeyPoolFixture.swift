import ProxyCore
import Testing

/// A pool with the words that its tests speak in.
enum KeyPoolFixture {
    /// No key was chosen where there must be one.
    struct NothingChosen: Error {}

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
            conversation: session.map { Conversation(id: $0) },
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
        if case .chosen(let grant, _) = self.choose(demand, at: now) { grant.label.text } else { nil }
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
        concerning scope: KeyFailureScope = .wholeKey, request: UInt64 = 1, begun: Instant? = nil,
        at now: Instant
    ) throws -> KeyTransition? {
        let changes = self.record(
            .failed(KeyFailure(reason, scope: scope, recovery: hint.map { .after($0) } ?? .unknown)),
            on: try self.present(label), request: request,
            model: try model.map(KeyPoolFixture.model), begun: begun ?? now, at: .at(now))
        return changes.last
    }

    /// Notes any failure of an attempt that began when it ended, unless told otherwise.
    @discardableResult
    mutating func fail(
        with failure: KeyFailure, on label: String, model: String? = nil, request: UInt64 = 1, begun: Instant? = nil,
        at now: Instant
    ) throws -> [KeyTransition] {
        self.record(
            .failed(failure), on: try self.present(label), request: request,
            model: try model.map(KeyPoolFixture.model), begun: begun ?? now, at: .at(now))
    }

    /// Notes a success of an attempt that began when it ended, unless told otherwise.
    @discardableResult
    mutating func succeed(
        on label: String, model: String? = nil, begun: Instant? = nil, at now: Instant
    ) throws -> KeyTransition? {
        self.record(
            .succeeded, on: try self.present(label), request: 1, model: try model.map(KeyPoolFixture.model),
            begun: begun ?? now, at: .at(now)
        ).last
    }

    /// Checks a key, from `begun` to `now`.
    @discardableResult
    mutating func check(
        _ label: String, _ result: KeyCheckResult, begun: Instant? = nil, at now: Instant
    ) throws -> [KeyTransition] {
        let grant = try self.present(label)
        let begins = self.beginCheck(grant, at: begun ?? now)
        #expect(begins)
        return self.endCheck(grant, result, at: .at(now))
    }

    /// The choice, which there must be.
    mutating func choice(_ demand: KeyDemand, at now: Instant) throws -> (grant: KeyGrant, reason: KeyChoiceReason) {
        let choice = self.choose(demand, at: now)
        guard case .chosen(let grant, let reason) = choice else {
            throw KeyPoolFixture.NothingChosen()
        }
        return (grant, reason)
    }

    /// Takes a request off a key as it is now.
    mutating func release(_ label: String) throws {
        self.release(try self.present(label))
    }

    /// The grant of a key as it is now; one that no key ever had if there is none.
    func present(_ label: String) throws -> KeyGrant {
        let label = try KeyPoolFixture.label(label)
        return self.grant(of: label) ?? KeyGrant(label: label, generation: 0)
    }

    /// A key as it stands.
    func snapshot(_ label: String, at now: Instant) throws -> KeySnapshot {
        try #require(self.snapshots(at: now).first { $0.label.text == label })
    }

    /// The key that the next ordinary request gets.
    func nextKey(_ provider: String = "kimi", at now: Instant = .start) throws -> String? {
        self.nextKey(of: try KeyPoolFixture.provider(provider), at: now)?.text
    }

    /// A person wants another key.
    @discardableResult
    mutating func rotate(
        _ label: String? = nil, of provider: String = "kimi", at now: Instant = .start
    ) throws -> KeyRotation {
        try self.rotate(
            to: try label.map(KeyPoolFixture.label), of: try KeyPoolFixture.provider(provider), at: now)
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

extension Moment {
    /// The moment of an instant, where both clocks go alike.
    static func at(_ now: Instant) -> Moment {
        Moment(instant: now, wallTime: WallTime(microseconds: 1_700_000_000_000_000) + (now - .start))
    }
}

extension WallTime {
    /// So many seconds after the beginning.
    static func second(_ seconds: Double) -> WallTime { Moment.at(.second(seconds)).wallTime }
}

extension Instant {
    /// Where the tests begin.
    static let start = Instant(nanoseconds: 1_000_000_000_000)

    /// So many seconds after the beginning.
    static func second(_ seconds: Double) -> Instant {
        .start + .nanoseconds(Int64(seconds * 1e9))
    }
}
