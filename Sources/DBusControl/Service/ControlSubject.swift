import DBusKit

/// One of the exported objects.
enum ControlSubject: Sendable, Hashable {
    /// The daemon itself.
    case manager
    /// The key of that label.
    case key(String)
    /// The provider of that name.
    case provider(String)
    /// The client of that name.
    case client(String)

    /// Where the object is.
    var path: ObjectPath {
        switch self {
        case .manager: ControlPath.manager
        case .key(let label): ControlPath.key(label)
        case .provider(let name): ControlPath.provider(name)
        case .client(let name): ControlPath.client(name)
        }
    }

    /// The interface that holds its properties.
    var interface: InterfaceName { self.description.name }

    /// The names of the properties whose changes are announced with their values.
    var announcedProperties: Set<String> {
        switch self {
        case .manager: Self.announcedOfManager
        case .key: Self.announcedOfKeys
        case .provider: Self.announcedOfProviders
        case .client: Self.announcedOfClients
        }
    }

    private var description: InterfaceDescription {
        switch self {
        case .manager: ManagerInterface.description
        case .key: KeyInterface.description
        case .provider: ProviderInterface.description
        case .client: ClientInterface.description
        }
    }

    private static let announcedOfManager = Self.announced(in: ManagerInterface.description)
    private static let announcedOfKeys = Self.announced(in: KeyInterface.description)
    private static let announcedOfProviders = Self.announced(in: ProviderInterface.description)
    private static let announcedOfClients = Self.announced(in: ClientInterface.description)

    private static func announced(in interface: InterfaceDescription) -> Set<String> {
        Set(interface.properties.filter { $0.change == .announced }.map(\.name.text))
    }
}
