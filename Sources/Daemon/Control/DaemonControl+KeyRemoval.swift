import DBusControl
import Gateway
import Logging
import ProxyCore
import StateStore

extension DaemonControl {
    // MARK: Keys that go

    /// Removes an added key in three steps: it serves nothing new from now on; the requests that it serves end; it goes.
    ///
    /// Other changes are made while the requests end. Until the last step nothing is on disk, so that the key is back after a
    /// crash; that step notes the secret as one to remove. What cannot be removed is tried again: a file at the next start, an
    /// entry of the Secret Service also whenever that may let it.
    func removeKey(_ label: String) async throws(ControlFault) {
        let key = try await self.inTurn { () throws(ControlFault) in try self.beginRemoval(of: label) }
        let limit = self.keeper.inForce.effective.configuration.server.timeouts.drain
        let isDrained = await self.gateway.requestsEnded(on: key.label, within: limit)
        try await self.inTurn { () throws(ControlFault) in try await self.endRemoval(of: key, isDrained: isDrained) }
    }

    private func beginRemoval(of label: String) throws(ControlFault) -> RuntimeChanges.AddedKey {
        let inForce = self.keeper.inForce
        if let key = inForce.file.configuration.keys.first(where: { $0.label.text == label }) {
            throw ControlFault(
                .notAllowed,
                "The key \"\(key.label)\" stands in \(self.file(of: key.label)): remove it there, or disable it.")
        }
        guard let key = inForce.changes.keys.first(where: { $0.label.text == label }) else {
            throw ControlFault(.notFound, "There is no key \"\(label.printable)\" that was added at run time.")
        }
        if inForce.leaving.contains(key.label) { throw Self.isLeaving(key.label) }
        self.tellingOfNext(after: key.label) { self.setLeaving(key.label, true) }
        self.announceKeys()
        return key
    }

    private func endRemoval(of key: RuntimeChanges.AddedKey, isDrained: Bool) async throws(ControlFault) {
        do throws(ControlFault) {
            try await self.commit(
                [.removeKey(key.label)],
                as: AuditEntry(
                    "key_removed", "key removed",
                    ["key": "\(key.label)", "provider": "\(key.provider)", "drained": "\(isDrained)"]))
        } catch {
            self.setLeaving(key.label, false)
            self.announceKeys()
            throw error
        }
        let inForce = self.keeper.inForce
        var changes = inForce.changes
        changes.keys.removeAll { $0.label == key.label }
        var added = inForce.addedSecrets
        added[key.label] = nil
        self.keeper.apply(
            changes, addedSecrets: added, leaving: inForce.leaving.subtracting([key.label]), to: self.gateway)
        self.announceObjects()
        let secret = RuntimeChanges.AbandonedSecret(label: key.label, place: key.secretPlace)
        if let failure = await self.remove(secret) {
            if secret.place == .secretService { self.secretWatch.abandon([secret.label]) }
            let retry = secret.place == .secretService ? "when the Secret Service may let it" : "at the next start"
            throw ControlFault(
                .busy, "The key is removed, but its secret could not be, which is tried again \(retry): \(failure)")
        }
    }

    private func setLeaving(_ label: KeyLabel, _ isLeaving: Bool) {
        let inForce = self.keeper.inForce
        var leaving = inForce.leaving
        if isLeaving { leaving.insert(label) } else { leaving.remove(label) }
        self.keeper.apply(inForce.changes, leaving: leaving, to: self.gateway)
    }

    // MARK: Their secrets

    /// Removes the secrets in files of keys whose removal was cut off, before anything else is done to these keys.
    func removeAbandonedSecrets(_ secrets: [RuntimeChanges.AbandonedSecret]) async {
        for secret in secrets {
            guard let failure = await self.remove(secret) else { continue }
            self.logger.warning(
                "the secret of a removed key cannot be removed",
                metadata: ["event": "secret_kept", "key": "\(secret.label)", "reason": "\(failure)"])
        }
    }

    /// Removes an abandoned secret, unless the configuration file needs it; tells what stands in the way.
    func remove(_ secret: RuntimeChanges.AbandonedSecret) async -> KeyVault.Failure? {
        do throws(KeyVault.Failure) {
            if secret.place == .files, self.keeper.inForce.refers(to: secret.label) {
                self.logger.notice(
                    "the secret of a removed key stays, because the configuration file refers to it",
                    metadata: ["event": "secret_kept", "key": "\(secret.label)"])
            } else {
                try await self.vault.remove(secret.label, from: secret.place)
            }
        } catch {
            return error
        }
        await self.forget(secret)
        return nil
    }

    /// Takes a secret that is gone out of the state.
    func forget(_ secret: RuntimeChanges.AbandonedSecret) async {
        do throws(StateStoreError) {
            try await self.store.commit([.forgetSecret(secret)])
        } catch {
            // It is looked for again at the next start, and not found.
            self.logger.notice(
                "a removed secret cannot be taken out of the state",
                metadata: ["event": "secret_remembered", "key": "\(secret.label)", "reason": "\(error)"])
        }
    }
}
