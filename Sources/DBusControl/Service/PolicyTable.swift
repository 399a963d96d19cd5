import DBusKit

/// A method that can be called, with its row in the table of policies.
protocol PolicedMethod: ControlMember {
    /// The interface that has the method.
    static var interface: InterfaceName { get }
    /// What a caller must be allowed to do.
    var policy: ControlPolicy { get }
}

/// A property, with its row in the table of policies.
protocol PolicedProperty: ControlMember {
    /// The interface that has the property.
    static var interface: InterfaceName { get }
    /// What a caller must be allowed to do in order to set it; `nil` if nobody can.
    ///
    /// Reading one is ``PropertiesMethod/get``.
    var settingPolicy: ControlPolicy? { get }
}

/// What a caller must be allowed to do, for each method of each interface and each property that can be set: the standard
/// interfaces included.
///
/// The rows are `switch` statements without a default (`PolicyTable+Rows.swift`), so that a member without a row does not
/// compile (L-010, T-001).
enum PolicyTable {
    /// A row.
    struct Row: Sendable, Hashable {
        /// What is done with the member.
        enum Use: Sendable, Hashable {
            /// The method is called.
            case call
            /// The property is set.
            case setting
        }

        /// The interface.
        let interface: InterfaceName
        /// The method or property.
        let member: MemberName
        /// What is done with it.
        let use: Use
        /// What the caller must be allowed to do.
        let policy: ControlPolicy
    }

    /// All rows.
    static let rows: [Row] =
        Self.rows(ManagerInterface.Method.self) + Self.rows(ManagerInterface.Property.self)
        + Self.rows(KeyInterface.Method.self) + Self.rows(KeyInterface.Property.self)
        + Self.rows(ProviderInterface.Property.self)
        + Self.rows(ClientInterface.Method.self) + Self.rows(ClientInterface.Property.self)
        + Self.rows(LogControlInterface.Property.self)
        + Self.rows(PropertiesMethod.self) + Self.rows(ObjectManagerMethod.self)
        + Self.rows(IntrospectableMethod.self) + Self.rows(PeerMethod.self)

    /// The policy of a method.
    static func policy(ofMethod member: String, of interface: String) -> ControlPolicy {
        Self.policies[Key(interface: interface, member: member, use: .call)] ?? .secrets
    }

    /// The policy of setting a property; callers who name no interface may mean any that has it.
    static func policy(ofSetting property: String, of interface: String) -> ControlPolicy {
        guard interface.isEmpty else {
            return Self.policies[Key(interface: interface, member: property, use: .setting)] ?? .secrets
        }
        let policies = Set(Self.rows.filter { $0.use == .setting && $0.member.text == property }.map(\.policy))
        return policies.count == 1 ? policies.first ?? .secrets : .secrets
    }

    /// The member that a call names, for records; all that do not exist have one title, since callers invent them at will.
    static func title(of call: BusCall) -> String {
        let key = Key(interface: call.interface.text, member: call.member.text, use: .call)
        return Self.policies[key] == nil ? Self.unknownMember : "\(call.interface).\(call.member)"
    }

    /// The title of members that do not exist.
    static let unknownMember = "unknown-member"

    private struct Key: Hashable {
        let interface: String
        let member: String
        let use: Row.Use
    }

    private static let policies = Dictionary(
        uniqueKeysWithValues: Self.rows.map {
            (Key(interface: $0.interface.text, member: $0.member.text, use: $0.use), $0.policy)
        })

    private static func rows<Method: PolicedMethod>(_: Method.Type) -> [Row] {
        Method.allCases.map {
            Row(interface: Method.interface, member: $0.member, use: .call, policy: $0.policy)
        }
    }

    private static func rows<Property: PolicedProperty>(_: Property.Type) -> [Row] {
        Property.allCases.compactMap { property in
            property.settingPolicy.map {
                Row(interface: Property.interface, member: property.member, use: .setting, policy: $0)
            }
        }
    }
}
