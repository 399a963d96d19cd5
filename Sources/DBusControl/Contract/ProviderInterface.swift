public import DBusKit

/// The interface `org.kmi.Proxy1.Provider`: its names, and the types of its members.
public enum ProviderInterface {
    /// The interface's name.
    public static let name: InterfaceName = "org.kmi.Proxy1.Provider"

    /// The properties; ``ProviderStatus`` says what they mean.
    public enum Property: String, ControlMember {
        /// ``ProviderStatus/name``.
        case name = "Name"
        /// ``ProviderStatus/kind``.
        case kind = "Kind"
        /// ``ProviderStatus/baseURL``.
        case baseURL = "BaseUrl"
        /// ``ProviderStatus/breaker``.
        case breaker = "Breaker"
        /// ``ProviderStatus/breakerRetryAt``.
        case breakerRetryAt = "BreakerRetryAt"
        /// ``ProviderStatus/overloadedUntil``.
        case overloadedUntil = "OverloadedUntil"
        /// ``ProviderStatus/keys``, as objects.
        case keys = "Keys"
        /// ``ProviderStatus/models``.
        case models = "Models"

        /// The property with its type, who may set it, and how its changes are announced.
        public var description: PropertyDescription {
            switch self {
            case .name: self.described("s", change: .const)
            case .kind, .baseURL, .breaker: self.described("s")
            case .breakerRetryAt, .overloadedUntil: self.described("t")
            case .keys: self.described("ao")
            case .models: self.described("as")
            }
        }
    }

    /// The interface as it is exported and introspected.
    public static let description = InterfaceDescription(
        name: Self.name,
        methods: [],
        properties: Property.allCases.map(\.description),
        signals: []
    )
}
