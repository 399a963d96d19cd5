/// One way to serve a request: a provider and the name of the model there.
public struct DispatchCandidate: Sendable, Hashable {
    /// The provider.
    public var provider: ProviderName
    /// The provider's name of the model; `nil` if the request has none.
    public var model: ModelName?
    /// Higher ones are tried first.
    public var priority: Int
    /// The share among those of the same priority, at least 1; where all are 1 they are tried in their order.
    public var weight: Int

    /// Makes a candidate.
    public init(provider: ProviderName, model: ModelName?, priority: Int = 0, weight: Int = 1) {
        self.provider = provider
        self.model = model
        self.priority = priority
        self.weight = weight
    }
}

/// What a caller's request may do, and what has become of its attempts so far.
///
/// The gateway keeps one for each request and shows it to the ``Dispatcher``, which alone changes it.
public struct RequestPlan: Sendable {
    /// The ways to serve it, best first; never changes.
    public let candidates: [DispatchCandidate]
    /// The key that the caller insists on.
    public let pinned: KeyLabel?
    /// The conversation that it belongs to.
    public let conversation: Conversation?
    /// The program that sent it, as far as it says so; for telling a refused program from an overload.
    public let agent: String?
    /// At most so many attempts in all.
    public let maxAttempts: Int
    /// No attempt starts later than this.
    public let deadline: Instant

    /// How many attempts have begun.
    public internal(set) var attempts = 0
    /// The attempt that is running, or whose answer is being passed on.
    public internal(set) var current: DispatchedAttempt?

    /// Tells requests apart; 0 until the first attempt is looked for.
    var number: UInt64 = 0
    /// The provider that served its conversation before, if it is bound to that.
    var home: ProviderName?
    /// The places of ``candidates`` in the order in which they are tried.
    var order: [Int] = []
    /// Keys that have refused it.
    var refusals: [Refusal] = []
    /// Keys that answered with words that mean an overload or a limit of the key.
    var doubtful: [Refusal] = []
    /// Keys that it was tried on, and is not again.
    var excluded: [KeyLabel] = []
    /// Providers that failed it; others come first.
    var troubled: Set<ProviderName> = []
    /// Providers that it is not tried at again: whatever the key is, they meet the same trouble.
    var unreachable: Set<ProviderName> = []
    /// Providers whose budget knows of it.
    var counted: Set<ProviderName> = []
    /// Attempts among them that were made because of something the caller did not send: they are not at its expense.
    var ownAttempts = 0
    /// Repeats at the same provider so far.
    var repeats = 0
    /// Whether one of its failures counted against a provider: only the first does.
    var hasCountedFailure = false
    /// Whether an attempt was repeated because its connection had died of age.
    var hasReplacedConnection = false
    /// Since when it is without an attempt.
    var idleSince: Instant?
    /// Whether the dispatcher was told how ``current`` ended, as far as its provider is concerned.
    var isSettled = true

    /// A key that refused it.
    struct Refusal: Sendable {
        let grant: KeyGrant
        let candidate: DispatchCandidate
        let failure: KeyFailure
        let begun: Instant
        /// Whether another key refused it likewise, so that the key was cleared.
        var isForgiven = false
    }

    /// Makes the plan of a request.
    ///
    /// - Parameters:
    ///   - candidates: The ways to serve it, best first; without any it cannot be served.
    ///   - pinned: The key that the caller insists on: no other one is taken, and it is not repeated.
    ///   - conversation: The conversation that it belongs to.
    ///   - agent: The program that sent it.
    ///   - maxAttempts: At least 1.
    ///   - deadline: No attempt starts later than this.
    public init(
        candidates: [DispatchCandidate], pinned: KeyLabel? = nil, conversation: Conversation? = nil,
        agent: String? = nil, maxAttempts: Int, deadline: Instant
    ) {
        self.candidates = candidates
        self.pinned = pinned
        self.conversation = conversation
        self.agent = agent
        self.maxAttempts = max(1, maxAttempts)
        self.deadline = deadline
    }

    /// Notes that ``current`` is sent with something else than what its key stands for by now, so that its end says nothing
    /// about the key.
    public mutating func markForeign() {
        self.current?.isGenuine = false
    }

    /// What the pool is asked for on behalf of a candidate.
    func demand(for candidate: DispatchCandidate) -> KeyDemand {
        var demand = KeyDemand(
            provider: candidate.provider, model: candidate.model, pinned: self.pinned,
            conversation: self.conversation, excluded: self.excluded)
        demand.request = self.number
        return demand
    }
}

/// An attempt that is to be made: it counts on its key until the ``Dispatcher`` is told how it ended.
public struct DispatchedAttempt: Sendable {
    /// The key.
    public internal(set) var grant: KeyGrant
    /// The place of its candidate in ``RequestPlan/candidates``.
    public let index: Int
    /// Its provider and model.
    public let candidate: DispatchCandidate
    /// Why this key, and why none of the others.
    public let reason: KeyChoiceReason
    /// How long the request waited for it.
    public internal(set) var waited: Duration
    /// When it began.
    public internal(set) var begun: Instant
    /// Whether it shows if a provider that failed works again.
    public let isProviderProbe: Bool
    /// Whether what it is sent with is what the key stands for; its end says nothing about the key otherwise.
    public var isGenuine = true
    /// Whether its conversation was served by this key before.
    var isOnOwnKey = false

    /// The same one, beginning now.
    func again(at now: Instant) -> DispatchedAttempt {
        var next = self
        next.waited = .zero
        next.begun = now
        return next
    }
}
