public import ProxyCore

/// A request that nobody has made: what is known of it decides who would serve it.
public struct RouteQuestion: Sendable, Equatable {
    /// The model that it names.
    public var model: ModelName?
    /// The provider that its path names.
    public var provider: ProviderName?
    /// The key that it insists on.
    public var pinned: KeyLabel?
    /// The conversation that it belongs to, as `X-KMI-Session` names it.
    public var session: String?
    /// The client that sends it.
    public var client: ClientName?

    /// A request of which nothing is known.
    public init() {}
}

extension Gateway {
    /// Tells where a request would go now, and why nowhere else.
    ///
    /// Nothing changes, and no provider is asked: a model is looked up in the lists that are known. Throws the fault that
    /// the request would be refused with.
    public func explain(_ question: RouteQuestion) throws(ProxyFault) -> [CandidateExplanation] {
        let snapshot = self.snapshot
        let caller = Caller(client: question.client.flatMap { snapshot.clients[$0] })
        guard caller.mayUse(question.model) else {
            throw ProxyFault(.forbidden, message: "The client may not use this model.")
        }
        var candidates = try snapshot.candidates(for: question.model, at: question.provider) {
            self.catalogue.provider(listing: $0, among: snapshot.configuration.providers)
        }
        if let pinned = question.pinned, let own = self.dispatcher.provider(of: pinned) {
            candidates = try snapshot.candidates(
                candidates, keptTo: own, model: question.model, isProviderGiven: question.provider != nil)
        }
        let now = self.moment
        let plan = RequestPlan(
            candidates: candidates.map(DispatchCandidate.init), pinned: question.pinned,
            conversation: Conversation(session: question.session, body: nil),
            maxAttempts: snapshot.configuration.retry.maxAttempts, deadline: Instant(nanoseconds: .max))
        return self.dispatcher.read { $0.explain(plan, at: now) }
    }

    /// The models that a provider is known to serve; empty if its list was never asked for.
    public func knownModels(of provider: Configuration.Provider) -> [String] {
        self.catalogue.offers(of: [provider]).flatMap { $0.models.map(\.id) }
    }
}

extension DispatchCandidate {
    /// A candidate as the dispatcher knows it.
    init(_ candidate: RouteCandidate) {
        self.init(
            provider: candidate.provider.name, model: candidate.model, priority: candidate.priority,
            weight: candidate.weight)
    }
}
