import DBusKit

// The methods of the standard interfaces, which every object has (D-Bus specification, "Standard Interfaces"), and their
// rows in the table of policies.

/// The methods of `org.freedesktop.DBus.Properties`.
enum PropertiesMethod: String, PolicedMethod {
    /// Tells a property.
    case get = "Get"
    /// Tells all properties.
    case getAll = "GetAll"
    /// Sets a property.
    case set = "Set"

    static var interface: InterfaceName { "org.freedesktop.DBus.Properties" }

    var policy: ControlPolicy {
        switch self {
        case .get, .getAll: .read
        // Of what has no row as a property that can be set; those rows decide about the others.
        case .set: .secrets
        }
    }
}

/// The methods of `org.freedesktop.DBus.ObjectManager`.
enum ObjectManagerMethod: String, PolicedMethod {
    /// Tells all objects with their properties.
    case getManagedObjects = "GetManagedObjects"

    static var interface: InterfaceName { "org.freedesktop.DBus.ObjectManager" }

    var policy: ControlPolicy {
        switch self {
        case .getManagedObjects: .read
        }
    }
}

/// The methods of `org.freedesktop.DBus.Introspectable`.
enum IntrospectableMethod: String, PolicedMethod {
    /// Tells the interfaces of an object, and the names of those below it: labels.
    case introspect = "Introspect"

    static var interface: InterfaceName { "org.freedesktop.DBus.Introspectable" }

    var policy: ControlPolicy {
        switch self {
        case .introspect: .read
        }
    }
}

/// The methods of `org.freedesktop.DBus.Peer`.
enum PeerMethod: String, PolicedMethod {
    /// Answers.
    case ping = "Ping"
    /// Tells which machine this is.
    case getMachineID = "GetMachineId"

    static var interface: InterfaceName { "org.freedesktop.DBus.Peer" }

    var policy: ControlPolicy {
        switch self {
        case .ping, .getMachineID: .anybody
        }
    }
}
