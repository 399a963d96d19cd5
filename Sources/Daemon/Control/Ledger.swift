import DBusControl
import Gateway
import ProxyCore
import StateStore
import Synchronization

/// Passes on what the gateway tells: to the store, so that it survives, and to the bus and the desktop, so that it shows.
///
/// Called on event loops; nothing here waits.
final class Ledger: GatewayObserver {
    private let store: StateStore
    private let hub: ControlHub
    private let trail: AuditTrail
    private let time: any TimeSource
    private let gateway = Mutex<Gateway?>(nil)

    init(store: StateStore, hub: ControlHub, trail: AuditTrail, time: any TimeSource) {
        self.store = store
        self.time = time
        self.trail = trail
        self.hub = hub
    }

    /// Ties the knot: the gateway is made with its observer, which asks the gateway what it remembers.
    func observe(_ gateway: Gateway) {
        self.gateway.withLock { $0 = gateway }
    }

    /// Lets go of the gateway, at the end.
    func end() {
        self.gateway.withLock { $0 = nil }
    }

    func requestFinished(_ record: RequestRecord) {
        self.store.append(record)
        self.countError(of: record)
        guard let service = self.hub.service else { return }
        if service.hasSubscribers { service.requestFinished(RequestRow(record)) }
        for (id, _) in record.lastAttempts { service.keyUsed(id.label.text) }
        service.statusChanged()
    }

    /// Warns, once, when too many requests fail.
    private func countError(of record: RequestRecord) {
        guard let finding = self.hub.attention.note(record, at: self.time.now()) else { return }
        self.gateway.withLock { $0 }?.warn("errors_frequent", finding.sentence)
    }

    func keyChanged(_ transition: KeyTransition) {
        self.hub.attention.wake()
        if transition.model == nil { self.hub.standingMoved() }
        guard let service = self.hub.service else { return }
        // States of one model show in `ModelStates` only (contract section 7).
        guard transition.model == nil else { return service.keyChanged(transition.key.text) }
        service.keyStateChanged(
            transition.key.text, old: transition.old.rawValue, new: transition.new.rawValue,
            reason: transition.reason?.rawValue ?? "",
            usableAt: self.microseconds(of: transition.usableAt))
        // A key that went out of use for a reason of its provider's was in use; one that a person takes out tells its
        // rotation itself.
        guard transition.old == .usable, let reason = transition.reason, let gateway = self.gateway.withLock({ $0 }),
            let provider = gateway.dispatcher.provider(of: transition.key),
            let next = gateway.nextKey(of: provider)
        else { return }
        service.rotated(from: transition.key.text, to: next.text, reason: reason.rawValue)
    }

    func providerChanged(_ provider: ProviderName) {
        self.hub.service?.providerChanged(provider.text)
        self.hub.statusChanged()
    }

    func warned(_ code: String, _ message: String) {
        self.hub.service?.warning(code, message)
    }

    func refused(_ incident: CallerIncident) {
        self.trail.refused(incident)
    }

    func nonceUsed(_ nonce: UsedNonce, at now: WallTime) {
        self.store.append(nonce, at: now)
    }

    func memoryMoved() {
        guard let gateway = self.gateway.withLock({ $0 }) else { return }
        self.store.remember(gateway.memory())
    }

    private func microseconds(of instant: Instant?) -> UInt64 {
        instant.map { self.hub.clock.wallTime(of: $0).unsigned } ?? 0
    }
}
