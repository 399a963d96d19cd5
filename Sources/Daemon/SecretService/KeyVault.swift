import Crypto
import DBusControl
import Logging
import NIOPosix
import ProxyCore

/// Where the secrets of keys lie that are added at run time: in the Secret Service when one is there and unlocked, else in
/// `secrets/`, else nowhere (contract section 3).
///
/// Whoever keeps the list of keys stores a secret before the key is in the list, and removes it after the key is out of it.
/// A step that has begun is taken to its end also when whoever asked for it has gone.
struct KeyVault: Sendable {
    /// Where a person wants a secret to lie: with `auto` in the Secret Service if one is there and unlocked, else in
    /// `secrets/`; with the others there or nowhere.
    typealias Preference = KeyOptions.Store

    /// Where a secret lies.
    typealias Place = RuntimeChanges.SecretPlace

    /// A secret that is not stored, read or removed: what to do, as a part of a sentence, without any part of it.
    struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        /// What kept the Secret Service from it; `nil` where it was not that.
        let code: SecretServiceFailure.Code?
        /// Whether the Secret Service may have a secret that belongs to no key now.
        var isStray = false
        /// For people.
        let description: String
    }

    /// A secret that is stored.
    struct Stored: Sendable, Equatable {
        /// Where it lies.
        let place: Place
        /// Whether the Secret Service may have it as well, which belongs to no key there.
        var isStray = false
    }

    /// How long the Secret Service may take for one secret.
    static let patience = Duration.seconds(4)
    /// How long it may take to give back what it took too long for.
    static let patienceForUndoing = Duration.seconds(1)

    /// The files.
    let files: SecretDirectory
    /// The service.
    let service: SecretService
    /// What tells this installation's entries in the service from those of others (``installation(of:)``).
    let installation: String
    /// Runs what blocks.
    let threads: NIOThreadPool
    let logger: Logger

    /// Stores the secret of a key, in place of one that was there, and tells where it lies.
    ///
    /// If it throws there is no new secret, with one exception: what the service got too late is taken back from there, but
    /// not where the key's former secret may be, which `former` tells. What could not be taken back is a stray.
    func store(
        _ secret: Secret, label: KeyLabel, preference: Preference = .auto, former: Place? = nil
    ) async throws(Failure) -> Stored {
        try await Self.toTheEnd { () async throws(Failure) in
            var refusal: Failure?
            if preference != .files {
                do throws(Failure) {
                    try await self.storeInService(secret, label, takesBack: former != .secretService)
                    return Stored(place: .secretService)
                } catch {
                    refusal = error
                    guard preference == .auto else { throw error }
                }
            }
            do throws(Failure) {
                try await self.offLoop { () throws(SecretDirectory.Failure) in
                    try self.files.write(secret, named: label)
                }
            } catch {
                guard let refusal else { throw error }
                throw Failure(
                    code: refusal.code, isStray: refusal.isStray,
                    description: "neither in the Secret Service (\(refusal)) nor in a file (\(error))")
            }
            if let refusal {
                self.logger.info(
                    "the secret of a key lies in a file",
                    metadata: ["event": "secret_in_file", "key": "\(label)", "reason": "\(refusal)"])
            }
            return Stored(place: .files, isStray: refusal?.isStray ?? false)
        }
    }

    /// Removes the secret of a key; that there is none is no failure.
    func remove(_ label: KeyLabel, from place: Place) async throws(Failure) {
        try await Self.toTheEnd { () async throws(Failure) in
            switch place {
            case .files:
                try await self.offLoop { () throws(SecretDirectory.Failure) in try self.files.remove(label) }
            case .secretService:
                do throws(SecretServiceFailure) {
                    try await self.service.remove(self.attributes(of: label), within: Self.patience)
                } catch {
                    throw Failure(error)
                }
            }
        }
    }

    /// What tells one installation's entries from those of others: 16 hexadecimal digits that say nothing of its key.
    static func installation(of installationKey: [UInt8]) -> String {
        var code = HMAC<SHA256>(key: SymmetricKey(data: installationKey))
        code.update(data: Array("kmi secret service\0".utf8))
        return code.finalize().prefix(8).map { String($0 >> 4, radix: 16) + String($0 & 0xF, radix: 16) }.joined()
    }

    /// How the entry of a key is asked for.
    func query(for label: KeyLabel) -> SecretService.Query {
        SecretService.Query(attributes: self.attributes(of: label), maximum: SecretDirectory.largest, isOwn: true)
    }

    /// What the entry of a key is known by.
    private func attributes(of label: KeyLabel) -> [String: String] {
        ["xdg:schema": "org.kmi.Key", "installation": self.installation, "label": label.text]
    }

    private func storeInService(
        _ secret: Secret, _ label: KeyLabel, takesBack: Bool
    ) async throws(Failure) {
        do throws(SecretServiceFailure) {
            try await self.service.store(
                secret, label: "KMI key \(label)", attributes: self.attributes(of: label), within: Self.patience)
        } catch {
            // What came too late for us may still have come about.
            var failure = Failure(error)
            if takesBack, error.code == .timedOut || error.code == .unusable {
                failure.isStray = await !self.takeBack(label)
            }
            throw failure
        }
    }

    /// Removes what came too late; `false` if that may still be there.
    private func takeBack(_ label: KeyLabel) async -> Bool {
        do throws(SecretServiceFailure) {
            try await self.service.remove(self.attributes(of: label), within: Self.patienceForUndoing)
            return true
        } catch {
            self.logger.warning(
                "the Secret Service may have kept a secret that belongs to no key",
                metadata: [
                    "event": "secret_stray", "key": "\(label)", "installation": "\(self.installation)",
                    "reason": "\(error)",
                ])
            return false
        }
    }

    /// Runs what blocks on a thread for it.
    private func offLoop<Result: Sendable>(
        _ work: @escaping @Sendable () throws(SecretDirectory.Failure) -> Result
    ) async throws(Failure) -> Result {
        do {
            return try await self.threads.runIfActive(work)
        } catch {
            throw Failure(code: nil, description: "\(error)")
        }
    }

    /// Takes a step to its end whoever waits for it: one that is half done would stay so.
    private static func toTheEnd<Result: Sendable>(
        _ step: @escaping @Sendable () async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        let result = await Task { () async -> Swift.Result<Result, Failure> in
            do throws(Failure) {
                return .success(try await step())
            } catch {
                return .failure(error)
            }
        }.value
        return try result.get()
    }
}

extension KeyVault.Failure {
    fileprivate init(_ failure: SecretServiceFailure) {
        self.init(code: failure.code, description: failure.message)
    }
}
