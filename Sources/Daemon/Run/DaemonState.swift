import Logging
import ProxyCore
import StateStore

/// What the daemon remembers, opened at the start: the lock, the database and the secrets that were handed over.
struct DaemonState: Sendable {
    /// The lock, held as long as this value lives.
    let lock: StateLock
    /// The database.
    let store: StateStore
    /// What it held at the start.
    let stored: StoredState
    /// The secrets of added keys.
    let secrets: SecretDirectory
    /// The secrets that could be read.
    let addedSecrets: [KeyLabel: Secret]

    /// Opens everything; blocks.
    ///
    /// Throws ``StateLock/Taken`` if another daemon has the directory, and a `StateStoreError` if the database cannot be
    /// used.
    init(lock: StateLock, directory: String, logger: Logger) throws {
        self.lock = lock
        self.store = try StateStore.open(directory: directory, logger: logger, now: SystemTime().wallTime())
        self.stored = try self.store.load()
        self.secrets = SecretDirectory(stateDirectory: directory)
        try self.secrets.removeLeftovers()
        var found: [KeyLabel: Secret] = [:]
        for key in self.stored.changes.keys {
            do throws(SecretDirectory.Failure) {
                found[key.label] = try self.secrets.read(key.label)
            } catch {
                logger.error(
                    "the secret of a key cannot be read",
                    metadata: ["event": "secret_unreadable", "key": "\(key.label)", "reason": "\(error)"])
            }
        }
        self.addedSecrets = found
    }
}
