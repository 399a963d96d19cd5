import ProxyCore
import Testing

/// A dispatcher with a clock that is moved by hand.
struct DispatchFixture {
    var dispatcher: Dispatcher
    var now = Moment(
        instant: Instant(nanoseconds: 1_000_000_000_000),
        wallTime: WallTime(microseconds: 1_790_000_000_000_000))
    let retry: Configuration.Retry

    init(
        _ keys: [(String, String)], seed: UInt64 = 1,
        _ change: (inout Dispatcher.Policy) -> Void = { _ in }
    ) throws {
        var policy = Dispatcher.Policy()
        change(&policy)
        self.retry = policy.retry
        self.dispatcher = Dispatcher(
            keys: try keys.map { try KeyPoolFixture.key($0.0, provider: $0.1) }, policy: policy, seed: seed)
    }

    /// The plan of a request that may go to these providers, in this order.
    func plan(
        _ providers: String..., model: String? = nil, pinned: String? = nil, conversation: Conversation? = nil,
        agent: String? = nil, weights: [Int] = []
    ) throws -> RequestPlan {
        RequestPlan(
            candidates: try providers.enumerated().map { place, name in
                DispatchCandidate(
                    provider: try KeyPoolFixture.provider(name), model: try model.map(KeyPoolFixture.model),
                    weight: weights.isEmpty ? 1 : weights[place])
            },
            pinned: try pinned.map(KeyPoolFixture.label), conversation: conversation, agent: agent,
            maxAttempts: self.retry.maxAttempts,
            deadline: self.retry.deadline.map { self.now.instant + $0 } ?? Instant(nanoseconds: .max))
    }

    mutating func pass(_ duration: Duration) {
        self.now = Moment(instant: self.now.instant + duration, wallTime: self.now.wallTime + duration)
    }

    mutating func begin(_ plan: inout RequestPlan) -> DispatchStep {
        self.dispatcher.begin(&plan, at: self.now)
    }

    mutating func resume(_ plan: inout RequestPlan) -> DispatchStep {
        self.dispatcher.resume(&plan, at: self.now)
    }

    mutating func fail(_ plan: inout RequestPlan, _ end: AttemptEnd) -> DispatchStep {
        self.dispatcher.failed(end, of: &plan, at: self.now)
    }

    /// Serves the request to its end.
    mutating func succeed(_ plan: inout RequestPlan) {
        self.dispatcher.answered(&plan, at: self.now)
        self.dispatcher.close(&plan, at: self.now)
    }

    func state(of label: String) throws -> KeyState {
        try #require(self.dispatcher.pool.snapshots(at: self.now.instant).first { $0.label.text == label }).state
    }

    func breaker(of provider: String) throws -> Breaker.State {
        self.dispatcher.standing(of: try KeyPoolFixture.provider(provider), at: self.now.instant).breaker
    }
}

extension AttemptEnd {
    /// A refusal of the key.
    static func key(_ errorClass: ErrorClass, status: Int) -> AttemptEnd {
        AttemptEnd(errorClass: errorClass, blame: .key, status: status)
    }

    /// A failure of the provider.
    static func provider(_ errorClass: ErrorClass = .providerServerError, status: Int? = 500) -> AttemptEnd {
        AttemptEnd(errorClass: errorClass, blame: .provider, status: status)
    }

    static let rejected = AttemptEnd(errorClass: .providerRejected, blame: .request, status: 400)

    /// Kimi's words for an overload, which also mean a limit of the key.
    static let ambiguous = AttemptEnd(
        errorClass: .providerOverloaded, blame: .provider,
        classification: AnswerClassification(
            errorClass: .providerOverloaded, blame: .provider, isAmbiguous: true, decidedBy: "kimi.overloaded"),
        status: 429)
}

extension DispatchStep {
    /// The key of the attempt; `nil` if there is none.
    var key: String? {
        if case .attempt(let attempt) = self { attempt.grant.label.text } else { nil }
    }

    /// Until when to wait; `nil` if that is not what is to be done.
    var until: Instant? {
        if case .wait(let until) = self { until } else { nil }
    }

    /// Why it gives up; `nil` if it does not.
    var refusal: DispatchRefusal? {
        if case .giveUp(let refusal) = self { refusal } else { nil }
    }
}
