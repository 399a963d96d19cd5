public import ProxyCore
import Synchronization

/// The one key pool of the process, shared by all event loops.
///
/// Each call is one short step under a lock; the decisions are those of ``ProxyCore/KeyPool``.
public final class SharedKeyPool: Sendable {
    private struct State: Sendable {
        var pool: KeyPool
        /// The memory's revision that was told last.
        var told: UInt64
        /// Changes of keys that nobody was told of yet, in their order.
        var untold: [KeyTransition] = []

        var hasMoved: Bool { self.told != self.pool.memoryRevision }
    }

    private let state: Mutex<State>

    /// Takes a pool over.
    public init(_ pool: KeyPool) {
        self.state = Mutex(State(pool: pool, told: pool.memoryRevision))
    }

    /// Takes over a new configuration, keeping what is known of keys that stay.
    ///
    /// Keys in `renewed` have another secret than before. `publish` is called with the generation of each key before any
    /// request can choose from the new keys, and after all that chose from the old ones.
    func reconfigure(
        keys: [Configuration.Key], policy: KeyPool.Policy, renewed: Set<KeyLabel>, at now: Instant,
        publish: ([KeyLabel: UInt64]) -> Void
    ) {
        self.state.withLock { state in
            state.untold += state.pool.reconfigure(keys: keys, policy: policy, renewed: renewed, at: now)
            publish(state.pool.generations)
        }
    }

    // MARK: What is known

    /// Every key as it stands.
    public func snapshots(at now: Instant) -> [KeySnapshot] {
        self.state.withLock { $0.pool.snapshots(at: now) }
    }

    /// The provider that a key belongs to; `nil` if there is no such key.
    public func provider(of label: KeyLabel) -> ProviderName? {
        self.state.withLock { $0.pool.provider(of: label) }
    }

    func nextKey(of provider: ProviderName, at now: Instant) -> KeyLabel? {
        self.state.withLock { $0.pool.nextKey(of: provider, at: now) }
    }

    func shortage(for demand: KeyDemand, at now: Instant) -> KeyShortage {
        self.state.withLock { $0.pool.shortage(for: demand, at: now) }
    }

    func firstUsableKey(of provider: ProviderName, at now: Instant) -> KeyGrant? {
        self.state.withLock { $0.pool.firstUsableKey(of: provider, at: now) }
    }

    /// The present grant of a key; nothing is counted on it.
    func grant(of label: KeyLabel) -> KeyGrant? {
        self.state.withLock { $0.pool.grant(of: label) }
    }

    // MARK: Attempts

    func choose(_ demand: KeyDemand, at now: Instant) -> KeyChoice {
        self.state.withLock { $0.pool.choose(demand, at: now) }
    }

    func chooseAgain(_ grant: KeyGrant) -> KeyGrant? {
        self.state.withLock { $0.pool.chooseAgain(grant) }
    }

    func release(_ grant: KeyGrant) {
        self.state.withLock { $0.pool.release(grant) }
    }

    /// Notes how an attempt ended, after rests that have ended unnoticed before it.
    ///
    /// Answers whether that changed a key.
    func record(
        _ outcome: KeyOutcome, on grant: KeyGrant, request: UInt64, model: ModelName?, begun: Instant, at moment: Moment
    ) -> Bool {
        if case .neutral = outcome { return false }
        return self.state.withLock { state in
            state.untold += state.pool.expire(at: moment.instant)
            state.untold += state.pool.record(
                outcome, on: grant, request: request, model: model, begun: begun, at: moment)
            return !state.untold.isEmpty
        }
    }

    // MARK: Time and people

    /// When the next rest ends that ``expire(at:)`` will tell of.
    var nextDeadline: Instant? { self.state.withLock { $0.pool.nextDeadline } }

    func expire(at now: Instant) {
        self.state.withLock { $0.untold += $0.pool.expire(at: now) }
    }

    func rotate(
        to label: KeyLabel?, of provider: ProviderName, at now: Instant
    ) throws(KeyRotationRefusal) -> KeyRotation {
        try self.state.withLock { (state) throws(KeyRotationRefusal) in
            try state.pool.rotate(to: label, of: provider, at: now)
        }
    }

    func resetAll(at now: Instant) {
        self.state.withLock { $0.untold += $0.pool.resetAll(at: now) }
    }

    func reset(_ label: KeyLabel, at now: Instant) {
        self.state.withLock { $0.untold += $0.pool.reset(label, at: now) }
    }

    // MARK: News

    /// Whether ``takeNews()`` has something to tell.
    var hasNews: Bool {
        self.state.withLock { $0.hasMoved || !$0.untold.isEmpty }
    }

    /// The changes of keys since this was last asked, in their order, and whether the memory may have changed.
    func takeNews() -> (transitions: [KeyTransition], hasMoved: Bool) {
        self.state.withLock { state in
            defer {
                state.untold = []
                state.told = state.pool.memoryRevision
            }
            return (state.untold, state.hasMoved)
        }
    }

    // MARK: Memory

    func restore(_ memory: KeyMemory, at now: Instant, wallTime: WallTime) {
        self.state.withLock { state in
            state.pool.restore(memory, at: now, wallTime: wallTime)
            state.told = state.pool.memoryRevision
        }
    }

    func memory(at now: Instant, wallTime: WallTime) -> KeyMemory {
        self.state.withLock { $0.pool.memory(at: now, wallTime: wallTime) }
    }
}
