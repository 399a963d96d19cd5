import DBusKit

/// The bus on which the daemon is looked for.
public enum ControlAddress: Sendable, Equatable, CustomStringConvertible {
    /// The user's session bus.
    case session
    /// The system bus.
    case system
    /// The bus at a D-Bus address.
    case address(String)

    /// The bus in words.
    public var description: String {
        switch self {
        case .session: "the session bus"
        case .system: "the system bus"
        case .address(let address): "the bus at \(address)"
        }
    }

    var bus: BusAddress {
        switch self {
        case .session: .session
        case .system: .system
        case .address(let address): .address(address)
        }
    }
}
