/// What became, or would become, of one key for one request: a row of `ExplainRoute` (contract section 9).
public struct ExplainRow: Sendable, Equatable {
    /// The provider.
    public var provider = ""
    /// The key's label; empty for a provider without keys.
    public var key = ""
    /// The model as this provider would be asked for it.
    public var model = ""
    /// Whether it is the key that is taken; of a past request, whether the attempt was made with it.
    public var isChosen = false
    /// Why it is taken: `turn`, `wanted`, `affinity`, `pinned`, `only`, `trial`, `moved`, `again`; empty if it is not.
    public var selection = ""
    /// Its state for the model, as in ``KeyStatus/state``; empty if it is not known, as of a past request.
    public var state = ""
    /// What keeps it from being taken: `state`, `model`, `in_flight`, `rate`, `tried`, `pin`, `priority`, `warn`, `trial`,
    /// `affinity`, `turn`, `provider`; empty if it is taken.
    public var obstacle = ""
    /// The class of the error behind its state; of an attempt of a past request, how that failed.
    public var reason = ""
    /// When it takes part again, or has room again, in microseconds since the epoch; 0 if it does now, or nobody can tell.
    public var usableAt: UInt64 = 0
    /// The breaker of its provider, as in ``ProviderStatus/breaker``; empty if it is not known.
    public var breaker = ""
    /// Which target of the model it belongs to, in the order in which they are tried, from 1; of a past request the number
    /// of the attempt.
    public var candidate: UInt32 = 0

    /// Makes a row that says nothing.
    public init() {}

    /// The rows of a request that has ended, from its attempts: the key of each of them, and those that were passed over.
    public static func trail(of request: RequestRow) -> [ExplainRow] {
        zip(UInt32(1)..., request.attempts).flatMap { number, attempt in
            var taken = ExplainRow()
            taken.provider = attempt.provider
            taken.key = attempt.key
            taken.model = request.model
            taken.isChosen = true
            taken.selection = attempt.selection
            taken.reason = attempt.errorClass
            taken.candidate = number
            let others = attempt.passedOver.sorted { $0.key < $1.key }.map { label, word in
                var row = ExplainRow()
                row.key = label
                row.model = request.model
                row.candidate = number
                if Self.keyStates.contains(word) {
                    (row.state, row.obstacle) = (word, "state")
                } else {
                    row.obstacle = word
                }
                // What was passed over for its provider's sake belongs to another one, which is not recorded.
                if word != "provider" { row.provider = attempt.provider }
                return row
            }
            return [taken] + others
        }
    }

    /// The states that keep a key from serving.
    private static let keyStates: Set<String> = [
        "cooling", "exhausted", "billing", "suspect", "invalid", "disabled",
    ]
}

/// What is known of a request whose way is to be explained.
public struct ExplainOptions: Sendable, Equatable {
    /// The key that the caller insists on.
    public var key: String?
    /// The conversation that it belongs to, as `X-KMI-Session` names it.
    public var session: String?
    /// The provider that the caller asks for (`/p/{provider}/…`).
    public var provider: String?
    /// The client that sends it.
    public var client: String?
    /// The id of a request that has ended: then that one is explained, and nothing else may be given.
    public var request: String?

    /// A request of which nothing but the model is known.
    public init() {}
}
