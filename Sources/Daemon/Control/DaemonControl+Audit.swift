import DBusControl
import Logging
import ProxyCore
import StateStore

extension DaemonControl {
    // MARK: The audit

    func audit(_ filter: AuditFilter) async throws(ControlFault) -> AuditPage {
        var query = AuditQuery()
        query.limit = Int(filter.limit)
        query.cursor = filter.cursor
        query.since = filter.since.map { WallTime(microseconds: Int64(clamping: $0)) }
        query.until = filter.until.map { WallTime(microseconds: Int64(clamping: $0)) }
        query.action = filter.action
        do throws(StateStoreError) {
            let (records, next) = try await self.store.audit(query)
            return AuditPage(rows: records.map(AuditRow.init), cursor: next)
        } catch {
            throw ControlFault(error)
        }
    }

    func refused(_ caller: ControlCaller?, asking member: String) {
        self.trail.refused(caller, asking: member)
    }

    /// Tells the log and the audit what a person did; who it was is known from the running call.
    ///
    /// What it was done to is `target`, or the key, client, provider or setting among the fields. Where there is a change to be
    /// committed with it, ``commit(_:as:)`` is the better way.
    func audit(
        _ event: String, _ message: Logger.Message, _ fields: Logger.Metadata = [:], target: String? = nil,
        result: AuditEvent.Result = .ok
    ) {
        self.trail.tell(AuditEntry(event, message, fields, target: target, result: result))
    }

    /// Commits changes together with the event that tells of them, and tells the log then.
    func commit(_ changes: [StateChange], as entry: AuditEntry) async throws(ControlFault) {
        try await self.commit(changes + [.audit(self.trail.event(entry))])
        self.trail.log(entry)
    }
}

extension AuditRow {
    /// An event in the words of the bus; of one that happened several times the detail says how often.
    init(_ record: AuditRecord) {
        let event = record.event
        self.init()
        self.id = UInt64(clamping: record.number)
        self.at = event.at.unsigned
        self.actor = event.actor
        self.action = event.action
        self.target = event.target
        self.result = event.result.rawValue
        self.detail = event.detail
        guard event.count > 1 else { return }
        let times = "\(event.count) times, last \(event.lastAt.rfc3339Milliseconds)"
        self.detail += self.detail.isEmpty ? times : " (\(times))"
    }
}
