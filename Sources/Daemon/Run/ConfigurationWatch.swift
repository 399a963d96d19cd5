import DBusControl
import Gateway
import Logging
import ProxyCore
import Synchronization
import SystemSupport

/// Reads the configuration again when one of its files has changed: saved in place, replaced, or behind a link that leads
/// elsewhere now (T-034).
///
/// It waits until nothing has happened for ``settle``, so that one save, however an editor does it, is one reload; and what
/// somebody has asked to be read meanwhile is not read twice.
final class ConfigurationWatch: Sendable {
    /// How long nothing has to happen before the files are looked at.
    static let settle = Duration.milliseconds(800)
    /// The longest wait for that: a change counts within two seconds (T-014).
    static let patience = Duration.milliseconds(1600)

    private let control: DaemonControl
    private let reloader: Reloader
    private let job: SharedJobState
    private let logger: Logger
    /// How many events there were.
    private let events = Mutex<UInt64>(0)
    /// What the log was told of why nothing can be watched.
    private let told = Mutex<FileWatchFailure?>(nil)

    init(control: DaemonControl, reloader: Reloader, job: SharedJobState, logger: Logger) {
        self.control = control
        self.reloader = reloader
        self.job = job
        self.logger = logger
    }

    /// Works until the task is cancelled, or nothing can be watched.
    func work() async throws {
        do throws(FileWatchFailure) {
            try await self.follow()
        } catch {
            // What to do about it is told once for each reason; it is tried again all the time.
            let former = self.told.withLock { told in
                defer { told = error }
                return told
            }
            if error != former {
                self.logger.warning(
                    "the configuration cannot be watched: after a change, run kmictl reload",
                    metadata: ["event": "config_watch_failed", "reason": "\(error)"])
            }
            throw error
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
            self.job.begin()
            self.logger.info("the configuration's files have changed", metadata: ["event": "config_file_changed"])
            try await self.control.reloadUnasked()
            self.job.succeed()
        } catch {
            self.job.fail(error.message)
            // It waits for the next change.
            self.job.plan(after: nil, every: nil)
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

    private static func sleep(_ duration: Duration) async {
        do {
            try await Task.sleep(for: duration)
        } catch {
            // Cancelled: the caller looks.
        }
    }
}
