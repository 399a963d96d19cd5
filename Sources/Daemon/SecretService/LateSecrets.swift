import DBusControl
import Logging
import ProxyCore
import ServiceLifecycle

/// Brings secrets in that the Secret Service did not have, or did not hand out, when the daemon started.
struct LateSecrets: Service {
    let watch: SecretWatch
    let control: DaemonControl
    /// Secrets of keys whose removal was cut off, or that was locked then.
    let abandoned: [RuntimeChanges.AbandonedSecret]

    func run() async throws {
        let (watch, control, abandoned) = (self.watch, self.control, self.abandoned)
        await cancelWhenGracefulShutdown {
            if !abandoned.isEmpty { await control.removeFromService(abandoned) }
            await watch.run { await control.fetchLateSecrets() }
        }
    }
}

extension DaemonControl {
    /// Removes secrets of removed keys from the Secret Service, which no start waits for.
    func removeFromService(_ abandoned: [RuntimeChanges.AbandonedSecret]) async {
        do {
            try await self.inTurn { () throws(ControlFault) in
                // A key of the same label may have been added meanwhile, and its secret stored.
                let kept = Set(
                    self.keeper.inForce.changes.keys.filter { $0.secretPlace == .secretService }.map(\.label))
                await self.removeAbandonedSecrets(abandoned.filter { !kept.contains($0.label) })
            }
        } catch {
            // The daemon is ending; the next start tries it again.
            return
        }
    }

    /// Stores the secret of a key that is added.
    func keep(
        _ secret: Secret, of label: KeyLabel, _ preference: KeyVault.Preference
    ) async throws(ControlFault) -> KeyVault.Place {
        do throws(KeyVault.Failure) {
            return try await self.vault.store(secret, label: label, preference: preference)
        } catch {
            throw ControlFault(.busy, "The secret cannot be stored, so nothing has changed: \(error)")
        }
    }

    /// Removes the secret of a key that could not be added after all.
    func takeBack(_ key: RuntimeChanges.AddedKey) async {
        do throws(KeyVault.Failure) {
            try await self.vault.remove(key.label, from: key.secretPlace)
        } catch {
            self.logger.warning(
                "the secret of a key that was not added cannot be removed",
                metadata: [
                    "event": "secret_stray", "key": "\(key.label)", "store": "\(key.secretPlace.rawValue)",
                    "reason": "\(error)",
                ])
        }
    }

    /// Asks the Secret Service for what is missing, and puts in force what it hands out.
    ///
    /// The question is no change: nobody's change waits for the answer.
    func fetchLateSecrets() async {
        let awaited = self.keeper.inForce.awaited
        guard !awaited.isEmpty else { return }
        let answers = await self.secretWatch.service.answers(to: awaited, within: SecretWatch.patience)
        guard !Task.isCancelled else { return }
        do {
            try await self.inTurn { () throws(ControlFault) in self.settle(answers) }
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
