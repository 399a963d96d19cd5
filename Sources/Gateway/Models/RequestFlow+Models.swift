import Logging
import NIOCore
import ProxyCore

extension RequestFlow {
    /// Answers `GET /v1/models` and `/v1/models/{id}`: the aliases, and what the providers with a usable key list.
    func list(_ request: Route.ModelsRequest) {
        self.phase = .listing
        self.loadModels { self.answerList(request) }
    }

    private func answerList(_ request: Route.ModelsRequest) {
        guard !self.hasAnswered else { return }
        let providers = self.snapshot.listedProviders(having: self.gateway.dispatcher, at: self.gateway.time.now())
        let catalogue = ModelCatalogue(
            aliases: self.snapshot.configuration.models.map(\.name.text),
            offers: self.gateway.catalogue.offers(of: providers)
        ).filtered(by: self.caller?.client?.models.map(\.text) ?? [])
        let json: [UInt8]
        switch request {
        case .list:
            json = catalogue.renderList(in: self.dialect)
        case .entry(let id):
            guard let entry = catalogue[id] else {
                return self.refuse(ProxyFault(.notFound, message: "There is no such model."))
            }
            json = entry.render(in: self.dialect)
        }
        self.spendNonce()
        self.answer(
            RefusalAnswer(
                head: ResponseHead(status: 200, headers: ["Content-Type": "application/json"]),
                body: ByteBuffer(bytes: json)
            )
        )
    }

    /// Whether a model can only be routed once the lists of the providers are known.
    func needsLists(for model: ModelName) -> Bool {
        guard self.route?.provider == nil, self.snapshot.aliases[model] == nil else { return false }
        // With one provider there is nothing to choose.
        return self.snapshot.configuration.providers.count > 1 && !self.outdatedProviders.isEmpty
    }

    private var outdatedProviders: [Configuration.Provider] {
        guard !self.snapshot.configuration.server.dryRun else { return [] }
        let now = self.gateway.time.now()
        // Asked first, because it costs next to nothing and nearly always ends the question: it is one of each request's.
        let outdated = self.gateway.catalogue.outdated(among: self.snapshot.configuration.providers, at: now)
        guard !outdated.isEmpty else { return [] }
        let listed = Set(
            self.snapshot.listedProviders(having: self.gateway.dispatcher, at: now).map(\.name))
        return outdated.filter { listed.contains($0.name) }
    }

    /// Fetches the lists that are not known, all at once, and goes on when each has come or failed.
    func loadModels(then next: @escaping () -> Void) {
        let outdated = self.outdatedProviders
        guard !outdated.isEmpty else { return next() }
        let countdown = Countdown(outdated.count, then: next)
        let bound = NIOLoopBound(countdown, eventLoop: self.exchange.eventLoop)
        for provider in outdated {
            let (isFirst, generation) = self.gateway.catalogue.await(provider.name) {
                bound.eventLoop.execute { bound.value.step() }
            }
            if isFirst { self.fetch(provider, generation: generation) }
        }
    }

    private func fetch(_ provider: Configuration.Provider, generation: Int) {
        let catalogue = self.gateway.catalogue
        let time = self.gateway.time
        // A list from where the provider was when this request began is not for those who come later.
        let isPresent = self.gateway.snapshot.hasProvider(provider.name, like: provider)
        let generation = isPresent ? generation : ModelListCache.noGeneration
        guard let request = self.listRequest(for: provider) else {
            return catalogue.finish(provider.name, with: nil, generation: generation, at: time.now())
        }
        let logger = self.logger
        ModelListFetch.begin(
            request, within: provider.usageTimeout, through: self.gateway.transport, on: self.exchange.eventLoop
        ) { models in
            if models == nil {
                logger.notice(
                    "list of models not available",
                    metadata: ["event": "model_list_failed", "provider": "\(provider.name)"])
            }
            catalogue.finish(provider.name, with: models, generation: generation, at: time.now())
        }
    }

    private func listRequest(for provider: Configuration.Provider) -> UpstreamRequest? {
        let now = self.gateway.time.now()
        guard let grant = self.gateway.dispatcher.read({ $0.pool.firstUsableKey(of: provider.name, at: now) }),
            let source = self.source(of: grant, for: provider)
        else { return nil }
        let place = provider.place { bases in
            TargetJoining.join(rest: "/models", isVersioned: true, querySuffix: "", bases: bases)
        }
        guard let place else { return nil }
        var fields: HeaderFields = ["Accept": "application/json", "User-Agent": "kmid"]
        if provider.kind == .anthropic { fields.add(name: "anthropic-version", value: "2023-06-01") }
        return UpstreamRequest(
            method: "GET",
            origin: place.origin,
            target: place.joined.target,
            headers: source.snapshot.requestFields(
                from: fields, key: grant.label, provider: provider, joined: place.joined),
            body: .none,
            pins: provider.pins
        )
    }
}

extension GatewaySnapshot {
    /// The providers whose models are listed: those with a key that is usable.
    func listedProviders(having pool: SharedDispatcher, at now: Instant) -> [Configuration.Provider] {
        let usable = Set(pool.snapshots(at: now).filter { $0.state == .usable }.map(\.provider))
        return self.configuration.providers.filter { usable.contains($0.name) }
    }
}

/// Goes on when a number of things have happened.
///
/// Bound to one event loop.
private final class Countdown {
    private var left: Int
    private var next: (() -> Void)?

    init(_ count: Int, then next: @escaping () -> Void) {
        self.left = count
        self.next = next
    }

    func step() {
        self.left -= 1
        guard self.left == 0 else { return }
        let next = self.next
        self.next = nil
        next?()
    }
}
