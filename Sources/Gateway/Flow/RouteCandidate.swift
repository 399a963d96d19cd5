import NIOCore
import ProxyCore

/// A route that leads to a provider, with all that is needed to make an upstream target of it.
struct ForwardRoute {
    let route: Route
    let target: RequestTarget
    /// The provider that the path names; `nil` where the model decides.
    let provider: ProviderName?
    /// The model that stands in the path (Gemini's native methods).
    let pathModel: ModelName?
}

/// One way to serve a request: a provider and the name of the model there.
struct RouteCandidate {
    let provider: Configuration.Provider
    /// The provider's name of the model; `nil` if the request has none.
    let model: ModelName?
    /// Whether ``model`` takes the place of an alias in the request's body.
    let isAlias: Bool
    /// Higher ones are tried first.
    var priority = 0
    /// The share among those of the same priority, at least 1.
    var weight = 1

    /// Where the route leads at this provider; `nil` if the provider has no address for it.
    func place(of route: ForwardRoute) -> UpstreamPlace? {
        self.provider.place { TargetJoining.join(route.route, query: route.target, bases: $0) }
    }
}

/// An address at a provider.
struct UpstreamPlace {
    let origin: UpstreamOrigin
    let joined: TargetJoining.Joined
}

extension Configuration.Provider {
    /// The address that a path leads to, put behind the base that it belongs to; `nil` if there is none.
    func place(_ join: (BasePaths) -> TargetJoining.Joined?) -> UpstreamPlace? {
        // A provider with one address for both dialects has it in whichever place its kind says.
        guard let general = self.openAIBase ?? self.anthropicBase else { return nil }
        let anthropic = self.anthropicBase ?? general
        let bases = BasePaths(
            general: general.path, anthropic: anthropic.path, isAnthropicOnly: self.openAIBase == nil)
        return join(bases).map { joined in
            UpstreamPlace(origin: joined.usesAnthropicBase ? anthropic.origin : general.origin, joined: joined)
        }
    }
}

extension GatewaySnapshot {
    /// The ways to serve a request.
    ///
    /// A path that names a provider leaves no choice; an alias leads to its targets, by priority; another model to the
    /// provider that lists it, else to the default one.
    func candidates(
        for model: ModelName?, at named: ProviderName?, listedBy: (ModelName) -> ProviderName?
    ) throws(ProxyFault) -> [RouteCandidate] {
        let alias = model.flatMap { self.aliases[$0] }
        if let name = named {
            guard let provider = self.providers[name] else { throw ProxyFault(.notFound) }
            if let target = alias?.targets.first(where: { $0.provider == name }) {
                return [RouteCandidate(provider: provider, model: target.model, isAlias: true)]
            }
            return [RouteCandidate(provider: provider, model: model, isAlias: false)]
        }
        if let alias {
            // The sort is stable over the pairs of priority and place: equals keep the order of the file.
            let targets = alias.targets.enumerated().sorted {
                ($1.element.priority, $0.offset) < ($0.element.priority, $1.offset)
            }
            return targets.map(\.element).compactMap { target in
                self.providers[target.provider].map {
                    RouteCandidate(
                        provider: $0, model: target.model, isAlias: true, priority: target.priority,
                        weight: target.weight)
                }
            }
        }
        let listing = model.flatMap(listedBy).flatMap { self.providers[$0] }
        guard let provider = listing ?? self.configuration.defaultProvider else {
            throw ProxyFault(
                .noUsableKey, message: "No provider and no key is configured.", shouldRetry: false, keys: [])
        }
        return [RouteCandidate(provider: provider, model: model, isAlias: false)]
    }

    /// Those of the candidates that are left to a caller who insists on a key, and has so chosen its provider too.
    func candidates(
        _ candidates: [RouteCandidate], keptTo name: ProviderName, model: ModelName?, isProviderGiven: Bool
    ) throws(ProxyFault) -> [RouteCandidate] {
        guard let provider = self.providers[name] else {
            throw ProxyFault(.invalidRequest, message: "X-KMI-Key names no key.")
        }
        let ofProvider = candidates.filter { $0.provider.name == name }
        guard ofProvider.isEmpty else { return ofProvider }
        guard !isProviderGiven else {
            throw ProxyFault(.invalidRequest, message: "The key of X-KMI-Key belongs to another provider.")
        }
        return [RouteCandidate(provider: provider, model: model, isAlias: false)]
    }
}
