import ProxyCore

/// A program that sends requests, in sessions of some with pauses between them.
struct FleetCaller {
    /// What a caller was told when it was refused: that it may come back then.
    struct Promise {
        /// When it was told.
        let made: Int64
        /// The key that was to be usable by then; `nil` if a provider was to be.
        let key: Int?
        /// Whether its end depends on a check of the daemon.
        let isChecked: Bool
    }

    let candidates: [DispatchCandidate]
    let model: Int
    let pinned: KeyLabel?
    let hasConversations: Bool

    // The session.
    var requestsLeft = 0
    var conversation: Conversation?
    var patience = 0
    var promise: Promise?

    // The request.
    /// Tells the events of the present step from those of earlier ones.
    var serial: UInt64 = 0
    var plan: RequestPlan?
    var attempts = 0
    var deadline: Int64 = 0
    /// The key that it runs on.
    var key: Int?
    /// How its attempt is going to fail; `nil` if it does not.
    var failure: AttemptEnd?
    var endsAt: Int64 = 0
    var lastFailure: (end: AttemptEnd, key: Int)?
    /// Keys that failed it: none is tried twice.
    var triedOn: [Int] = []
    /// Those of them that their provider did not know.
    var unknownTo: [Int] = []
    /// Providers that were asked.
    var providers: [Int] = []
    /// Providers that failed it.
    var failedBy: [Int] = []

    /// What became of its request so far, in a few words.
    var story: String {
        let last = self.lastFailure.map { "\($0.end.errorClass.rawValue), \($0.end.status ?? 0)" } ?? "nothing"
        return "\(self.attempts) attempts (\(last))"
    }

    mutating func beginRequest(deadline: Int64) {
        (self.attempts, self.deadline) = (0, deadline)
        (self.key, self.failure, self.lastFailure) = (nil, nil, nil)
        (self.triedOn, self.unknownTo, self.providers, self.failedBy) = ([], [], [], [])
    }

    /// Two hundred of them: some may go anywhere, some only to one provider, a few insist on a key.
    static func all(_ count: Int, in world: FleetWorld) -> [FleetCaller] {
        (0..<count).map { number in
            let model = number / 4 % 2
            func candidate(_ provider: Int, priority: Int = 0, weight: Int = 1) -> DispatchCandidate {
                DispatchCandidate(
                    provider: world.providers[provider].name, model: world.modelNames[model], priority: priority,
                    weight: weight)
            }
            let candidates: [DispatchCandidate] =
                switch number % 4 {
                case 0: [candidate(0, priority: 2), candidate(1, priority: 1), candidate(2)]
                case 1: [candidate(0)]
                case 2: [candidate(1, weight: 2), candidate(2)]
                default: [candidate(2)]
                }
            return FleetCaller(
                candidates: candidates, model: model, pinned: number % 68 == 1 ? world.keys[number % 8].label : nil,
                hasConversations: number % 3 == 0)
        }
    }
}
