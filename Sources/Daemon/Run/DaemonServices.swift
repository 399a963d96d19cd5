import CurlClient
import DBusControl
import DBusKit
import Decompression
import Foundation
import Gateway
import Logging
import Metrics
import NIOCore
import NIOPosix
import ProxyCore
import ProxyHTTP
import ServiceLifecycle
import StateStore
import SystemSupport
import UnixSignals

/// Everything that runs, put together: configuration and state in, services out.
struct DaemonServices {
    private let group: ServiceGroup

    /// What a run is made of before anything of it runs.
    struct Foundation {
        let loaded: LoadedConfiguration
        let loader: ConfigurationLoader
        /// What the files of the configuration held when they were read.
        let sources: ConfigurationSources
        let directories: Directories
        let state: DaemonState
        /// What the service manager has given to the process.
        let given: GivenByManager
        /// Wishes to read the configuration again, since before it was read.
        let reloadSignals: UnixSignalsSequence
        /// The bus that was asked for; `nil` for none.
        let bus: BusAddress?
        /// The connection to it; `nil` if it could not be reached.
        let connection: BusConnection?
        let output: LogOutput
        let logger: Logger
    }

    /// Builds all services, opens all listeners, and appears on the bus, before any of them runs.
    ///
    /// Throws ``ListenFailures`` if a listener cannot be opened and ``BusNameTaken`` if another daemon has the name;
    /// nothing is left open then.
    static func make(_ foundation: Foundation) async throws -> DaemonServices {
        let (logger, time) = (foundation.logger, SystemTime())
        let stored = foundation.state.stored
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
        let threads = NIOThreadPool(numberOfThreads: 2)
        threads.start()
        let (vault, keeper, secretWatch) = await Self.secrets(foundation, threads)
        let configuration = keeper.inForce.effective.configuration
        keeper.reportLeftOut(keeper.inForce.effective)
        let outdated = keeper.inForce.effective.outdated
        let metrics = ProxyMetrics(registry: MetricsRegistry())
        let client = try await CurlClient(
            eventLoopGroup: loops, configuration: CurlClientConfiguration(configuration), logger: logger)
        let (hub, health) = (
            ControlHub(time: time, notifications: configuration.notifications), Health()
        )
        let trail = Self.trail(of: foundation, time: time)
        let ledger = Ledger(store: foundation.state.store, hub: hub, trail: trail, time: time)
        let gateway = Gateway(
            snapshot: keeper.snapshot, transport: client, metrics: metrics, time: time,
            spool: BodySpool(directory: foundation.directories.state, threads: threads),
            userID: geteuid(),
            logger: logger,
            counts: stored.counts,
            observer: ledger,
            prices: foundation.state.prices.list,
            decoders: InflateDecoders()
        )
        gateway.restore(stored.memory)
        gateway.restore(stored.nonces)
        ledger.observe(gateway)
        let (intake, store) = (Listeners.Intake(), foundation.state.store)
        let admin = AdminResponder(gateway: gateway, metrics: metrics) { Self.readiness(store, intake) }
        let listeners = Listeners(
            group: loops, gateway: gateway, admin: admin, server: configuration.server,
            credentials: keeper.inForce.file.tls, intake: intake, callerObserver: PeerObserver(), logger: logger)
        let notifier = ServiceNotifier()
        let teller = StatusTeller(notifier: notifier, logger: logger)
        hub.onChange { [teller] in teller.changed() }
        let checks = KeyChecks(
            host: gateway, transport: client, time: time, metrics: metrics, logger: logger, eventLoop: loops.next(),
            userAgent: "kmid/\(Version.text)")
        let reloader = Reloader(
            loader: foundation.loader, sources: foundation.sources, keeper: keeper, gateway: gateway,
            listeners: listeners, teller: teller, logger: logger)
        let end = DaemonEnd()
        let jobs = JobBoard(metrics: metrics, time: time) { [checks.job.snapshot, store.statistics.retentionJob] }
        let control = DaemonControl(
            gateway: gateway, keeper: keeper, store: store, hub: hub, health: health, listeners: listeners,
            checks: checks, prices: foundation.state.prices, vault: vault, secretWatch: secretWatch,
            installationKey: stored.installationKey,
            reloader: reloader, threads: threads, counters: metrics, time: time, trail: trail, end: end, jobs: jobs,
            logger: logger)
        let presence = foundation.bus.map {
            BusPresence(
                address: $0, first: foundation.connection, control: control, userID: geteuid(), logger: logger)
        }
        // Before anybody can ask for something: it is about what was there at the start.
        await control.forget(Array(outdated))
        await control.removeAbandonedSecrets(stored.changes.abandonedSecrets.filter { $0.place == .files })
        try await Self.open(listeners, configuration, presence: presence, client: client, foundation)
        teller.connect { control.managerStatus() }
        // Whoever watches hears that storage fails, and that it works again, also while nobody sends requests.
        store.onTrouble { [hub] in
            hub.statusChanged()
            hub.attention.wake()
        }
        DaemonMetrics.register(metrics, control: control)
        jobs.register(metrics)
        let services = Self.services(
            control, loops: loops, ledger: ledger, client: client, bus: foundation.bus, presence: presence,
            teller: teller, reloadSignals: foundation.reloadSignals,
            watchdog: WatchdogFeeding(
                interval: foundation.given.watchdog, loops: loops, client: client, store: store, hub: hub,
                notifier: notifier, logger: logger),
            abandoned: stored.changes.abandonedSecrets.filter { $0.place == .secretService })
        let group = ServiceGroup(configuration: Self.configuration(services, logger: logger))
        control.end.connect(to: group)
        return DaemonServices(group: group)
    }

