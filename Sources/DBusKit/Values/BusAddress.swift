/// Which bus to connect to.
public enum BusAddress: Sendable, Hashable, CustomStringConvertible {
    /// The bus of the user's session.
    case session
    /// The bus of the machine.
    case system
    /// The bus at an address in the specification's notation, such as `unix:path=/run/user/1000/bus`.
    case address(String)

    /// The bus in words, for people.
    public var description: String {
        switch self {
        case .session: "the session bus"
        case .system: "the system bus"
        case .address(let text): "the bus at \(text)"
        }
    }
}
