import Logging
import NIOCore
import ProxyCore

extension RequestFlow {
    /// Answers `GET /v1/models` and `/v1/models/{id}`: the aliases, and what the providers with a usable key list.
    func list(_ request: Route.ModelsRequest) {
        self.phase = .listing
        self.load(self.outdatedProviders) { self.answerList(request) }
    }

    private func answerList(_ request: Route.ModelsRequest) {
        guard !self.hasAnswered else { return }
        let providers = self.listed(self.snapshot.configuration.providers)
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

    /// What is to be fetched before a model can be routed, and beside that; nothing if lists do not decide who serves it.
    func listsNeeded(for model: ModelName) -> ModelListCache.Need {
        let configuration = self.snapshot.configuration
        // With one provider there is nothing to choose.
        guard configuration.providers.count > 1, !configuration.server.dryRun, self.route?.provider == nil,
            self.snapshot.aliases[model] == nil
        else { return ModelListCache.Need() }
        var need = self.gateway.catalogue.need(
            for: model, among: configuration.providers, at: self.gateway.time.now())
        need.awaited = self.listed(need.awaited)
        need.beside = self.listed(need.beside)
        return need
    }

    private var outdatedProviders: [Configuration.Provider] {
        guard !self.snapshot.configuration.server.dryRun else { return [] }
        return self.listed(
            self.gateway.catalogue.outdated(
                among: self.snapshot.configuration.providers, at: self.gateway.time.now()))
    }

    /// Those whose models are listed: they have a key that is usable.
    private func listed(_ providers: [Configuration.Provider]) -> [Configuration.Provider] {
        guard !providers.isEmpty else { return [] }
        let now = self.gateway.time.now()
        return self.gateway.dispatcher.read { dispatcher in
            let pool = dispatcher.pool
            return providers.filter { pool.firstUsableKey(of: $0.name, at: now) != nil }
        }
    }

    /// Fetches lists, all at once, and goes on when each has come or failed.
    func load(_ providers: [Configuration.Provider], then next: @escaping () -> Void) {
        guard !providers.isEmpty else { return next() }
        let countdown = Countdown(providers.count, then: next)
        let bound = NIOLoopBound(countdown, eventLoop: self.exchange.eventLoop)
        for provider in providers {
            let (isFirst, generation) = self.gateway.catalogue.await(provider.name) {
                bound.eventLoop.execute { bound.value.step() }
            }
            if isFirst { self.fetch(provider, generation: generation) }
        }
    }

    /// Has a list fetched that nobody waits for.
    func refresh(_ provider: Configuration.Provider) {
        guard let generation = self.gateway.catalogue.begin(provider.name) else { return }
        self.fetch(provider, generation: generation)
    }

    private func fetch(_ provider: Configuration.Provider, generation: Int) {
        let catalogue = self.gateway.catalogue
        let time = self.gateway.time
        // A list from where the provider was when this request began is not for those who come later.
        let isPresent = self.gateway.snapshot.hasProvider(provider.name, like: provider)
        let generation = isPresent ? generation : ModelListCache.noGeneration
        guard let request = self.listRequest(for: provider) else {
            _ = catalogue.finish(provider.name, with: nil, generation: generation, at: time.now())
            return
        }
        let logger = self.logger
        ModelListFetch.begin(
            request, within: provider.usageTimeout, through: self.gateway.transport, on: self.exchange.eventLoop
        ) { models in
            let isNews = catalogue.finish(provider.name, with: models, generation: generation, at: time.now())
            if models == nil, isNews {
                logger.notice(
                    "list of models not available",
                    metadata: ["event": "model_list_failed", "provider": "\(provider.name)"])
            }
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
