import DBusKit
import Glibc
import ProxyCore

/// The Secret Service of a user's session (`org.freedesktop.secrets`): the keyring of the desktop.
///
/// It is looked for on the session bus of the daemon's environment and nowhere else, wherever the daemon itself is steered;
/// never on the system's bus. It is not started, and never asked to have a person unlock it: that is told instead. Secrets
/// go over the bus encrypted only. Each use has a connection and an encrypted session of its own.
struct SecretService: Sendable {
    /// What is asked for.
    struct Query: Sendable, Hashable {
        /// What the entry has to have, besides what else it has.
        let attributes: [String: String]
        /// The largest secret that can be used, in bytes.
        let maximum: Int
        /// Whether the entry is one that the daemon has stored: another one of these attributes that is locked does not
        /// count then.
        let isOwn: Bool
    }

    /// Where it is looked for.
    let address: BusAddress
    /// The user that has to run it.
    let userID: UInt32

    init(address: BusAddress = .session, userID: UInt32 = geteuid()) {
        self.address = address
        self.userID = userID
    }

    /// Stores a secret in the default collection, in place of one with the same attributes.
    func store(
        _ secret: Secret, label: String, attributes: [String: String], within patience: Duration
    ) async throws(SecretServiceFailure) {
        try await self.inSession(within: patience) { (dialogue) throws(SecretServiceFailure) in
            let collection = try await dialogue.defaultCollection()
            guard try await !dialogue.isLocked(collection) else { throw .locked }
            let item = try await dialogue.create(secret, label: label, attributes: attributes, in: collection)
            // Another collection was the default one when an earlier one was stored.
            let found = try await dialogue.search(attributes)
            for other in found.unlocked where other != item { try await dialogue.delete(other) }
        }
    }

    /// Reads secrets, each in the place of its query.
    ///
    /// They come as the entries hold them: whether they can be used is to be checked.
    func read(_ queries: [Query], within patience: Duration) async -> [Result<Secret, SecretServiceFailure>] {
        guard !queries.isEmpty else { return [] }
        do throws(SecretServiceFailure) {
            return try await self.inSession(within: patience) { (dialogue) throws(SecretServiceFailure) in
                var results: [Result<Secret, SecretServiceFailure>] = []
                for query in queries {
                    do throws(SecretServiceFailure) {
                        results.append(.success(try await dialogue.read(query)))
                    } catch {
                        results.append(.failure(error))
                    }
                }
                return results
            }
        } catch {
            return queries.map { _ in .failure(error) }
        }
    }

    /// Removes every entry with these attributes; that there is none is no failure.
    func remove(_ attributes: [String: String], within patience: Duration) async throws(SecretServiceFailure) {
        try await self.inSession(within: patience) { (dialogue) throws(SecretServiceFailure) in
            let found = try await dialogue.search(attributes)
            for item in found.unlocked { try await dialogue.delete(item) }
            if found.unlocked.isEmpty, found.locked.isEmpty {
                // Some services find nothing in what is locked.
                guard try await !dialogue.isDefaultLocked() else { throw .locked }
            }
            guard found.locked.isEmpty else { throw .locked }
        }
    }

    /// Opens a connection and a session for a step, and closes them after it.
    private func inSession<Value: Sendable>(
        within patience: Duration, _ step: (SecretServiceDialogue) async throws(SecretServiceFailure) -> Value
    ) async throws(SecretServiceFailure) -> Value {
        let deadline = ContinuousClock.now.advanced(by: patience)
        let connection: BusConnection
        do throws(BusError) {
            connection = try await BusConnection.open(self.address, timeout: patience)
        } catch {
            throw error.kind == .timedOut
                ? .timedOut : SecretServiceFailure(.absent, "there is no session bus to look for it on")
        }
        do throws(SecretServiceFailure) {
            let dialogue = try await SecretServiceDialogue.open(on: connection, userID: self.userID, until: deadline)
            let value = try await step(dialogue)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }
}

extension SecretServiceFailure {
    /// A person has to unlock it.
    static let locked = SecretServiceFailure(
        .locked, "the Secret Service is locked: unlock the keyring of the session")
    /// It has not answered.
    static let timedOut = SecretServiceFailure(.timedOut, "the Secret Service has not answered in time")
    /// It is not there.
    static let absent = SecretServiceFailure(
        .absent, "there is no Secret Service on the session bus: start a keyring such as gnome-keyring or KeePassXC")
}
