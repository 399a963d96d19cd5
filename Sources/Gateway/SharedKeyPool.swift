public import ProxyCore
import Synchronization

/// The one key pool of the process, shared by all event loops.
///
/// Each call is one short step under a lock; the decisions are those of ``ProxyCore/KeyPool``.
public final class SharedKeyPool: Sendable {
    private let pool: Mutex<KeyPool>

    /// Takes a pool over.
    public init(_ pool: KeyPool) {
        self.pool = Mutex(pool)
    }

    /// Takes over a new configuration, keeping what is known of keys that stay.
    ///
    /// Keys in `renewed` have another secret than before. `publish` is called before any request can choose from the new
    /// keys, and after all that chose from the old ones.
    func reconfigure(
        keys: [Configuration.Key], policy: KeyPool.Policy, renewed: Set<KeyLabel>, publish: () -> Void
    ) {
        self.pool.withLock { pool in
            pool.reconfigure(keys: keys, policy: policy, renewed: renewed)
            publish()
        }
    }

    /// Every key as it stands.
    public func snapshots(at now: Instant) -> [KeySnapshot] {
        self.pool.withLock { $0.snapshots(at: now) }
    }

    /// The provider that a key belongs to; `nil` if there is no such key.
    public func provider(of label: KeyLabel) -> ProviderName? {
        self.pool.withLock { $0.provider(of: label) }
    }

    func choose(_ demand: KeyDemand, at now: Instant) -> KeyChoice {
        self.pool.withLock { $0.choose(demand, at: now) }
    }

    func canServe(_ demand: KeyDemand, at now: Instant) -> Bool {
        self.pool.withLock { $0.canServe(demand, at: now) }
    }

    func shortage(for demand: KeyDemand, at now: Instant) -> KeyShortage {
        self.pool.withLock { $0.shortage(for: demand, at: now) }
    }

    func chooseAgain(_ label: KeyLabel) -> Bool {
        self.pool.withLock { $0.chooseAgain(label) }
    }

    func firstUsableKey(of provider: ProviderName, at now: Instant) -> KeyLabel? {
        self.pool.withLock { $0.firstUsableKey(of: provider, at: now) }
    }

    func release(_ label: KeyLabel) {
        self.pool.withLock { $0.release(label) }
    }

    func record(
        _ outcome: KeyOutcome, on label: KeyLabel, model: ModelName?, begun: Instant, at now: Instant
    ) -> KeyTransition? {
        self.pool.withLock { $0.record(outcome, on: label, model: model, begun: begun, at: now) }
    }
}
