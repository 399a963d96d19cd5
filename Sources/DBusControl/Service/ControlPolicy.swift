import DBusKit

/// What a caller must be allowed to do for a member (contract section 9).
///
/// On a session bus one rule stands behind all but ``anybody``: the caller runs as the daemon's own user. On the system bus
/// each is an action of polkit, whose defaults are in `dbus/org.kmi.Proxy1.policy`.
enum ControlPolicy: Sendable, CaseIterable {
    /// Nothing: it tells nothing that is worth hiding. Such calls are answered before anybody is asked.
    case anybody
    /// To look.
    case read
    /// To change what the daemon does.
    case control
    /// To bring secrets in, and to have secrets made.
    case secrets

    /// The action that polkit is asked for; `nil` if nobody has to be asked.
    var action: String? {
        switch self {
        case .anybody: nil
        case .read: "org.kmi.proxy1.read"
        case .control: "org.kmi.proxy1.control"
        case .secrets: "org.kmi.proxy1.secrets"
        }
    }

    /// The policy of a call; that of a member that does not exist is ``secrets``: it is refused as such later, to those who
    /// may do everything only.
    static func of(_ call: BusCall) -> ControlPolicy {
        guard call.interface == PropertiesMethod.interface, call.member == PropertiesMethod.set.member else {
            return PolicyTable.policy(ofMethod: call.member.text, of: call.interface.text)
        }
        guard call.arguments.count >= 2, let interface = call.arguments[0].asString,
            let property = call.arguments[1].asString
        else { return PropertiesMethod.set.policy }
        return PolicyTable.policy(ofSetting: property, of: interface)
    }
}
