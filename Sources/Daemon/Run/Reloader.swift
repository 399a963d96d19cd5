import Gateway
import Logging
import ProxyCore
import Synchronization
import SystemSupport

/// Reads the configuration again, from the same sources with the same precedence as at the start, and puts in force
/// what can be without a restart (T-014).
///
/// An invalid configuration changes nothing.
final class Reloader: Sendable {
    private let loader: ConfigurationLoader
    private let gateway: Gateway
    private let output: LogOutput
    private let notifier: ServiceNotifier
    private let logger: Logger
    private let inForce: Mutex<LoadedConfiguration>

    init(
        loaded: LoadedConfiguration, loader: ConfigurationLoader, gateway: Gateway, output: LogOutput,
        notifier: ServiceNotifier, logger: Logger
    ) {
        self.inForce = Mutex(loaded)
        self.loader = loader
        self.gateway = gateway
        self.output = output
        self.notifier = notifier
        self.logger = logger
    }

    /// Reads and applies.
    ///
    /// Reports to the log, and to the service manager.
    func reload() {
        self.notifier.tell(.reloading, logger: self.logger)
        defer { self.notifier.tell(.ready(status: Announcement.status(of: self.gateway)), logger: self.logger) }
        switch self.loader.load(now: SystemTime().wallTime()) {
        case .failure(let problems):
            for problem in problems.problems {
                self.logger.error(
                    "configuration not reloaded", metadata: ["event": "reload_rejected", "problem": "\(problem)"])
            }
        case .success(let loaded):
            self.apply(loaded)
        }
    }

    private func apply(_ loaded: LoadedConfiguration) {
        let difference = self.inForce.withLock { former in
            let difference = ConfigurationDifference(from: former, to: loaded)
            former = loaded
            // What needs a restart counts as changed again at the next reload, until it has been restarted.
            former.configuration = difference.effective
            return difference
        }
        var effective = loaded
        effective.configuration = difference.effective
        self.gateway.apply(GatewaySnapshot(effective))
        self.output.minimumLevel = Logger.Level(difference.effective.log.level)
        for warning in loaded.warnings {
            self.logger.warning("configuration", metadata: ["event": "config_warning", "warning": "\(warning)"])
        }
        for change in difference.changes {
            self.logger.notice(
                "configuration changed",
                metadata: [
                    "event": "config_changed", "setting": "\(change.key)", "result": "\(change.outcome.rawValue)",
                    "reason": "\(change.reason)",
                ])
        }
        self.logger.notice(
            "configuration reloaded",
            metadata: ["event": "config_reloaded", "changes": "\(difference.changes.count)"])
    }
}
