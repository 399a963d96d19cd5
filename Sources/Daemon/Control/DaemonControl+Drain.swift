import DBusControl
import Logging
import StateStore

extension DaemonControl {
    // MARK: The end

    func drain() async throws(ControlFault) {
        guard self.end.ask() else { return }
        let entry = AuditEntry("drain_asked", "asked to end: no new requests from now on")
        do throws(StateStoreError) {
            // On disk before the store is told to close.
            try await self.store.commit([.audit(self.trail.event(entry))])
            self.trail.log(entry)
        } catch {
            // A disk that fails keeps nobody from ending the daemon.
            self.trail.tell(entry, after: error)
        }
        self.health.isDraining = true
        self.hub.statusChanged()
        self.end.begin()
    }
}
