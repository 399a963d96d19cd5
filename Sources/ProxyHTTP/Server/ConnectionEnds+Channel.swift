import NIOCore
import ProxyCore

extension ConnectionEnds {
    /// The ends of a connection whose caller can be looked for: a Unix socket, or TCP that stays within this machine at
    /// both ends.
    init?(_ channel: any Channel, transport: ConnectionInfo.Transport) {
        if case .unix(let userID, let processID) = transport {
            self = .unix(userID: userID, processID: processID)
            return
        }
        guard
            let local = channel.localAddress, let localAddress = local.ipAddress, let localPort = local.port,
            let peer = channel.remoteAddress, let peerAddress = peer.ipAddress, let peerPort = peer.port,
            Self.isLoopback(localAddress), Self.isLoopback(peerAddress)
        else { return nil }
        self = .loopback(
            localAddress: localAddress, localPort: localPort, peerAddress: peerAddress, peerPort: peerPort)
    }

    /// Whether an address, as `inet_ntop(3)` writes it, is one of `127.0.0.0/8`, such a one in the form mapped into IPv6,
    /// or `::1` (RFC 4291 section 2.5).
    static func isLoopback(_ address: String) -> Bool {
        address.hasPrefix("127.") || address == "::1" || address.hasPrefix("::ffff:127.")
    }
}
