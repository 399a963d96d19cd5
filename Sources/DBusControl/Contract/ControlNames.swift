public import DBusKit

/// The names that the daemon has on the bus.
public enum ControlNames {
    /// The well-known name that one daemon for each bus owns.
    public static let bus: BusName = "org.kmi.Proxy1"
}

/// The paths of the daemon's objects (contract section 9).
public enum ControlPath {
    /// The daemon itself, and the object manager of everything below it.
    public static let manager: ObjectPath = "/org/kmi/Proxy1"

    private static let keys: ObjectPath = "/org/kmi/Proxy1/key"
    private static let providers: ObjectPath = "/org/kmi/Proxy1/provider"
    private static let clients: ObjectPath = "/org/kmi/Proxy1/client"

    /// The object of the key of that label.
    public static func key(_ label: String) -> ObjectPath { Self.keys.appending(label) }

    /// The object of the provider of that name.
    public static func provider(_ name: String) -> ObjectPath { Self.providers.appending(name) }

    /// The object of the client of that name.
    public static func client(_ name: String) -> ObjectPath { Self.clients.appending(name) }

    /// The label of the key whose object has that path; `nil` if it is no key's path.
    public static func keyLabel(of path: ObjectPath) -> String? { Self.element(of: path, below: Self.keys) }

    /// The name of the provider whose object has that path; `nil` if it is no provider's path.
    public static func providerName(of path: ObjectPath) -> String? { Self.element(of: path, below: Self.providers) }

    /// The name of the client whose object has that path; `nil` if it is no client's path.
    public static func clientName(of path: ObjectPath) -> String? { Self.element(of: path, below: Self.clients) }

    private static func element(of path: ObjectPath, below parent: ObjectPath) -> String? {
        let prefix = parent.text + "/"
        guard path.text.hasPrefix(prefix) else { return nil }
        return ObjectPath.unescape(String(path.text.dropFirst(prefix.count)))
    }
}

extension ControlFault.Code {
    /// The prefix of the error names of the contract.
    private static let prefix = "org.kmi.Proxy1.Error."

    /// The name of the error in messages.
    public var errorName: ErrorName {
        // The raw values are literals of this folder, single CamelCase words.
        ErrorName(stringLiteral: Self.prefix + self.rawValue)
    }

    /// The code that an error name of a message stands for; `nil` for names that are not of the contract.
    public init?(errorName: ErrorName) {
        guard errorName.text.hasPrefix(Self.prefix) else { return nil }
        self.init(rawValue: String(errorName.text.dropFirst(Self.prefix.count)))
    }
}
