import Glibc
import Logging
import ProxyCore
import StateStore

/// What the daemon remembers, opened at the start: the lock, the database, the secrets that were handed over, and the prices.
struct DaemonState: Sendable {
    /// The lock, held as long as this value lives.
    let lock: StateLock
    /// The database.
    let store: StateStore
    /// What it held at the start.
    let stored: StoredState
    /// The secrets of added keys that lie in files.
    let secrets: SecretDirectory
    /// What was open to others until the start closed it.
    let repaired: [String]
    /// Those of them that could be read.
    let addedSecrets: [KeyLabel: Secret]
    /// The prices in force.
    let prices: PriceKeeper

    /// Opens everything; blocks.
    ///
    /// Throws ``StateLock/Taken`` if another daemon has the directory, and a `StateStoreError` if the database cannot be
    /// used.
    init(lock: StateLock, directory: String, file: LoadedConfiguration, logger: Logger) throws {
        self.lock = lock
        self.store = try StateStore.open(directory: directory, logger: logger, now: SystemTime().wallTime())
        self.stored = try self.store.load()
        self.store.setRetention(Retention(file.configuration))
        self.prices = try PriceKeeper(stateDirectory: directory, logger: logger)
        self.prices.load(file, now: SystemTime().wallTime())
        self.secrets = SecretDirectory(stateDirectory: directory)
        let isOpen = Self.isOpenToOthers(self.secrets.path)
        try self.secrets.removeLeftovers()
        self.repaired = self.store.repairedFiles + (isOpen ? [self.secrets.path] : [])
        if isOpen {
            logger.warning(
                "directory was open to others; its mode is 0700 now",
                metadata: ["event": "directory_mode_repaired", "directory": "\(self.secrets.path)"])
        }
        // What was put there by other hands is checked as everywhere: it goes into a header.
        let loader = SecretLoader(directory: directory, environment: [:], store: self.secrets)
        var found: [KeyLabel: Secret] = [:]
        for key in self.stored.changes.keys where key.secretPlace == .files {
            do throws(ConfigurationValueError) {
                found[key.label] = try loader.load(.store(id: key.label.text), maximum: SecretDirectory.largest)
            } catch {
                logger.error(
                    "the secret of a key cannot be read",
                    metadata: ["event": "secret_unreadable", "key": "\(key.label)", "reason": "\(error.reason)"])
            }
        }
        self.addedSecrets = found
        try self.reportStrays(file, logger)
    }

    private static func isOpenToOthers(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_mode & 0o077 != 0
    }

    /// Tells the log of secrets that nothing needs: of a key whose addition or removal was cut off, for instance by a kill.
    ///
    /// They are not removed, for another configuration may refer to them.
    private func reportStrays(_ file: LoadedConfiguration, _ logger: Logger) throws {
        let references = file.configuration.keys.map(\.secret) + file.configuration.clients.map(\.token)
        // Those of keys that were removed go by themselves.
        let added = Set(
            self.stored.changes.keys.filter { $0.secretPlace == .files }.map(\.label)
                + self.stored.changes.abandonedSecrets.filter { $0.place == .files }.map(\.label))
        for label in try self.secrets.labels().subtracting(added).sorted(by: { $0.text < $1.text })
        where !references.contains(.store(id: label.text)) {
            logger.warning(
                "a secret belongs to no key: remove its file, add the key again, or refer to it in the configuration file",
                metadata: [
                    "event": "secret_stray", "file": "\(self.secrets.path)/\(label)", "reference": "store:\(label)",
                ])
        }
    }
}
