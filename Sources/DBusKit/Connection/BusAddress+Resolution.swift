import Glibc

extension BusAddress {
    /// The address for libdbus; fails with `unreachable` if there is none, or none that can be used.
    func resolved(environment: (String) -> String? = BusAddress.variable) throws(BusError) -> String {
        switch self {
        case .session:
            if let text = environment("DBUS_SESSION_BUS_ADDRESS") { return try Self.checked(text) }
            guard let directory = environment("XDG_RUNTIME_DIR") else {
                throw BusError(
                    kind: .unreachable,
                    "there is no session bus: neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set"
                )
            }
            return try Self.checked("unix:path=\(Self.escaped(directory))/bus")
        case .system:
            return try Self.checked(
                environment("DBUS_SYSTEM_BUS_ADDRESS") ?? "unix:path=/var/run/dbus/system_bus_socket"
            )
        case .address(let text):
            return try Self.checked(text)
        }
    }

    /// A variable of the environment that is set and not empty.
    static func variable(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    // Other transports start programs (unixexec, autolaunch), or wait for other machines (tcp).
    private static func checked(_ text: String) throws(BusError) -> String {
        let entries = text.split(separator: ";")
        guard !entries.isEmpty, entries.allSatisfy({ $0.hasPrefix("unix:") }), !text.utf8.contains(0) else {
            throw BusError(kind: .unreachable, "'\(text)' is not an address of a bus at a unix socket")
        }
        return text
    }

    /// Escapes a value of an address (D-Bus specification, "Server Addresses").
    private static func escaped(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "/"),
                UInt8(ascii: "."), UInt8(ascii: "\\"), UInt8(ascii: "*"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16)
                result += "%" + String(repeating: "0", count: 2 - digits.count) + digits
            }
        }
        return result
    }
}
