import NIOCore

/// Where a server listens.
public enum ListenAddress: Sendable, Hashable {
    /// A numeric IPv4 or IPv6 address, the latter without brackets, and a port; port 0 takes a free one.
    case tcp(host: String, port: Int)
    /// A Unix socket at this path of at most 107 bytes.
    case unix(path: String)
    /// A socket that is bound already, as socket activation hands it over. The server owns it from then on and closes
    /// it, and leaves its file alone.
    case socket(descriptor: CInt)
}

extension ListenAddress: CustomStringConvertible {
    /// The address as configuration writes it.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.utf8.contains(0x3A) ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        case .socket(let descriptor): "descriptor \(descriptor)"
        }
    }
}

/// Where a server really listens.
public enum BoundAddress: Sendable, Hashable {
    /// A TCP address with the port that was taken.
    case tcp(host: String, port: Int)
    /// A Unix socket; the path is empty for an unnamed or abstract one.
    case unix(path: String)
}

extension BoundAddress: CustomStringConvertible {
    /// The address as configuration writes it.
    public var description: String {
        switch self {
        case .tcp(let host, let port): ListenAddress.tcp(host: host, port: port).description
        case .unix(let path): ListenAddress.unix(path: path).description
        }
    }
}

extension BoundAddress {
    /// Where a channel listens; an unnamed Unix socket has no address.
    init(_ address: SocketAddress?) {
        switch address {
        case .unixDomainSocket?: self = .unix(path: address?.pathname ?? "")
        case let address?: self = .tcp(host: address.ipAddress ?? "", port: address.port ?? 0)
        case nil: self = .unix(path: "")
        }
    }
}

/// Why a server cannot listen somewhere.
public struct ListenError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong.
    public enum Code: Sendable, Equatable {
        /// Somebody listens there already.
        case addressInUse
        /// The address is none of this machine's, or no numeric address, or the descriptor is no listening stream socket.
        case invalidAddress
        /// The path does not fit the kernel's structure, or is empty.
        case invalidPath
        /// At the path is a file that is no socket. It is left alone.
        case notASocket
        /// The port or the directory is not for this user.
        case permissionDenied
        /// The server has been told to close.
        case closed
        /// Anything else; the message has the system's words.
        case system
    }

    /// What is wrong.
    public var code: Code
    /// Where the server was to listen.
    public var address: ListenAddress
    /// What happened, for a person.
    public var message: String

    /// Makes an error.
    public init(code: Code, address: ListenAddress, message: String) {
        self.code = code
        self.address = address
        self.message = message
    }

    /// Address and message in one line.
    public var description: String { "cannot listen on \(self.address): \(self.message)" }
}
