import DBusControl
import Gateway
import Logging
import ProxyCore
import StateStore

/// Brings secrets in that the Secret Service did not have, or did not hand out, when the daemon started, and removes those of
/// removed keys that it did not let go.
struct LateSecrets: Sendable {
    let watch: SecretWatch
    let control: DaemonControl
    /// Secrets of keys whose addition or removal was cut off, or that were locked then.
    let abandoned: [RuntimeChanges.AbandonedSecret]
    let job: SharedJobState

    /// Works until the task is cancelled.
    func work() async {
        let (control, job) = (self.control, self.job)
        self.watch.abandon(self.abandoned.map(\.label))
        await self.watch.run {
            job.begin()
            await control.removeFromService()
            await control.fetchLateSecrets()
            // That a keyring is locked is a matter of its owner, and told as `secrets` in Degraded.
            job.succeed()
        }
    }
}

extension DaemonControl {
    /// Removes secrets of removed keys from the Secret Service, as far as it lets; nothing waits for more than one of them.
    func removeFromService() async {
        for label in self.secretWatch.abandoned {
            guard !Task.isCancelled else { return }
            do {
                let isWorthGoingOn = try await self.inTurn { () throws(ControlFault) in
                    await self.removeFromService(label)
                }
                guard isWorthGoingOn else { return }
            } catch {
                // The daemon is ending; the next start tries it again.
                return
            }
        }
    }

    /// Removes one of them; `false` if the next one would only wait as well.
    private func removeFromService(_ label: KeyLabel) async -> Bool {
        guard self.secretWatch.abandoned.contains(label) else { return true }
        // A key of the same label may have been added meanwhile, and its secret stored.
        let keys = self.keeper.inForce.changes.keys
        guard !keys.contains(where: { $0.label == label && $0.secretPlace == .secretService }) else {
            self.secretWatch.forget(label)
            return true
        }
        guard let failure = await self.remove(.init(label: label, place: .secretService)) else {
            self.secretWatch.forget(label)
            return true
        }
        if self.secretWatch.isNews("\(failure)", of: label) {
            self.logger.warning(
                "the secret of a removed key cannot be removed",
                metadata: ["event": "secret_kept", "key": "\(label)", "reason": "\(failure)"])
        }
        return failure.code != .timedOut && failure.code != .absent
    }

    /// Stores the secret of a key that is added; tells where, and what to commit with the key.
    ///
    /// The disk is asked first whether the label is free: a call that timed out may have taken it, and the secret is that key's
    /// then. What the Secret Service gets counts as abandoned until the key is on disk, so that nothing stays there of which
    /// nobody knows (K-021).
    func keep(
        _ secret: Secret, of label: KeyLabel, _ preference: KeyVault.Preference
    ) async throws(ControlFault) -> (place: KeyVault.Place, further: [StateChange]) {
        let entry = RuntimeChanges.AbandonedSecret(label: label, place: .secretService)
        do throws(StateStoreError) {
            try await self.store.commit([.prepareKey(label, secret: preference == .files ? nil : entry.place)])
        } catch {
            if error.code == .conflict { throw Self.isOnDisk(label) }
            throw ControlFault(.busy, "The key cannot be saved, so nothing has changed: \(error.message)")
        }
        // What a key of that label left there is replaced; until that is sure, nothing may remove it.
        let wasAbandoned = preference == .files ? false : self.secretWatch.forget(label)
        do throws(KeyVault.Failure) {
            let stored = try await self.vault.store(secret, label: label, preference: preference)
            guard preference != .files, stored.place == .files else { return (stored.place, []) }
            guard wasAbandoned || stored.isStray else { return (stored.place, [.forgetSecret(entry)]) }
            self.secretWatch.abandon([label])
            return (stored.place, [])
        } catch {
            if wasAbandoned || error.isStray {
                self.secretWatch.abandon([label])
            } else if preference != .files {
                await self.forget(entry)
            }
            throw ControlFault(.busy, "The secret cannot be stored, so nothing has changed: \(error)")
        }
    }

    /// Removes the secret of a key that could not be added after all.
    func takeBack(_ key: RuntimeChanges.AddedKey) async {
        guard let failure = await self.remove(.init(label: key.label, place: key.secretPlace)) else { return }
        if key.secretPlace == .secretService { self.secretWatch.abandon([key.label]) }
        self.logger.warning(
            "the secret of a key that was not added cannot be removed",
            metadata: [
                "event": "secret_stray", "key": "\(key.label)", "store": "\(key.secretPlace.rawValue)",
                "reason": "\(failure)",
            ])
    }

    /// Asks the Secret Service for what is missing, and puts in force what it hands out.
    ///
    /// The question is no change: nobody's change waits for the answer, and an answer that a change has overtaken is void.
    func fetchLateSecrets() async {
        let asked = self.keeper.inForce
        let awaited = asked.awaited
        guard !awaited.isEmpty else { return }
        let answers = await self.secretWatch.service.answers(to: awaited, within: SecretWatch.patience)
        guard !Task.isCancelled else { return }
        do {
            try await self.inTurn { () throws(ControlFault) in
                let valid = self.keeper.inForce.valid(answers, askedIn: asked)
                if valid.count < answers.count { self.secretWatch.wake() }
                self.settle(valid)
            }
        } catch {
            // The daemon is ending, and needs no secrets any more.
            return
        }
    }

    /// Asks for everything that the Secret Service is to have, as a part of a change that has its turn.
    func askForServiceSecrets() async {
        let wanted = self.keeper.inForce.serviceSecrets
        if !wanted.isEmpty {
            self.settle(await self.secretWatch.service.answers(to: wanted, within: SecretWatch.patienceAtStart))
        } else {
            _ = self.secretWatch.tellLog()
        }
        self.secretWatch.wake()
    }

    private func settle(_ answers: [SecretHolder: SecretAnswer]) {
        let changed = self.keeper.settle(answers, to: self.gateway)
        let awaited = self.keeper.inForce.awaited
        for holder in changed.sorted(by: { $0.description < $1.description }) where awaited[holder] == nil {
            self.logger.notice(
                "a secret has come in from the Secret Service",
                metadata: ["event": "secret_arrived", "holder": "\(holder)"])
        }
        for line in self.secretWatch.tellLog() { self.hub.service?.warning(SecretWatch.warning, line) }
        guard !changed.isEmpty else { return }
        self.announceObjects()
        self.announceKeys()
    }
}
