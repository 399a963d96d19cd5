import CCurl
import Glibc

/// The two ends of a connection over IP, by which the transfer is found that works with a socket: libcurl 7.88 does not tell
/// which socket a transfer has that is not waited for.
struct ConnectionEnds: Equatable {
    var localAddress: String
    var localPort: UInt16
    var peerAddress: String

    /// Those of a socket; `nil` if it is none of IP, or not connected.
    init?(of socket: Int32) {
        guard let local = Self.end(of: socket, getsockname), let peer = Self.end(of: socket, getpeername) else {
            return nil
        }
        (self.localAddress, self.localPort, self.peerAddress) = (local.address, local.port, peer.address)
    }

    /// Those of the connection that a handle works with; `nil` if that is none over IP.
    init?(of easy: CurlEasy) {
        guard let localAddress = easy.text(CURLINFO_LOCAL_IP), let peerAddress = easy.text(CURLINFO_PRIMARY_IP),
            let port = easy.number(CURLINFO_LOCAL_PORT), port > 0, let localPort = UInt16(exactly: port)
        else { return nil }
        (self.localAddress, self.localPort, self.peerAddress) = (localAddress, localPort, peerAddress)
    }

    private static func end(
        of socket: Int32, _ ask: (Int32, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?) -> Int32
    ) -> (address: String, port: UInt16)? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutableBytes(of: &storage) { bytes in
            let result = bytes.withMemoryRebound(to: sockaddr.self) { ask(socket, $0.baseAddress, &length) }
            guard result == 0 else { return nil }
            switch Int32(bytes.load(as: sockaddr.self).sa_family) {
            case AF_INET:
                var end = bytes.load(as: sockaddr_in.self)
                return Self.text(AF_INET, &end.sin_addr).map { ($0, UInt16(bigEndian: end.sin_port)) }
            case AF_INET6:
                var end = bytes.load(as: sockaddr_in6.self)
                return Self.text(AF_INET6, &end.sin6_addr).map { ($0, UInt16(bigEndian: end.sin6_port)) }
            default:
                return nil
            }
        }
    }

    private static func text(_ family: Int32, _ address: UnsafeRawPointer) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { space in
            inet_ntop(family, address, space.baseAddress, socklen_t(space.count)).map { String(cString: $0) }
        }
    }
}
