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

    /// The providers whose lists are not known or old, if lists decide who serves the model.
    func outdatedLists(for model: ModelName) -> [Configuration.Provider] {
        guard self.route?.provider == nil, self.snapshot.aliases[model] == nil else { return [] }
        // With one provider there is nothing to choose.
        return self.snapshot.configuration.providers.count > 1 ? self.outdatedProviders : []
    }

    /// Has outdated lists fetched, and goes on as soon as the model can be routed.
    ///
    /// A list that was never asked for is waited for, and one that is old if no list has the model. One that could not be had
    /// the last time is not: while a provider hangs, requests to the others would wait for it again and again.
    func load(
        _ outdated: [Configuration.Provider], toRoute model: ModelName, then next: @escaping () -> Void
    ) {
        let catalogue = self.gateway.catalogue
        let isListed = catalogue.provider(listing: model, among: self.snapshot.configuration.providers) != nil
        let needed = outdated.filter { provider in
            switch catalogue.standing(of: provider.name) {
            case .unknown: true
            case .listed: !isListed
            case .failed: false
            }
        }
        let names = Set(needed.map(\.name))
        for provider in outdated where !names.contains(provider.name) { self.fetchUnlessUnderWay(provider) {} }
        self.load(needed, then: next)
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

    /// Fetches lists, all at once, and goes on when each has come or failed.
    private func load(_ providers: [Configuration.Provider], then next: @escaping () -> Void) {
        guard !providers.isEmpty else { return next() }
        self.phase = .listing
        let countdown = Countdown(providers.count, then: next)
        let bound = NIOLoopBound(countdown, eventLoop: self.exchange.eventLoop)
        for provider in providers {
            self.fetchUnlessUnderWay(provider) { bound.eventLoop.execute { bound.value.step() } }
        }
    }

    private func fetchUnlessUnderWay(_ provider: Configuration.Provider, then done: @escaping @Sendable () -> Void) {
        let (isFirst, generation) = self.gateway.catalogue.await(provider.name, done)
        if isFirst { self.fetch(provider, generation: generation) }
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
