// The C library has the numbers of socket options and families.
import Glibc
import NIOCore
import NIOSSL
import ProxyCore

/// Prepares accepted connections: who is there, whether it is let in, and the handler.
enum ConnectionSetup {
    /// A connection that even a refusal would be too much for.
    private struct Dropped: Error {}

    /// `struct ucred` of Linux, which the C library's module keeps to itself: three members of four bytes each, which
    /// leave the layout no choice.
    private struct PeerCredentials {
        var pid: Int32 = 0
        var uid: UInt32 = 0
        var gid: UInt32 = 0
    }

    /// Prepares a connection on its loop.
    ///
    /// A failed future closes it, so that nobody is served whose peer is unknown.
    static func prepare(
        _ channel: any Channel, environment: ConnectionEnvironment, tls: ServerTLS? = nil
    ) -> EventLoopFuture<Void> {
        let acceptedAt = DeadlineTimer.now(channel.eventLoop)
        let number = ConnectionRegistry.nextNumber()
        let admission = environment.registry.admit(channel, number: number)
        guard admission != .dropped else { return channel.eventLoop.makeFailedFuture(Dropped()) }
        return self.transport(channel).flatMapThrowing { transport in
            // Whom we refuse we need not know.
            let observer = admission == .served ? environment.callerObserver : nil
            let observation = observer.flatMap { observer in
                ConnectionEnds(channel, transport: transport).map { observer.observe($0) }
            }
            var info = ConnectionInfo(transport: transport, id: number, observation: observation)
            info.isLocal = Self.isLocal(channel)
            let isOverloaded = admission == .refused
            guard let terms = tls?.terms else {
                let handler = ConnectionHandler(
                    environment: environment, info: info, isOverloaded: isOverloaded, eventLoop: channel.eventLoop,
                    acceptedAt: acceptedAt)
                return try channel.pipeline.syncOperations.addHandler(handler)
            }
            let layer = NIOSSLServerHandler(context: terms.credentials.context)
            let handshake = TLSHandshake(
                layer, environment: environment, info: info, isOverloaded: isOverloaded, acceptedAt: acceptedAt)
            try channel.pipeline.syncOperations.addHandlers([
                TransportEnd(generation: terms.generation), layer, handshake,
            ])
        }
    }

    /// Whether the listener that a connection came in on is for this machine alone.
    private static func isLocal(_ channel: any Channel) -> Bool {
        switch channel.parent?.localAddress ?? channel.localAddress {
        case .unixDomainSocket?: true
        case let address?: address.ipAddress.map(ConnectionEnds.isLoopback) ?? false
        case nil: false
        }
    }

    private static func transport(_ channel: any Channel) -> EventLoopFuture<ConnectionInfo.Transport> {
        guard case .unixDomainSocket? = channel.localAddress else {
            return channel.eventLoop.makeSucceededFuture(.tcp(peer: channel.remoteAddress?.ipAddress ?? ""))
        }
        guard let provider = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let credentials: EventLoopFuture<PeerCredentials> = provider.unsafeGetSocketOption(
            level: .socket,
            name: NIOBSDSocket.Option(rawValue: SO_PEERCRED)
        )
        return credentials.map { .unix(uid: $0.uid, pid: $0.pid) }
    }
}

/// What a descriptor that was handed over is.
enum ListeningDescriptor {
    /// Whether a descriptor is a stream socket of the internet family; an error if it is no bound stream socket at all.
    static func isTCP(_ descriptor: CInt, for address: ListenAddress) throws(ListenError) -> Bool {
        var type: CInt = 0
        var typeLength = socklen_t(MemoryLayout<CInt>.size)
        var name = sockaddr()
        var nameLength = socklen_t(MemoryLayout<sockaddr>.size)
        guard
            getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &typeLength) == 0,
            getsockname(descriptor, &name, &nameLength) == 0
        else {
            throw ListenError(number: errno, address: address, call: "getsockopt")
        }
        guard type == CInt(SOCK_STREAM.rawValue) else {
            throw ListenError(code: .invalidAddress, address: address, message: "not a stream socket")
        }
        switch CInt(name.sa_family) {
        case AF_INET, AF_INET6: return true
        case AF_UNIX: return false
        default: throw ListenError(code: .invalidAddress, address: address, message: "neither TCP nor a Unix socket")
        }
    }
}

/// The time of day.
enum SystemWallClock {
    /// The present time of day.
    @Sendable
    static func now() -> WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}
