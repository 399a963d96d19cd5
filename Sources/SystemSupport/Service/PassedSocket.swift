import CSystemd
import Glibc

/// A listening socket that the service manager holds and has passed to this process (`sd_listen_fds(3)`).
public struct PassedSocket: Sendable, Hashable {
    /// Where a socket listens.
    public enum Place: Sendable, Hashable, CustomStringConvertible {
        /// A numeric address, IPv6 without brackets, and a port.
        case tcp(host: String, port: UInt16)
        /// The path of a Unix socket; `@` and its name for an abstract one, empty for one without a name.
        case unix(path: String)

        /// The place as the configuration writes it.
        public var description: String {
            switch self {
            case .tcp(let host, let port): host.utf8.contains(0x3A) ? "[\(host)]:\(port)" : "\(host):\(port)"
            case .unix(let path): "unix:\(path)"
            }
        }
    }

    /// The descriptor, which is closed on exec; whoever listens on it owns it.
    public var descriptor: CInt
    /// The name of `FileDescriptorName=`: that of the socket unit, or `unknown`, where none is set.
    public var name: String
    /// Where it listens.
    public var place: Place

    /// Describes a socket.
    public init(descriptor: CInt, name: String, place: Place) {
        self.descriptor = descriptor
        self.name = name
        self.place = place
    }

    /// Looks at what a descriptor is.
    ///
    /// Throws if it is anything but a listening stream socket of the families `inet`, `inet6` and `unix`.
    public init(descriptor: CInt, name: String) throws(PassedSocketFailure) {
        func refuse(_ reason: String) -> PassedSocketFailure {
            PassedSocketFailure(descriptor: descriptor, name: name, reason: reason)
        }
        let type: CInt
        let isListening: Bool
        let found: Place?
        do throws(SystemFailure) {
            type = try Self.option(SO_TYPE, of: descriptor)
            isListening = try Self.option(SO_ACCEPTCONN, of: descriptor) != 0
            found = try Self.place(of: descriptor)
        } catch {
            throw refuse(error.number == ENOTSOCK ? "not a socket" : String(cString: strerror(error.number)))
        }
        guard type == CInt(SOCK_STREAM.rawValue) else { throw refuse("not a stream socket: use ListenStream=") }
        guard isListening else { throw refuse("not a listening socket: use ListenStream= with Accept=no") }
        guard let found else { throw refuse("neither TCP nor a Unix socket") }
        self.init(descriptor: descriptor, name: name, place: found)
    }

    private struct SystemFailure: Error {
        let number: CInt
    }

    private static func option(_ name: CInt, of descriptor: CInt) throws(SystemFailure) -> CInt {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        guard getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 else { throw SystemFailure(number: errno) }
        return value
    }

    private static func place(of descriptor: CInt) throws(SystemFailure) -> Place? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard code == 0 else { throw SystemFailure(number: errno) }
        let bytes = withUnsafeBytes(of: storage) { Array($0.prefix(Int(length))) }
        return Self.place(family: CInt(storage.ss_family), address: bytes)
    }

    /// The place that the bytes of a `sockaddr` name; `nil` for other families.
    static func place(family: CInt, address: [UInt8]) -> Place? {
        switch family {
        case AF_INET where address.count >= 8:
            return .tcp(host: Self.text(AF_INET, Array(address[4..<8])), port: Self.port(address))
        case AF_INET6 where address.count >= 24:
            return .tcp(host: Self.text(AF_INET6, Array(address[8..<24])), port: Self.port(address))
        case AF_UNIX:
            // The family stands before the path, which may but need not end with a zero.
            let path = address.dropFirst(2)
            guard let first = path.first else { return .unix(path: "") }
            let name = first == 0 ? path.dropFirst() : path.prefix { $0 != 0 }
            return .unix(path: (first == 0 ? "@" : "") + String(decoding: name, as: UTF8.self))
        default:
            return nil
        }
    }

    private static func port(_ address: [UInt8]) -> UInt16 { UInt16(address[2]) << 8 | UInt16(address[3]) }

    private static func text(_ family: CInt, _ address: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, address, &text, socklen_t(text.count)) != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A descriptor that was passed and cannot be listened on.
public struct PassedSocketFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The descriptor; −1 where the manager's word for all of them cannot be understood.
    public var descriptor: CInt
    /// Its name.
    public var name: String
    /// What is wrong with it, for a person.
    public var reason: String

    /// Descriptor, name and reason in one line.
    public var description: String {
        self.descriptor < 0
            ? "the service manager's sockets: \(self.reason)"
            : "descriptor \(self.descriptor) (\"\(self.name)\") of the service manager: \(self.reason)"
    }
}
