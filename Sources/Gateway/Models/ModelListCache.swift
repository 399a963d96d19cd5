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

    /// What is known of a provider's list, be it old or not.
    enum Standing {
        /// Nobody has asked for it yet.
        case unknown
        /// It was had the last time.
        case listed
        /// It could not be had the last time; one from before still counts.
        case failed
    }

    private struct Entry {
        /// `nil` after a failure, if there was no list before.
        var models: [ModelEntry]?
        var hasFailed: Bool
        var validUntil: Instant
    }

    private struct State {
        var entries: [ProviderName: Entry] = [:]
        /// Those who wait for a list that is being fetched.
        var waiting: [ProviderName: [@Sendable () -> Void]] = [:]
        /// Counts changes of the configuration, so that a list fetched before one is not kept after it.
        var generation = 0
    }

    private let state = Mutex(State())

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
            providers.first { provider in
                state.entries[provider.name]?.models?.contains { $0.id == model.text } ?? false
            }?.name
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

    /// What is known of a provider's list.
    func standing(of provider: ProviderName) -> Standing {
        self.state.withLock { state in
            state.entries[provider].map { $0.hasFailed ? .failed : .listed } ?? .unknown
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
