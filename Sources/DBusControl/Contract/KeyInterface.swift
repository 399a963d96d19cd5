public import DBusKit

/// The interface `org.kmi.Proxy1.Key`: its names, and the types of its members.
public enum KeyInterface {
    /// The interface's name.
    public static let name: InterfaceName = "org.kmi.Proxy1.Key"

    /// The methods.
    public enum Method: String, ControlMember {
        /// Ends every rest of the key, and forgets its errors.
        case reset = "Reset"
        /// Asks the provider now whether it takes the key.
        case probe = "Probe"
        /// Replaces the secret by one that is read from a descriptor.
        case replaceSecret = "ReplaceSecret"

        /// The method with its arguments.
        public var description: MethodDescription {
            switch self {
            case .reset: MethodDescription(name: self.member, input: [], output: [])
            case .probe:
                MethodDescription(
                    name: self.member, input: [], output: [ArgumentDescription(name: "result", signature: "s")])
            case .replaceSecret:
                MethodDescription(
                    name: self.member, input: [ArgumentDescription(name: "secret", signature: "h")], output: [])
            }
        }
    }

    /// The properties; ``KeyStatus`` says what they mean.
    public enum Property: String, ControlMember {
        /// ``KeyStatus/label``.
        case label = "Label"
        /// ``KeyStatus/provider``.
        case provider = "Provider"
        /// ``KeyStatus/state``.
        case state = "State"
        /// ``KeyStatus/reason``.
        case reason = "Reason"
        /// ``KeyStatus/usableAt``.
        case usableAt = "UsableAt"
        /// ``KeyStatus/warn``.
        case warn = "Warn"
        /// ``KeyStatus/enabled``; can be set.
        case enabled = "Enabled"
        /// ``KeyStatus/priority``; can be set.
        case priority = "Priority"
        /// ``KeyStatus/weight``; can be set.
        case weight = "Weight"
        /// ``KeyStatus/limits``; can be set.
        case limits = "Limits"
        /// ``KeyStatus/account``.
        case account = "Account"
        /// ``KeyStatus/origin``.
        case origin = "Origin"
        /// ``KeyStatus/masked``.
        case masked = "Masked"
        /// ``KeyStatus/fingerprint``.
        case fingerprint = "Fingerprint"
        /// ``KeyStatus/windows``.
        case windows = "Windows"
        /// ``KeyStatus/inconsistentWindows``.
        case inconsistentWindows = "InconsistentWindows"
        /// ``KeyStatus/inFlight``.
        case inFlight = "InFlight"
        /// ``KeyStatus/requests``.
        case requests = "Requests"
        /// ``KeyStatus/errors``.
        case errors = "Errors"
        /// ``KeyStatus/lastUsedAt``.
        case lastUsedAt = "LastUsedAt"
        /// ``KeyStatus/modelStates``.
        case modelStates = "ModelStates"

        /// The property with its type, who may set it, and how its changes are announced.
        public var description: PropertyDescription {
            switch self {
            case .label, .provider: self.described("s", change: .const)
            case .state, .reason, .account, .origin, .masked, .fingerprint: self.described("s")
            case .usableAt: self.described("t")
            case .warn: self.described("b")
            case .enabled: self.described("b", access: .readWrite)
            case .priority: self.described("i", access: .readWrite)
            case .weight: self.described("u", access: .readWrite)
            case .limits: self.described("a{su}", access: .readWrite)
            case .windows: self.described("a(sddt)")
            case .inconsistentWindows: self.described("as")
            case .modelStates: self.described("a(ssst)")
            // These move with each request.
            case .inFlight: self.described("u", change: .silent)
            case .requests, .lastUsedAt: self.described("t", change: .silent)
            case .errors: self.described("a{st}", change: .silent)
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
