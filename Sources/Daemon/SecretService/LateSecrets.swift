import DBusControl
import Logging
import ProxyCore
import ServiceLifecycle

/// Brings secrets in that the Secret Service did not have, or did not hand out, when the daemon started.
struct LateSecrets: Service {
    let watch: SecretWatch
    let control: DaemonControl

    func run() async throws {
        let (watch, control) = (self.watch, self.control)
        await cancelWhenGracefulShutdown {
            await watch.run { await control.fetchLateSecrets() }
        }
    }
}

extension DaemonControl {
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
