public import DBusKit

/// The interface `org.kmi.Proxy1.Client`: its names, and the types of its members.
public enum ClientInterface {
    /// The interface's name.
    public static let name: InterfaceName = "org.kmi.Proxy1.Client"

    /// The methods.
    public enum Method: String, ControlMember {
        /// Ends the client, if it was made at run time.
        case revoke = "Revoke"

        /// The method with its arguments.
        public var description: MethodDescription {
            switch self {
            case .revoke: MethodDescription(name: self.member, input: [], output: [])
            }
        }
    }

    /// The properties; ``ClientStatus`` says what they mean.
    public enum Property: String, ControlMember {
        /// ``ClientStatus/name``.
        case name = "Name"
        /// ``ClientStatus/scopes``.
        case scopes = "Scopes"
        /// ``ClientStatus/models``.
        case models = "Models"
        /// ``ClientStatus/routes``.
        case routes = "Routes"
        /// ``ClientStatus/projects``.
        case projects = "Projects"
        /// ``ClientStatus/limits``.
        case limits = "Limits"
        /// ``ClientStatus/project``.
        case project = "Project"
        /// ``ClientStatus/origin``.
        case origin = "Origin"
        /// ``ClientStatus/expiresAt``.
        case expiresAt = "ExpiresAt"
        /// ``ClientStatus/lastSeenAt``.
        case lastSeenAt = "LastSeenAt"
        /// ``ClientStatus/requests``.
        case requests = "Requests"

        /// The property with its type, who may set it, and how its changes are announced.
        public var description: PropertyDescription {
            switch self {
            case .name: self.described("s", change: .const)
            case .scopes, .models, .routes, .projects: self.described("as")
            case .limits: self.described("a{su}")
            case .project, .origin: self.described("s")
            case .expiresAt: self.described("t")
            // These move with each request.
            case .lastSeenAt, .requests: self.described("t", change: .silent)
            }
        }
    }

    /// The interface as it is exported and introspected.
    public static let description = InterfaceDescription(
        name: Self.name,
        methods: Method.allCases.map(\.description),
        properties: Property.allCases.map(\.description),
        signals: []
    )
}