    /// Everything that runs, in the order of dependence: what comes first ends last.
    private static func services(
        _ control: DaemonControl, loops: MultiThreadedEventLoopGroup, ledger: Ledger, client: CurlClient,
        bus: BusAddress?, presence: BusPresence?, teller: StatusTeller, reloadSignals: UnixSignalsSequence,
        watchdog: WatchdogFeeding, abandoned: [RuntimeChanges.AbandonedSecret]
    ) -> [any Service] {
        let (gateway, listeners, logger) = (control.gateway, control.listeners, control.logger)
        let jobs = Self.jobs(control, abandoned: abandoned)
        var services: [any Service] = [
            Signals(
                control: control, listeners: listeners, health: control.health, reloadSignals: reloadSignals,
                loops: loops, logger: logger),
            EventLoops(loops: loops, threads: control.threads),
            Storage(store: control.store, ledger: ledger, gateway: gateway, turns: control.turns),
            // Everything that it asks for a sign ends after it.
            watchdog,
            jobs.backup,
            Upstreams(client: client),
            KeyRecoveries(timer: KeyRecoveryTimer(gateway: gateway, eventLoop: loops.next())),
            KeyQuestions(checks: control.checks, gateway: gateway),
            jobs.memory, jobs.configuration, jobs.secrets,
            SurroundingsWatch(control: control, client: client, eventLoop: loops.next()),
            DesktopNotifier(address: bus, control: control, eventLoop: loops.next()),
            AdminListener(listeners: listeners),
        ]
        // The bus shows how the data plane drains.
        if let presence { services.append(presence) }
        services += [
            DataListeners(
                listeners: listeners, hub: control.hub, health: control.health, teller: teller, logger: logger),
            Announcement(teller: teller, listeners: listeners, store: control.store, logger: logger),
        ]
        return services
    }

