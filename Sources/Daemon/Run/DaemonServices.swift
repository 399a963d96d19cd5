import CurlClient
import Foundation
import Gateway
import Logging
import Metrics
import NIOCore
import NIOPosix
import ProxyCore
import ProxyHTTP
import ServiceLifecycle
import SystemSupport
import UnixSignals

/// Everything that runs, put together: configuration in, services out.
struct DaemonServices {
    private let group: ServiceGroup

    /// Builds all services, and opens all listeners before any of them runs.
    ///
    /// Throws ``ListenFailures`` if one cannot be opened; nothing is left open then.
    static func make(
        _ loaded: LoadedConfiguration,
        loader: ConfigurationLoader,
        directories: Directories,
        output: LogOutput,
        logger: Logger
    ) async throws -> DaemonServices {
        let configuration = loaded.configuration
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
        let threads = NIOThreadPool(numberOfThreads: 2)
        threads.start()
        let metrics = ProxyMetrics(registry: MetricsRegistry())
        let client = try CurlClient(
            eventLoopGroup: loops, configuration: CurlClientConfiguration(configuration), logger: logger)
        let gateway = Gateway(
            snapshot: GatewaySnapshot(loaded),
            transport: client,
            metrics: metrics,
            time: SystemTime(),
            spool: BodySpool(directory: directories.state, threads: threads),
            userID: geteuid(),
            logger: logger
        )
        let state = directories.state
        let intake = Listeners.Intake()
        let admin = AdminResponder(gateway: gateway, metrics: metrics) {
            [
                ReadinessCheck(name: "storage", isPassed: access(state, W_OK | X_OK) == 0),
                ReadinessCheck(name: "listeners", isPassed: intake.isOpen),
            ]
        }
        let listeners = Listeners(
            group: loops, gateway: gateway, admin: admin, server: configuration.server,
            intake: intake, logger: logger)
        do {
            try await listeners.open(configuration.server, runtimeDirectory: directories.runtime)
        } catch {
            await client.shutdown()
            throw error
        }
        DaemonMetrics.register(metrics, gateway: gateway, listeners: listeners)
        let notifier = ServiceNotifier()
        let reloader = Reloader(
            loaded: loaded, loader: loader, gateway: gateway, output: output, notifier: notifier, logger: logger)
        // In the order of dependence: what comes first ends last.
        let services: [any Service] = [
            Signals(reloader: reloader, listeners: listeners, logger: logger),
            EventLoops(loops: loops, threads: threads),
            Upstreams(client: client),
            AdminListener(listeners: listeners),
            DataListeners(listeners: listeners, logger: logger),
            Announcement(notifier: notifier, gateway: gateway, logger: logger),
        ]
        return DaemonServices(
            group: ServiceGroup(services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    }

    /// Runs until a signal ends it.
    func run() async throws {
        try await self.group.run()
    }
}
