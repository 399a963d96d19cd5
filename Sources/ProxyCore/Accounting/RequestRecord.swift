/// What is known of a request when it has ended: the one value that metrics, log, store and control surface are told.
///
/// Every request leaves exactly one. It holds no query and no credential, and of bodies
/// only what a person asked to be captured.
public struct RequestRecord: Sendable, Equatable {
    /// How the answer ended.
    public enum Outcome: String, Sendable, CaseIterable {
        /// The caller has all of it.
        case complete
        /// It broke off on the provider's side.
        case cut
        /// The caller went away.
        case left
        /// A time limit ended it.
        case timedOut = "timed_out"
        /// The proxy answered by itself, before any attempt.
        case refused
    }

    /// One attempt with one key.
    public struct Attempt: Sendable, Equatable {
        /// The key.
        public var key: KeyLabel
        /// The provider that was asked.
        public var provider: ProviderName
        /// The provider's name of the model that was asked for; `nil` if the request names none.
        public var model: ModelName?
        /// The class of the error; `nil` if it succeeded.
        public var errorClass: ErrorClass?
        /// The provider's HTTP status; `nil` if it gave none.
        public var status: Int?
        /// How long it took.
        public var duration: Duration
        /// What it took, as far as the answer told; `nil` if there was no answer that could tell.
        public var usage: TokenUsage?
        /// What that cost; `nil` where nothing is known of its usage.
        public var cost: Cost?
        /// Why it was made with this key; `nil` if that is not known.
        public var selection: KeySelection?
        /// Whether it failed after the request was sent, so that the provider may charge for it.
        public var isPossiblyBilled = false
        /// What told the class of its error: the name of a rule, or `status`; `nil` without an answer of the provider.
        public var decidedBy: String?
        /// How long the request waited for it.
        public var waited = Duration.zero
        /// Why it was none of the other keys, at most 16 of them.
        public var passedOver: [PassedOver] = []

        /// Makes an attempt.
        public init(
            key: KeyLabel, provider: ProviderName, errorClass: ErrorClass? = nil, status: Int? = nil,
            duration: Duration = .zero
        ) {
            self.key = key
            self.provider = provider
            self.errorClass = errorClass
            self.status = status
            self.duration = duration
        }
    }

    /// The request's id; one that a caller chose may occur again.
    public var id: String
    /// When its head had been read.
    public var receivedAt: WallTime
    /// The client whose token it showed; `nil` for the daemon's own user, and for a caller that was not authorised.
    public var client: ClientName?
    /// What it is accounted under.
    public var project: String?
    /// The dialect that it was answered in.
    public var dialect: Dialect
    /// The model as the caller named it.
    public var model: ModelName?
    /// The provider that answered, or was asked last.
    public var provider: ProviderName?
    /// The key that was used last.
    public var key: KeyLabel?
    /// The HTTP status that was sent; 0 if the caller left before.
    public var status = 0
    /// The class of the error; `nil` if there was none.
    public var errorClass: ErrorClass?
    /// Whether the answer was a stream of events.
    public var isStream = false
    /// How the answer ended.
    public var outcome = Outcome.complete
    /// From its head to the end of its answer.
    public var duration = Duration.zero
    /// From its head to the first byte of the answer; `nil` if there was none.
    public var firstByte: Duration?
    /// The attempts in their order.
    public var attempts: [Attempt] = []
    /// Who sent it, as far as the kernel showed; `nil` if it was not looked at.
    public var caller: ObservedCaller?
    /// The bodies, where they are to be kept.
    public var bodies: CapturedBodies?

    /// Begins the record of a request.
    public init(id: String, receivedAt: WallTime, dialect: Dialect) {
        self.id = id
        self.receivedAt = receivedAt
        self.dialect = dialect
    }

    /// The tokens of all attempts; `nil` if none told of any.
    public var tokens: TokenCounts? {
        var sum: TokenCounts?
        for attempt in self.attempts {
            guard let usage = attempt.usage, usage.quality != .none else { continue }
            sum = sum ?? TokenCounts()
            sum?.add(usage.counts)
        }
        return sum
    }

    /// What all attempts cost, in pico-dollars; `nil` if one of them has no price, or none told of its usage.
    public var picoDollars: Int64? {
        let costs = self.attempts.compactMap(\.cost)
        guard !costs.isEmpty else { return nil }
        var sum: Int64 = 0
        for cost in costs {
            guard let part = cost.picoDollars else { return nil }
            let (next, overflow) = sum.addingReportingOverflow(part)
            sum = overflow ? .max : next
        }
        return sum
    }

    /// The model that answered, in the provider's words; `nil` if none did.
    public var usedModel: ModelName? { self.attempts.last.flatMap { $0.usage?.model ?? $0.model } }

    /// How far the tokens can be trusted: as far as those of the attempt that is trusted least.
    public var quality: TokenUsage.Quality {
        let qualities = self.attempts.compactMap(\.usage?.quality).filter { $0 != .none }
        return [.estimated, .partial, .reported].first(where: qualities.contains) ?? .none
    }
}
