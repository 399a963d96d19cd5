import DBusControl
import Logging

extension DaemonControl {
    // MARK: The end

    func drain() async throws(ControlFault) {
        guard self.end.ask() else { return }
        let entry = AuditEntry("drain_asked", "asked to end: no new requests from now on")
        do throws(ControlFault) {
            // On disk before the store is told to close.
            try await self.commit([], as: entry)
        } catch {
            // A disk that fails keeps nobody from ending the daemon.
            self.trail.tell(entry)
        }
        self.health.isDraining = true
        self.hub.service?.statusChanged()
        self.end.begin()
    }
}
