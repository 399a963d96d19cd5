import DBusKit

/// What a caller must be allowed to do for a member, the row of each member in one table.
///
/// On a session bus one rule stands behind all three: the caller runs as the daemon's own user. A member without a row
/// does not compile (L-010, T-001).
enum ControlPolicy: Sendable, CaseIterable {
    /// To look.
    case read
    /// To change what the daemon does.
    case control
    /// To bring secrets in, and to have secrets made.
    case secrets

    /// The policy of a call, of the standard interfaces included.
    static func of(_ call: BusCall) -> ControlPolicy {
        let member = call.member.text
        // A member that does not exist is refused as such later, to those who may do everything only.
        switch call.interface {
        case ManagerInterface.name: return ManagerInterface.Method(rawValue: member)?.policy ?? .secrets
        case KeyInterface.name: return KeyInterface.Method(rawValue: member)?.policy ?? .secrets
        // It has no methods.
        case ProviderInterface.name: return .secrets
        // It has none either.
        case LogControlInterface.name: return .secrets
        case ClientInterface.name: return ClientInterface.Method(rawValue: member)?.policy ?? .secrets
        default: return member == Self.settingMember ? .control : .read
        }
    }

    /// The member of `org.freedesktop.DBus.Properties` that changes something; no other standard one does.
    private static let settingMember = "Set"
}

extension ManagerInterface.Method {
    /// What a caller must be allowed to do.
    var policy: ControlPolicy {
        switch self {
        case .listRequests, .getRequest, .summarizeRequests, .explainRoute, .getUsage, .getPrices, .metrics,
            .subscribe, .unsubscribe, .listAudit, .checkConfig, .getConfig, .diagnose:
            .read
        case .addProvider, .removeProvider, .backup, .drain, .removeKey, .rotate, .resetKeys, .refreshUsage,
            .revokeClient, .reload, .importPrices:
            .control
        case .addKey, .createClient: .secrets
        }
    }
}

extension KeyInterface.Method {
    /// What a caller must be allowed to do.
    var policy: ControlPolicy {
        switch self {
        case .reset, .probe: .control
        case .replaceSecret: .secrets
        }
    }
}

extension ClientInterface.Method {
    /// What a caller must be allowed to do.
    var policy: ControlPolicy {
        switch self {
        case .revoke: .control
        }
    }
}
