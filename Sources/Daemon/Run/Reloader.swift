import DBusControl
import Gateway
import Logging
import ProxyCore
import Synchronization
import SystemSupport

/// Reads the configuration again, from the same sources with the same precedence as at the start, and puts in force
/// what can be without a restart (T-014).
///
/// An invalid configuration changes nothing. Reports to the log, and to the service manager.
final class Reloader: Sendable {
    private let loader: ConfigurationLoader
    private let keeper: ConfigurationKeeper
    private let gateway: Gateway
    private let listeners: Listeners
    private let teller: StatusTeller
    private let logger: Logger
    private let lastRead: Mutex<LastRead>

    /// What the files held when they were last read, and how those were that they refer to.
    private struct LastRead {
        var sources: ConfigurationSources
        var followed: [FollowedFile]
    }

    init(
        loader: ConfigurationLoader, sources: ConfigurationSources, keeper: ConfigurationKeeper, gateway: Gateway,
        listeners: Listeners, teller: StatusTeller, logger: Logger
    ) {
        self.loader = loader
        self.keeper = keeper
        self.gateway = gateway
        self.listeners = listeners
        self.teller = teller
        self.logger = logger
        self.lastRead = Mutex(LastRead(sources: sources, followed: keeper.inForce.file.followed))
    }

    /// Whether the files hold something else than when they were last read; blocks.
    func isOutdated() -> Bool {
        let sources = ConfigurationSources(self.loader.files)
        return self.lastRead.withLock { read in
            read.sources != sources || read.followed.contains(where: \.hasChanged)
        }
    }

    /// Where something can happen that changes what is read; blocks.
    func places() -> WatchPlaces {
        var places = self.loader.files.places
        for file in self.lastRead.withLock({ $0.followed }) { places.add(file: file.path) }
        return places
    }

    /// Reads all sources; blocks, so it is called off the event loops.
    func read() -> Result<LoadedConfiguration, ConfigurationProblems> {
        self.teller.reloading()
        // Before they are read: what changes in between is found to be new afterwards.
        let sources = ConfigurationSources(self.loader.files)
        let result = self.loader.load(now: SystemTime().wallTime())
        let followed =
            switch result {
            case .success(let loaded): loaded.followed
            case .failure(let failure): failure.followed
            }
        self.lastRead.withLock { $0 = LastRead(sources: sources, followed: followed) }
        return result
    }

    /// What reading all sources and putting them in force would do; nothing changes, and nobody is told.
    ///
    /// Blocks, so it is called off the event loops.
    func check() -> Result<[ReloadEntry], ConfigurationProblems> {
        self.look().map { loaded in
            ConfigurationDifference(from: self.keeper.inForce.file, to: loaded).changes.map(ReloadEntry.init)
        }
    }

    /// Reads all sources as ``read()`` does, for whoever only wants to know; nobody is told of it.
    func look() -> Result<LoadedConfiguration, ConfigurationProblems> {
        self.loader.load(now: SystemTime().wallTime())
    }

    /// Reports that what was read cannot be used.
    func reject(_ problems: ConfigurationProblems) {
        for problem in problems.problems {
            self.logger.error(
                "configuration not reloaded", metadata: ["event": "reload_rejected", "problem": "\(problem)"])
        }
        self.teller.ready()
    }

    /// Puts in force what was read.
    ///
    /// Returns what that changed, and the person's changes that no longer hold.
    func apply(_ loaded: LoadedConfiguration) -> ([ReloadEntry], [RuntimeChanges.Subject]) {
        let (changes, outdated) = self.keeper.apply(loaded, to: self.gateway)
        if let credentials = self.keeper.inForce.file.tls { self.listeners.renew(credentials) }
        loaded.eraseEnvironment()
        for warning in loaded.warnings {
            self.logger.warning("configuration", metadata: ["event": "config_warning", "warning": "\(warning)"])
        }
        for change in changes {
            self.logger.notice(
                "configuration changed",
                metadata: [
                    "event": "config_changed", "setting": "\(change.key)", "result": "\(change.outcome.rawValue)",
                    "reason": "\(change.reason)",
                ])
        }
        self.logger.notice(
            "configuration reloaded", metadata: ["event": "config_reloaded", "changes": "\(changes.count)"])
        self.teller.ready()
        return (changes.map(ReloadEntry.init), outdated)
    }
}

extension ReloadEntry {
    /// A change in the words of the bus.
    fileprivate init(_ change: ConfigurationDifference.Change) {
        self.init(key: change.key, result: change.outcome.rawValue, reason: change.reason)
    }
}
