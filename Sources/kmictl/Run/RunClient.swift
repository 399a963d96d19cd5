import DBusControl

/// The client of one run: it has a token of its own, which ends with the run.
struct RunClient: Sendable {
    /// How long the token is good for where nobody ends it, as after a kill: seven days in microseconds.
    ///
    /// A run that takes longer is refused from then on.
    static let life: UInt64 = 7 * 86_400 * 1_000_000

    private static let prefix = "run-"
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789")
    private static let randomLetters = 8

    /// The client's name.
    let name: String
    /// When the token ends, in microseconds since the epoch.
    let expiresAt: UInt64
    /// The token.
    let token: SecretText

    private let lock: RunLock?

    /// Makes a client for a project; the empty one is none.
    static func make(
        project: String, in directory: String?, of daemon: any ControlAccess, now: UInt64
    ) async throws(ControlClientError) -> RunClient {
        var options = ClientOptions()
        options.project = project
        options.expiresAt = now + Self.life
        let name = Self.newName()
        // Before the client, so that a client without its lock held is one whose run is over.
        let lock = RunLock(name: name, in: directory)
        do throws(ControlClientError) {
            let token = try await daemon.createClient(name, options: options)
            return RunClient(name: name, expiresAt: options.expiresAt, token: token, lock: lock)
        } catch {
            await Self.abandon(name, lock, of: daemon, after: error)
            throw error
        }
    }

    /// Ends the client whose making failed, since it may have been made all the same: only its answer is missing then.
    ///
    /// Where it cannot be ended, or is not there yet, the lock's file stays, so that the next run ends it.
    private static func abandon(
        _ name: String, _ lock: RunLock?, of daemon: any ControlAccess, after failure: ControlClientError
    ) async {
        switch failure.code {
        case .alreadyExists, .invalidArgument, .notAllowed, .accessDenied, .notFound:
            // Refused: there is none of ours.
            lock?.remove()
        case .invalidConfig, .upstreamFailed, .busy, .timedOut, .unreachable, .protocolError:
            do throws(ControlClientError) {
                try await Lingering.run { () async throws(ControlClientError) in try await daemon.revokeClient(name) }
                lock?.remove()
            } catch {
                // Whoever reads the error of the making need not know of a second one.
                lock?.release()
            }
        }
    }

    /// Ends the client; that somebody else has is as good.
    func end(of daemon: any ControlAccess) async throws(ControlClientError) {
        try await daemon.endClient(self.name)
        self.lock?.remove()
    }

    /// Ends the clients of runs that could not do it themselves.
    ///
    /// What fails is left for the next run, and for the expiry of the tokens.
    static func endForgotten(
        in directory: String?, of daemon: any ControlAccess, now: UInt64
    ) async throws(ControlClientError) {
        for client in try await daemon.clients() where Self.isName(client.name) && client.origin != "file" {
            let isExpired = client.expiresAt > 0 && client.expiresAt <= now
            guard isExpired || RunLock.isOver(client.name, in: directory) else { continue }
            try await daemon.endClient(client.name)
            RunLock.remove(client.name, in: directory)
        }
    }

    /// Whether a client of that name may be one of a run.
    static func isName(_ name: String) -> Bool {
        let letters = name.dropFirst(Self.prefix.count)
        return name.hasPrefix(Self.prefix) && letters.count == Self.randomLetters
            && letters.allSatisfy(Self.alphabet.contains)
    }

    private static func newName() -> String {
        var random = SystemRandomNumberGenerator()
        let letters = (0..<Self.randomLetters).map { _ in
            Self.alphabet[Int.random(in: 0..<Self.alphabet.count, using: &random)]
        }
        return Self.prefix + String(letters)
    }

}

extension ControlAccess {
    /// Ends a client; that there is none any more is as good.
    func endClient(_ name: String) async throws(ControlClientError) {
        do throws(ControlClientError) {
            try await self.revokeClient(name)
        } catch {
            guard error.code == .notFound else { throw error }
        }
    }
}