    /// What works in the background; whatever befalls one of them, it is begun again (T-012).
    private static func jobs(
        _ control: DaemonControl, abandoned: [RuntimeChanges.AbandonedSecret]
    ) -> (backup: SupervisedJob, memory: SupervisedJob, configuration: SupervisedJob, secrets: SupervisedJob) {
        let (board, logger) = (control.jobs, control.logger)
        let storage = control.keeper.inForce.effective.configuration.storage
        let backups = Backups(
            store: control.store, interval: storage.backup, count: storage.backupsKept ?? .max, time: control.time,
            job: board.backup)
        let memory = MemoryWatch(
            gateway: control.gateway, reader: MemoryReader(.ofThisProcess()), threads: control.threads,
            hub: control.hub, time: control.time, job: board.memory, logger: logger)
        let configuration = ConfigurationWatch(
            control: control, reloader: control.reloader, job: board.configWatch, logger: logger)
        let secrets = LateSecrets(
            watch: control.secretWatch, control: control, abandoned: abandoned, job: board.secrets)
        return (
            SupervisedJob(state: board.backup, logger: logger) { await backups.work() },
            SupervisedJob(state: board.memory, logger: logger) { try await memory.work() },
            SupervisedJob(state: board.configWatch, logger: logger) { try await configuration.work() },
            SupervisedJob(state: board.secrets, logger: logger) { await secrets.work() }
        )
    }

    /// The configuration in force, with what the Secret Service hands out at once.
    private static func secrets(
        _ foundation: Foundation, _ threads: NIOThreadPool
    ) async -> (KeyVault, ConfigurationKeeper, SecretWatch) {
        let (stored, logger) = (foundation.state.stored, foundation.logger)
        let vault = KeyVault(
            files: foundation.state.secrets, service: SecretService(),
            installation: KeyVault.installation(of: stored.installationKey), threads: threads, logger: logger)
        let keeper = ConfigurationKeeper(
            file: foundation.loaded, changes: stored.changes, addedSecrets: foundation.state.addedSecrets,
            installationKey: stored.installationKey, output: foundation.output, logger: logger,
            addedQuery: { vault.query(for: $0) })
        let watch = SecretWatch(service: vault.service, keeper: keeper, logger: logger)
        await watch.askAtStart()
        return (vault, keeper, watch)
    }

    /// The audit, which begins with what the start has repaired.
    private static func trail(of foundation: Foundation, time: SystemTime) -> AuditTrail {
        let trail = AuditTrail(store: foundation.state.store, time: time, logger: foundation.logger)
        for path in foundation.directories.repaired + foundation.state.repaired {
            trail.keep(AuditEntry("permission_repaired", "", target: path))
        }
        return trail
    }

    /// What has to be in order besides keys and providers; without the disk requests are served all the same.
    private static func readiness(_ store: StateStore, _ intake: Listeners.Intake) -> [ReadinessCheck] {
        [
            ReadinessCheck(name: "storage", isPassed: store.trouble == nil, isVital: false),
            ReadinessCheck(name: "listeners", isPassed: intake.isOpen),
        ]
    }

    /// Opens the listeners and takes the name on the bus, in this order; nothing is left open if that fails.
    private static func open(
        _ listeners: Listeners, _ configuration: Configuration, presence: BusPresence?, client: CurlClient,
        _ foundation: Foundation
    ) async throws {
        do {
            try await listeners.open(
                configuration, passed: foundation.given.sockets.sockets,
                runtimeDirectory: foundation.directories.runtime)
            try await presence?.appear()
        } catch {
            await listeners.closeNow()
            await client.shutdown()
            await foundation.state.store.close()
            throw error
        }
    }

    /// A service that fails ends the daemon in the same order as a signal does.
    private static func configuration(_ services: [any Service], logger: Logger) -> ServiceGroupConfiguration {
        ServiceGroupConfiguration(
            services: services.map {
                ServiceGroupConfiguration.ServiceConfiguration(
                    service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup,
                    // Without a name it is described with everything that it holds, a fifth of the work of a start.
                    serviceName: "\(type(of: $0))")
            },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    }

    /// Runs until a signal ends it.
    func run() async throws {
        try await self.group.run()
    }
}
