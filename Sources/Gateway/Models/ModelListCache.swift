import NIOCore
import ProxyCore
import Synchronization

/// Which models the providers list, fetched when somebody wants to know and kept for a while.
final class ModelListCache: Sendable {
    /// How long a list counts.
    static let lifetime = Duration.seconds(600)
    /// How long a provider whose list could not be had is left alone.
    static let patience = Duration.seconds(60)

    /// The generation of a list that is not kept.
    static let noGeneration = -1

    /// The providers whose lists are to be fetched for a request.
    struct Need {
        /// The request waits for these.
        var awaited: [Configuration.Provider] = []
        /// These are fetched beside it, and nobody does yet.
        var beside: [Configuration.Provider] = []
    }

    private struct Entry {
        /// `nil` after a failure, if there was no list before.
        var models: [ModelEntry]?
        /// Whether it could not be had the last time.
        var hasFailed: Bool
        var validUntil: Instant
    }

    private struct State {
        var entries: [ProviderName: Entry] = [:]
        /// Of each list that is being fetched, those who wait for it; perhaps nobody.
        var waiting: [ProviderName: [@Sendable () -> Void]] = [:]
        /// Counts changes of the configuration, so that a list fetched before one is not kept after it.
        var generation = 0

        func lists(_ model: ModelName, _ provider: Configuration.Provider) -> Bool {
            self.entries[provider.name]?.models?.contains { $0.id == model.text } ?? false
        }
    }

    private let state = Mutex(State())

    /// How many requests wait for lists, each counted for each of them.
    var waitingCount: Int {
        self.state.withLock { $0.waiting.values.reduce(0) { $0 + $1.count } }
    }

    /// Forgets everything, because providers may have changed.
    func forget() {
        self.state.withLock { state in
            state.entries = [:]
            state.generation += 1
        }
    }

    /// The provider that lists a model; of several the first by the configuration's order.
    func provider(listing model: ModelName, among providers: [Configuration.Provider]) -> ProviderName? {
        self.state.withLock { state in
            providers.first { state.lists(model, $0) }?.name
        }
    }

    /// What each of the providers offers, as far as that is known.
    func offers(of providers: [Configuration.Provider]) -> [ModelCatalogue.Offer] {
        self.state.withLock { state in
            providers.compactMap { provider in
                state.entries[provider.name]?.models.map {
                    ModelCatalogue.Offer(provider: provider.name.text, models: $0)
                }
            }
        }
    }

    /// What is to be fetched so that a model can be routed.
    ///
    /// A list that nobody asked for yet is waited for, and one that is old if no list has the model. One that could not be had
    /// the last time is not: while a provider hangs, requests to the others would wait for it again and again.
    func need(for model: ModelName, among providers: [Configuration.Provider], at now: Instant) -> Need {
        self.state.withLock { state in
            var need = Need()
            var isListed: Bool?
            for index in providers.indices {
                let name = providers[index].name
                let entry = state.entries[name]
                if let entry, entry.validUntil > now { continue }
                var isAwaited = entry == nil
                if let entry, !entry.hasFailed {
                    let known = isListed ?? providers.contains { state.lists(model, $0) }
                    isListed = known
                    isAwaited = !known
                }
                if isAwaited {
                    need.awaited.append(providers[index])
                } else if state.waiting[name] == nil {
                    need.beside.append(providers[index])
                }
            }
            return need
        }
    }

    /// The providers whose list is not known, or too old.
    func outdated(among providers: [Configuration.Provider], at now: Instant) -> [Configuration.Provider] {
        self.state.withLock { state in
            providers.filter { provider in state.entries[provider.name].map { $0.validUntil <= now } ?? true }
        }
    }

    /// Asks to be called when the list of a provider is there.
    ///
    /// `true` means that nobody is fetching it yet: the asker is to do so, and to ``finish(_:with:generation:at:)``.
    func await(_ provider: ProviderName, _ done: @escaping @Sendable () -> Void) -> (isFirst: Bool, generation: Int) {
        self.state.withLock { state in
            let isFirst = state.waiting[provider] == nil
            state.waiting[provider, default: []].append(done)
            return (isFirst, state.generation)
        }
    }

    /// As ``await(_:_:)`` for who does not wait: the generation if nobody is fetching it yet, else `nil`.
    func begin(_ provider: ProviderName) -> Int? {
        self.state.withLock { state in
            guard state.waiting[provider] == nil else { return nil }
            state.waiting[provider] = []
            return state.generation
        }
    }

    /// Takes what was fetched, `nil` for a failure, and calls those who wait.
    ///
    /// Answers whether it went otherwise than the last time, as far as anybody knows.
    func finish(_ provider: ProviderName, with models: [ModelEntry]?, generation: Int, at now: Instant) -> Bool {
        let (waiting, isNews) = self.state.withLock { state in
            let former = state.entries[provider]
            if state.generation == generation {
                // A list that cannot be had anew is better than none.
                state.entries[provider] = Entry(
                    models: models ?? former?.models, hasFailed: models == nil,
                    validUntil: now + (models == nil ? Self.patience : Self.lifetime))
            }
            return (state.waiting.removeValue(forKey: provider) ?? [], former?.hasFailed != (models == nil))
        }
        for done in waiting { done() }
        return isNews
    }
}
