public import ProxyCore
import Synchronization

/// The one dispatcher of the process, shared by all event loops.
///
/// Each call is one short step under a lock; the decisions are those of ``ProxyCore/Dispatcher``.
public final class SharedDispatcher: Sendable {
    private struct State: Sendable {
        var dispatcher: Dispatcher
        /// The revisions of the memory that were told last.
        var told: Revision

        struct Revision: Sendable, Equatable {
            var keys: UInt64
            var providers: UInt64
        }

        var revision: Revision {
            Revision(keys: self.dispatcher.pool.memoryRevision, providers: self.dispatcher.memoryRevision)
        }

        init(_ dispatcher: Dispatcher) {
            self.dispatcher = dispatcher
            self.told = Revision(keys: 0, providers: 0)
            self.told = self.revision
        }
    }

    private let state: Mutex<State>

    /// Takes a dispatcher over.
    public init(_ dispatcher: Dispatcher) {
        self.state = Mutex(State(dispatcher))
    }

    /// Takes over a new configuration, keeping what is known of keys and providers that stay.
    ///
    /// `publish` is called with the generation of each key before any
    /// request can choose from the new keys, and after all that chose from the old ones.
    func reconfigure(
        to snapshot: GatewaySnapshot, since former: GatewaySnapshot, at now: Moment,
        publish: ([KeyLabel: UInt64]) -> Void
    ) {
        // How an address fared says nothing about another one.
        let staying = snapshot.providers.keys.filter { snapshot.hasProvider($0, like: former.providers[$0]) }
        self.state.withLock { state in
            state.dispatcher.reconfigure(
                keys: snapshot.poolKeys, providers: Set(staying), policy: snapshot.dispatchPolicy,
                renewed: snapshot.renewedKeys(since: former), at: now)
            state.dispatcher.tellEnds()
            publish(state.dispatcher.pool.generations)
        }
    }

    // MARK: What is known

    /// Every key as it stands.
    public func snapshots(at now: Instant) -> [KeySnapshot] {
        self.read { $0.pool.snapshots(at: now) }
    }

    /// What is known of a key; `nil` if there is no such key.
    public func snapshot(of label: KeyLabel, at now: Instant) -> KeySnapshot? {
        self.read { $0.pool.snapshot(of: label, at: now) }
    }

    /// The provider that a key belongs to; `nil` if there is no such key.
    public func provider(of label: KeyLabel) -> ProviderName? {
        self.read { $0.pool.provider(of: label) }
    }

    /// How a provider fares, whatever its keys do.
    public func standing(of provider: ProviderName, at now: Instant) -> ProviderStanding {
        self.read { $0.standing(of: provider, at: now) }
    }

    /// Asks the dispatcher something that changes nothing.
    func read<Result>(_ question: (borrowing Dispatcher) -> Result) -> Result {
        self.state.withLock { question($0.dispatcher) }
    }

    // MARK: Steps

    /// Makes a step, and tells whether something happened that others want to hear of.
    func step<Result>(_ body: (inout Dispatcher) -> Result) -> (result: Result, hasNews: Bool) {
        self.state.withLock { state in
            let result = body(&state.dispatcher)
            state.dispatcher.tellEnds()
            return (result, !state.dispatcher.news.isEmpty)
        }
    }

    func rotate(
        to label: KeyLabel?, of provider: ProviderName, at now: Instant
    ) throws(KeyRotationRefusal) -> KeyRotation {
        try self.state.withLock { (state) throws(KeyRotationRefusal) in
            try state.dispatcher.rotate(to: label, of: provider, at: now)
        }
    }

    // MARK: News

    /// Whether ``takeNews()`` has something to tell.
    var hasNews: Bool {
        self.state.withLock { $0.told != $0.revision || !$0.dispatcher.news.isEmpty }
    }

    /// What happened since this was last asked, in its order, and whether the memory may have changed.
    func takeNews() -> (news: [DispatchNews], hasMoved: Bool) {
        self.state.withLock { state in
            defer {
                state.dispatcher.news = []
                state.told = state.revision
            }
            return (state.dispatcher.news, state.told != state.revision)
        }
    }

    // MARK: Memory

    func restore(_ memory: DispatchMemory, providers: Set<ProviderName>, at now: Moment) {
        self.state.withLock { state in
            state.dispatcher.restore(memory, providers: providers, at: now)
            state.told = state.revision
        }
    }

    func memory(at now: Moment) -> DispatchMemory {
        self.state.withLock { $0.dispatcher.memory(at: now) }
    }
}
