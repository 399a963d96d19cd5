import DBusControl
import Gateway
import Logging
import Metrics
import NIOPosix
import ProxyCore
import StateStore
import Synchronization

/// The daemon as whoever steers it sees it: reading from memory, and changes that are committed to disk before they are
/// answered (K-013).
///
/// A change of the configuration is committed first and put in force then, so that a full disk leaves everything as it
/// was.
final class DaemonControl: ControlPlane {
    let gateway: Gateway
    let keeper: ConfigurationKeeper
    let store: StateStore
    let hub: ControlHub
    let health: Health
    let listeners: Listeners
    let checks: KeyChecks
    let prices: PriceKeeper
    let secrets: SecretDirectory
    /// Where the secrets of added keys go: the Secret Service, or ``secrets``.
    let vault: KeyVault
    /// Asks the Secret Service again when it may have what was missing.
    let secretWatch: SecretWatch
    let installationKey: [UInt8]
    let reloader: Reloader
    let threads: NIOThreadPool
    let counters: ProxyMetrics
    let time: any TimeSource
    let startedAt: WallTime
    /// Where everything is told that was done or refused.
    let trail: AuditTrail
    /// The way to the end.
    let end: DaemonEnd
    /// How the background jobs fare.
    let jobs: JobBoard
    let logger: Logger
    /// Whether the daemon is looking for what is wrong.
    let isDiagnosing = Mutex(false)
    /// What was read of the configuration without being asked for.
    let untold = Mutex(UntoldChanges())
    /// One change at a time.
    let turns = ChangeTurns()

    init(
        gateway: Gateway, keeper: ConfigurationKeeper, store: StateStore, hub: ControlHub, health: Health,
        listeners: Listeners, checks: KeyChecks, prices: PriceKeeper, vault: KeyVault, secretWatch: SecretWatch,
        installationKey: [UInt8], reloader: Reloader, threads: NIOThreadPool, counters: ProxyMetrics,
        time: any TimeSource, trail: AuditTrail, end: DaemonEnd, jobs: JobBoard, logger: Logger
    ) {
        self.gateway = gateway
        self.keeper = keeper
        self.store = store
        self.hub = hub
        self.health = health
        self.listeners = listeners
        self.checks = checks
        self.prices = prices
        self.secrets = vault.files
        self.vault = vault
        self.secretWatch = secretWatch
        self.installationKey = installationKey
        self.reloader = reloader
        self.threads = threads
        self.counters = counters
        self.time = time
        self.startedAt = time.wallTime()
        self.trail = trail
        self.end = end
        self.jobs = jobs
        self.logger = logger
    }

    func metrics() async -> String {
        self.counters.registry.render(.prometheus)
    }

    // MARK: What every change needs

    /// Makes a change when its turn comes.
    func inTurn<Result: Sendable>(
        _ change: () async throws(ControlFault) -> Result
    ) async throws(ControlFault) -> Result {
        try await self.turns.take(
            orElse: ControlFault(.busy, "The daemon is ending, so nothing has changed."), change)
    }

    /// Commits changes; the fault says that nothing has changed.
    func commit(_ changes: [StateChange]) async throws(ControlFault) {
        do throws(StateStoreError) {
            try await self.store.commit(changes)
        } catch {
            throw Self.notCommitted(error)
        }
    }

    /// What a caller is told whose change is not on disk, or perhaps is.
    static func notCommitted(_ error: StateStoreError) -> ControlFault {
        error.code == .timedOut
            ? ControlFault(.busy, "The change is not in force, but may be after the next start: \(error.message)")
            : ControlFault(.busy, "The change cannot be saved, so nothing has changed: \(error.message)")
    }

    /// Commits what has changed in memory already, as rests and turns do, together with the event that tells of it.
    ///
    /// It is in force whatever comes of it, so that it is told to the log and the bus before the caller learns of a failure.
    func saveMemory(_ further: [StateChange] = [], as entry: AuditEntry) async -> Result<Void, ControlFault> {
        do throws(StateStoreError) {
            try await self.store.commit(
                [.memory(self.gateway.memory())] + further + [.audit(self.trail.event(entry))])
            self.trail.log(entry)
            // What requests have moved meanwhile may have been handed over before, and must not be undone by this.
            self.store.remember(self.gateway.memory())
            return .success(())
        } catch {
            self.trail.tell(entry, after: error)
            return .failure(
                ControlFault(
                    .busy, "The change is in force, but cannot be saved for the next start: \(error.message)"))
        }
    }

    /// Runs what blocks on a thread of its own, to its end also when the caller has gone: a change that is half done would
    /// stay so.
    func offLoop<Result: Sendable>(
        _ work: @escaping @Sendable () throws -> Result
    ) async throws(ControlFault) -> Result {
        do {
            let threads = self.threads
            return try await Task { try await threads.runIfActive(work) }.value
        } catch let fault as ControlFault {
            throw fault
        } catch {
            throw ControlFault(.busy, "\(error)")
        }
    }

    /// Tells the bus that keys or clients came or went.
    func announceObjects() {
        self.hub.attention.wake()
        self.hub.service?.objectsChanged()
        self.hub.statusChanged()
    }

    /// Tells the bus that something of every key may have changed.
    func announceKeys() {
        self.hub.standingMoved()
        guard let service = self.hub.service else { return }
        for key in self.gateway.dispatcher.snapshots(at: self.time.now()) { service.keyChanged(key.label.text) }
        service.statusChanged()
    }

    /// The label that a text names; the fault says that there is no such key.
    func knownLabel(_ text: String) throws(ControlFault) -> KeyLabel {
        guard let label = KeyLabel(text), self.gateway.dispatcher.provider(of: label) != nil else {
            throw ControlFault(.notFound, "There is no key \"\(text.printable)\".")
        }
        return label
    }
}

extension String {
    /// The text as far as it may stand in a message: what a caller sent comes back without control characters.
    var printable: String {
        String(
            self.prefix(64).map { $0.isASCII && !($0.asciiValue.map { $0 < 0x20 || $0 == 0x7F } ?? true) ? $0 : "?" })
    }
}
