import DBusControl
import Logging
import ProxyCore
import StateStore

/// Something that was done, told once: as an entry of the log and as an event of the audit.
struct AuditEntry: Sendable {
    /// The word for it, `event` of the log and `action` of the audit.
    let action: String
    /// The message of the log.
    let message: Logger.Message
    /// What the log has as fields and the audit as its detail.
    let fields: Logger.Metadata
    /// To what it was done.
    let target: String
    /// How it ended.
    let result: AuditEvent.Result
    /// Who did it.
    let actor: String

    /// The fields that name what something was done to, the first one that is there.
    private static let targets = ["target", "key", "client", "provider", "setting", "member", "file"]
    /// The field that gave the target; `nil` if none did.
    private let targetField: String?

    /// Makes an entry.
    ///
    /// Without a target it is what the fields name: a key, a client, a provider, a setting, a member of the bus or a file. Without an actor it is the user that
    /// the running task acts for, or else the daemon.
    init(
        _ action: String, _ message: Logger.Message, _ fields: Logger.Metadata = [:], target: String? = nil,
        result: AuditEvent.Result = .ok, actor: String? = nil
    ) {
        self.action = action
        self.message = message
        self.fields = fields
        self.targetField = target == nil ? Self.targets.first { fields[$0] != nil } : nil
        self.target = target ?? self.targetField.flatMap { fields[$0] }.map { "\($0)" } ?? ""
        self.result = result
        self.actor = actor ?? ControlCaller.current?.actor ?? "daemon"
    }

    /// The event, at a time: the field that gave the target is not said again.
    func event(at time: WallTime) -> AuditEvent {
        let rest = self.fields.sorted { $0.key < $1.key }.filter { $0.key != self.targetField && "\($0.value)" != "" }
        return AuditEvent(
            at: time, actor: self.actor, action: self.action, target: self.target, result: self.result,
            detail: rest.map { "\($0.key)=\($0.value)" }.joined(separator: " "))
    }
}
