import DBusControl
import Logging
import Metrics
import ProxyCore
import ServiceLifecycle
import Synchronization
import SystemSupport

/// Reads the configuration again when one of its files has changed: saved in place, replaced, or behind a link that leads
/// elsewhere now (T-034).
///
/// It waits until nothing has happened for ``settle``, so that one save, however an editor does it, is one reload; and what
/// somebody has asked to be read meanwhile is not read twice.
final class ConfigurationWatch: Service {
    /// How long nothing has to happen before the files are looked at.
    static let settle = Duration.milliseconds(800)
    /// The longest wait for that: a change counts within two seconds (T-014).
    static let patience = Duration.milliseconds(1600)
    /// The pause before watching is tried again where the system allowed none.
    static let pause = Duration.seconds(60)

    private let control: DaemonControl
    private let reloader: Reloader
    private let metrics: ProxyMetrics
    private let logger: Logger
    /// How many events there were.
    private let events = Mutex<UInt64>(0)

    init(control: DaemonControl, reloader: Reloader, metrics: ProxyMetrics, logger: Logger) {
        self.control = control
        self.reloader = reloader
        self.metrics = metrics
        self.logger = logger
        // A series that appears only with its first failure is one that no alert can be written for.
        metrics.jobFailures.with(Self.job).increment(by: 0)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var told: FileWatchFailure?
            while !Task.isCancelled {
                do throws(FileWatchFailure) {
                    try await self.follow()
                } catch {
                    self.metrics.jobFailures.with(Self.job).increment()
                    // Counted each time, and told once for each reason: it is tried again every minute.
                    if error != told {
                        self.logger.warning(
                            "the configuration cannot be watched: after a change, run kmictl reload",
                            metadata: ["event": "config_watch_failed", "reason": "\(error)"])
                        told = error
                    }
                    await Self.sleep(Self.pause)
                }
            }
        }
    }

    /// Follows what happens until the daemon ends.
    private func follow() async throws(FileWatchFailure) {
        let (wishes, wish) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let watch = try FileWatch { [self] in
            self.events.withLock { $0 += 1 }
            wish.yield()
        }
        defer { watch.close() }
        try await self.arm(watch)
        // What changed between the start and the watch.
        wish.yield()
        for await _ in wishes {
            await self.settled()
            guard !Task.isCancelled else { return }
            // Before the files are looked at: a link may lead elsewhere now, and what follows there is to be seen too.
            try await self.arm(watch)
            await self.look()
        }
    }

    /// Watches where the files are now.
    private func arm(_ watch: FileWatch) async throws(FileWatchFailure) {
        let reloader = self.reloader
        let places: WatchPlaces
        do throws(ControlFault) {
            places = try await self.control.offLoop { reloader.places() }
        } catch {
            // The threads have ended, and so does the daemon.
            return
        }
        try watch.watch(places)
    }

    /// Waits until nothing has happened for a moment.
    private func settled() async {
        let end = ContinuousClock.now + Self.patience
        while ContinuousClock.now < end, !Task.isCancelled {
            let before = self.events.withLock { $0 }
            await Self.sleep(Self.settle)
            if self.events.withLock({ $0 }) == before { return }
        }
    }

    /// Reads the configuration again if its files say something else than when they were last read.
    private func look() async {
        do throws(ControlFault) {
            let reloader = self.reloader
            // A daemon that is ending keeps what it has.
            guard !self.control.health.isDraining, self.control.keeper.inForce.effective.configuration.control.watch,
                try await self.control.offLoop({ reloader.isOutdated() })
            else {
                return
            }
            self.logger.info("the configuration's files have changed", metadata: ["event": "config_file_changed"])
            try await self.control.reloadUnasked()
            let seconds = SystemTime().wallTime().microseconds / 1_000_000
            self.metrics.jobLastSuccess.with(Self.job).set(Double(seconds))
        } catch {
            self.metrics.jobFailures.with(Self.job).increment()
            // Each problem of a configuration is in the log already.
            guard error.code != .invalidConfig else {
                self.control.hub.service?.warning(
                    "config_invalid",
                    "The configuration's files were changed and cannot be used; what was in force stays. See kmictl config check."
                )
                return
            }
            self.logger.error("configuration not reloaded", metadata: ["event": "reload_failed", "reason": "\(error)"])
        }
    }

    private static let job = "config_watch"

    private static func sleep(_ duration: Duration) async {
        do {
            try await Task.sleep(for: duration)
        } catch {
            // Cancelled: the caller looks.
        }
    }
}
