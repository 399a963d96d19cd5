import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The running simulator: its listeners and what they share.
final class SimulatorServer: Sendable {
    /// What a simulator is started with.
    struct Options: Sendable {
        /// Where to listen without TLS.
        var listen: [ListenAddress] = [.internet(host: "127.0.0.1", port: 0)]
        /// The script of faults.
        var scenario = Scenario()
        /// Where certificates are written; `nil` means no TLS listener.
        var tlsDirectory: String?
        /// Number of event loops.
        var threads = 1
    }

    /// Where the simulator listens.
    struct Addresses: Sendable, Equatable {
        /// Plain TCP listeners, as `host:port`.
        var http: [String] = []
        /// Paths of Unix sockets.
        var unix: [String] = []
        /// TLS listeners by name, as `host:port`.
        var tls: [String: String] = [:]
        /// File with the certificate of the test authority.
        var authorityFile: String?
    }

    /// What all connections share.
    let core: SimulatorCore
    /// Where it listens.
    let addresses: Addresses
    private let group: MultiThreadedEventLoopGroup
    private let channels: [any Channel]

    private init(
        core: SimulatorCore,
        addresses: Addresses,
        group: MultiThreadedEventLoopGroup,
        channels: [any Channel]
    ) {
        self.core = core
        self.addresses = addresses
        self.group = group
        self.channels = channels
    }

    /// Opens all listeners.
    static func start(_ options: Options) async throws -> SimulatorServer {
        let core = SimulatorCore(options.scenario)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: options.threads)
        var addresses = Addresses()
        var channels: [any Channel] = []
        do {
            for address in options.listen {
                let bootstrap = Self.bootstrap(group, core: core, tls: nil)
                let channel: any Channel
                switch address {
                case .internet(let host, let port):
                    channel = try await bootstrap.bind(host: host, port: port).get()
                    addresses.http.append(Self.text(of: channel, host: host))
                case .unix(let path):
                    channel =
                        try await bootstrap
                        .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
                    addresses.unix.append(path)
                }
                channels.append(channel)
            }
            if let directory = options.tlsDirectory {
                let authority = try TestAuthority.create(in: directory)
                addresses.authorityFile = authority.authorityFile
                for identity in authority.identities {
                    core.stats.addListener(identity.name)
                    let bootstrap = Self.bootstrap(group, core: core, tls: (identity.name, try identity.context()))
                    let channel = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
                    addresses.tls[identity.name] = Self.text(of: channel, host: "127.0.0.1")
                    channels.append(channel)
                }
            }
        } catch {
            for channel in channels { channel.close(promise: nil) }
            try await group.shutdownGracefully()
            throw error
        }
        return SimulatorServer(core: core, addresses: addresses, group: group, channels: channels)
    }

    /// Closes everything.
    func stop() async throws {
        for channel in self.channels { channel.close(promise: nil) }
        try await self.group.shutdownGracefully()
    }

    private static func text(of channel: any Channel, host: String) -> String {
        let port = channel.localAddress?.port ?? 0
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    private static func bootstrap(
        _ group: MultiThreadedEventLoopGroup,
        core: SimulatorCore,
        tls: (name: String, context: NIOSSLContext)?
    ) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 128 << 10, high: 512 << 10))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        try pipeline.addHandler(NIOSSLServerHandler(context: tls.context))
                        try pipeline.addHandler(HandshakeObserver(stats: core.stats, listener: tls.name))
                    }
                    let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)
                    try pipeline.addHandler(ByteToMessageHandler(decoder))
                    try pipeline.addHandler(ConnectionHandler(core: core, listener: tls?.name))
                }
            }
    }
}
