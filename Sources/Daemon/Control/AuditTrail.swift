import DBusControl
import Gateway
import Logging
import ProxyCore
import StateStore
import Synchronization

/// Where everything goes that was done to the daemon, and that it refused: to the log and to the store (K-042).
///
/// Nothing here waits: the request path calls it.
final class AuditTrail: Sendable {
    private let store: StateStore
    private let time: any TimeSource
    private let logger: Logger
    private let folds = Mutex(AuditFolds())

    init(store: StateStore, time: any TimeSource, logger: Logger) {
        self.store = store
        self.time = time
        self.logger = logger
    }

    /// Tells the log, and hands the event to the store.
    func tell(_ entry: AuditEntry) {
        self.log(entry)
        self.keep(entry)
    }

    /// Tells the log, of what the store has already.
    func log(_ entry: AuditEntry) {
        let fields = entry.fields.merging(["event": "\(entry.action)"]) { field, _ in field }
        self.logger.log(level: entry.result == .ok ? .notice : .warning, entry.message, metadata: fields)
    }

    /// Hands an event to the store, of what the log has already.
    func keep(_ entry: AuditEntry) {
        self.store.append(self.event(entry))
    }

    /// Tells of what was done although the store has not committed the event together with it.
    ///
    /// Where it only did not answer in time the event may still land, and is not handed over again.
    func tell(_ entry: AuditEntry, after failure: StateStoreError) {
        self.log(entry)
        if failure.code != .timedOut { self.keep(entry) }
    }

    /// The event of an entry, now.
    func event(_ entry: AuditEntry) -> AuditEvent { entry.event(at: self.time.wallTime()) }

    /// A caller of the data plane was refused; the log knows it already.
    func refused(_ incident: CallerIncident) {
        let actor = incident.origin.description
        var fields: Logger.Metadata = ["reason": "\(incident.reason)"]
        fields["client"] = incident.client.map { "\($0)" }
        switch incident.kind {
        case .authenticationFailed:
            self.fold(AuditEntry("auth_failed", "", fields, target: "", result: .refused, actor: actor))
        case .certificateRefused(let subject):
            fields["subject"] = "\(subject)"
            self.fold(AuditEntry("certificate_refused", "", fields, target: "", result: .refused, actor: actor))
        case .blockedKey(let label, let state):
            fields["state"] = "\(state.rawValue)"
            fields["reason"] = nil
            self.fold(
                AuditEntry("blocked_key_used", "", fields, target: label.text, result: .refused, actor: actor))
        }
    }

    /// A call on the bus was refused.
    func refused(_ caller: ControlCaller?, asking member: String) {
        let actor = (caller ?? ControlCaller(userID: nil)).actor
        let entry = AuditEntry(
            "bus_caller_refused", "a caller on the bus was refused", ["actor": "\(actor)", "member": "\(member)"],
            result: .refused, actor: actor)
        if self.fold(entry).count == 1 { self.log(entry) }
    }

    @discardableResult
    private func fold(_ entry: AuditEntry) -> AuditEvent {
        let (event, now) = (self.event(entry), self.time.now())
        return self.folds.withLock { folds in
            let row = folds.note(event, fold: Int64.random(in: 1 ... .max), at: now)
            // Under the lock, so that a lower count never follows a higher one.
            self.store.append(row)
            return row
        }
    }
}
