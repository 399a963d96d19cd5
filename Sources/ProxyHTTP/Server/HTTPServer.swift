// `listen`, to set the length of a queue: NIO does that for sockets that it has bound itself.
import Glibc
public import Logging
public import NIOCore
import NIOPosix
public import ProxyCore
import Synchronization

/// Serves HTTP/1.1, and HTTP/2 behind TLS, on any number of listeners and hands each request to a responder.
///
/// Connections are spread over the loops of the group, and a request lives its whole life on one loop.
public final class HTTPServer: Sendable {
    private struct Listener {
        var channel: any Channel
        var file: UnixSocketFile?
        /// Others hold the socket too, and go on listening when it is closed here.
        var isHeld = false
    }

    private struct State {
        var listeners: [Listener] = []
        var isClosed = false
    }

    private let group: any EventLoopGroup
    private let configuration: HTTPServerConfiguration
    private let environment: ConnectionEnvironment
    private let state = Mutex(State())

    /// What cannot be served to its end at the end of a drain has so long to end in its own words.
    private static let wrapUpTime = Duration.milliseconds(500)

    /// Makes a server that does not listen yet.
    public init(
        group: any EventLoopGroup,
        responder: any Responder,
        configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
        logger: Logger
    ) {
        self.group = group
        self.configuration = configuration
        self.environment = ConnectionEnvironment(
            responder: responder,
            limits: ConnectionLimits(configuration),
            maximumHeaderBytes: configuration.maximumHeaderBytes,
            registry: ConnectionRegistry(maximum: configuration.maximumConnections),
            wallTime: SystemWallClock.now,
            logger: logger,
            callerObserver: configuration.callerObserver
        )
    }

    /// Whether no new connection is taken any more.
    var isClosed: Bool { self.state.withLock { $0.isClosed } }

    /// How many connections are being served.
    public var openConnections: Int { self.environment.registry.openConnections }

    /// How many requests are with the responder.
    public var runningExchanges: Int { self.environment.registry.runningExchanges }

    /// How many HTTP/2 connections were given up for what their callers did, by reason.
    ///
    /// Every reason is there, with a zero where nothing has happened.
    public var http2Abuses: [String: UInt64] {
        let counts = self.environment.abuses.counts
        return Dictionary(uniqueKeysWithValues: HTTP2Abuse.allCases.map { ($0.rawValue, counts[$0] ?? 0) })
    }

    /// How many TLS handshakes failed, by reason.
    ///
    /// Every reason is there, with a zero where nothing has happened.
    public var handshakeFailures: [String: UInt64] {
        let counts = self.environment.handshakeFailures.counts
        return Dictionary(
            uniqueKeysWithValues: TLSHandshake.Failure.allCases.map { ($0.rawValue, counts[$0] ?? 0) })
    }

    /// Begins to listen, with TLS where credentials are given.
    ///
    /// Returns the address with the real port.
    public func listen(
        on address: ListenAddress, tls: ServerTLS? = nil
    ) async throws(ListenError) -> BoundAddress {
        var file: UnixSocketFile?
        var isHeld = false
        do {
            let channel: any Channel
            switch address {
            case .tcp(let host, let port):
                let socketAddress = try Self.socketAddress(host: host, port: port, for: address)
                channel = try await self.bootstrap(tcp: true, tls).bind(to: socketAddress).get()
            case .unix(let path):
                let bound = try UnixSocketFile.bind(at: path)
                file = bound.file
                channel = try await self.bootstrap(tcp: false, tls).withBoundSocket(bound.descriptor).get()
            case .socket(let descriptor):
                channel = try await self.adopt(
                    descriptor, as: address, bootstrap: { self.bootstrap(tcp: $0, tls, catchesUp: true) })
                isHeld = true
            }
            try await self.keep(Listener(channel: channel, file: file, isHeld: isHeld), at: address)
            return BoundAddress(channel.localAddress)
        } catch {
            file?.remove()
            throw Self.listenError(error, address: address)
        }
    }

    /// Accepts connections on a socket that was handed over and closes each at once, so that nobody waits there in vain.
    ///
    /// The server owns the descriptor from then on.
    public func turnAway(at descriptor: CInt) async throws(ListenError) {
        let address = ListenAddress.socket(descriptor: descriptor)
        do {
            let channel = try await self.adopt(
                descriptor, as: address,
                bootstrap: { _ in
                    ServerBootstrap(group: self.group).childChannelInitializer {
                        $0.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
                    }
                })
            try await self.keep(Listener(channel: channel, isHeld: true), at: address)
        } catch {
            throw Self.listenError(error, address: address)
        }
    }

    /// Listens on a socket that was handed over.
    private func adopt(
        _ descriptor: CInt, as address: ListenAddress, bootstrap: (Bool) -> ServerBootstrap
    ) async throws -> any Channel {
        let isTCP = try ListeningDescriptor.isTCP(descriptor, for: address)
        let channel = try await bootstrap(isTCP).withBoundSocket(descriptor).get()
        // The channel has shortened the queue in which connections wait while one process ends and the next one starts.
        guard Glibc.listen(descriptor, SOMAXCONN) == 0 else {
            let number = errno
            await Self.close(channel)
            throw ListenError(number: number, address: address, call: "listen")
        }
        return channel
    }

    private func keep(_ listener: Listener, at address: ListenAddress) async throws {
        let isKept = self.state.withLock { state in
            if !state.isClosed { state.listeners.append(listener) }
            return !state.isClosed
        }
        guard isKept else {
            await Self.close(listener.channel)
            throw ListenError(code: .closed, address: address, message: "the server is closing")
        }
    }

    /// Puts other credentials of its listeners in force for handshakes that begin from now on.
    ///
    /// Connections that are open go on. Only where other certificates are asked of callers than before they end, each once
    /// the request that runs on it has been answered: what they showed is not what is asked for now.
    public func renew(_ tls: ServerTLS, with credentials: TLSCredentials) {
        guard let generation = tls.replace(credentials) else { return }
        self.environment.registry.tell(TLSRulesChanged(generation: generation))
    }

    /// Stops listening, closes connections that bring no request within the grace, lets running requests finish until the
    /// time is over, has the others end themselves, and cuts those that do not.
    ///
    /// Answers that begin from now on say `Connection: close`. Connections that were not accepted yet stay in the kernel's
    /// queue where others hold the listening socket.
    ///
    /// `limit` is the configured time unless given, and `grace` the one for held or own listeners. Returns how many requests
    /// could not finish.
    @discardableResult
    public func drain(within limit: Duration? = nil, grace: DrainGrace? = nil) async -> Int {
        let isHeld = await self.stopListening()
        self.environment.registry.close(telling: .drain(grace ?? (isHeld ? .held : .own)))
        if await self.emptied(within: limit ?? self.configuration.drainTimeout) { return self.abortedSoFar }
        self.environment.registry.tell(ConnectionCommand.wrapUp)
        if await self.emptied(within: Self.wrapUpTime) { return self.abortedSoFar }
        return await self.abortAll()
    }

    /// Stops listening and aborts everything.
    ///
    /// Returns how many requests were aborted.
    @discardableResult
    public func closeNow() async -> Int {
        _ = await self.stopListening()
        return await self.abortAll()
    }

    private var abortedSoFar: Int { self.environment.registry.abortedExchanges }

    private func abortAll() async -> Int {
        self.environment.registry.close(telling: .abort)
        // Closing takes one turn of each loop. Should a loop hang, the caller is not to hang with it.
        if await !self.emptied(within: .seconds(5)) {
            self.environment.logger.error("connections not closed in time")
        }
        return self.abortedSoFar
    }

    /// Closes the listeners, but none of the connections that they have accepted.
    ///
    /// Returns whether others hold one of them.
    private func stopListening() async -> Bool {
        let listeners = self.state.withLock { state in
            state.isClosed = true
            defer { state.listeners.removeAll() }
            return state.listeners
        }
        guard !listeners.isEmpty else { return false }
        for listener in listeners {
            listener.file?.remove()
            await Self.stopAccepting(listener.channel)
        }
        await self.finishAccepting()
        for listener in listeners { await Self.close(listener.channel) }
        return listeners.contains(where: \.isHeld)
    }

    /// Waits until every connection that was accepted has its handlers.
    ///
    /// A connection is prepared on its own loop, reported on that of its listener, which closes it if it is closed itself by
    /// then, and registered on its own again: three turns.
    private func finishAccepting() async {
        for _ in 0..<3 {
            await withTaskGroup(of: Void.self) { turns in
                for loop in self.group.makeIterator() {
                    turns.addTask {
                        await withCheckedContinuation { continuation in loop.execute { continuation.resume() } }
                    }
                }
            }
        }
    }

    private static func stopAccepting(_ channel: any Channel) async {
        do {
            try await channel.setOption(.autoRead, value: false).get()
        } catch {
            // Closed already: it accepts nothing.
        }
    }

    /// Waits until no connection is left; `false` if the time is over before.
    private func emptied(within limit: Duration) async -> Bool {
        let latch = Latch()
        let timer = self.group.any().scheduleTask(in: .nanoseconds(limit.nanoseconds)) { latch.open(false) }
        self.environment.registry.whenEmpty { latch.open(true) }
        defer { timer.cancel() }
        return await latch.wait()
    }

    private static func close(_ channel: any Channel) async {
        do {
            try await channel.close().get()
        } catch {
            // Closed already, which is what was wanted.
        }
    }

    // MARK: Listening

    /// Those who wait are taken in together, up to this number: with fewer in each turn of a busy loop the last of many wait
    /// for turn after turn before anything of them is read.
    private static let takenAtOnce = 128

    private func bootstrap(tcp: Bool, _ tls: ServerTLS?, catchesUp: Bool = false) -> ServerBootstrap {
        let (environment, pace) = (self.environment, self.configuration.catchUp)
        let lost = self.configuration.whenListenerIsLost
        var bootstrap = ServerBootstrap(group: self.group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.maxMessagesPerRead, value: UInt(Self.takenAtOnce))
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if catchesUp {
                        try pipeline.addHandler(CatchUp(pace, most: Self.takenAtOnce) { environment.registry.load })
                    }
                    // A server that nobody holds any more ends its listeners as well.
                    try pipeline.addHandler(
                        AcceptWatch(
                            logger: environment.logger, isClosing: { [weak self] in self?.isClosed ?? true },
                            lost: { lost?() }))
                }
            }
            .childChannelOption(.autoRead, value: false)
            // One read for each time that reading was asked for: what a paused request holds is one read at most.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: ReadBuffers())
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 32 * 1024, high: 64 * 1024))
            .childChannelInitializer { channel in
                ConnectionSetup.prepare(channel, environment: environment, tls: tls)
            }
        if tcp {
            bootstrap =
                bootstrap
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        }
        return bootstrap
    }

    private static func socketAddress(
        host: String,
        port: Int,
        for address: ListenAddress
    ) throws(ListenError) -> SocketAddress {
        do {
            guard (0...65_535).contains(port) else {
                throw ListenError(code: .invalidAddress, address: address, message: "the port must be 0 to 65535")
            }
            return try SocketAddress(ipAddress: host, port: port)
        } catch let error as ListenError {
            throw error
        } catch {
            throw ListenError(
                code: .invalidAddress, address: address, message: "the host must be a numeric address"
            )
        }
    }

    private static func listenError(_ error: any Error, address: ListenAddress) -> ListenError {
        switch error {
        case let error as ListenError: error
        case let error as IOError: ListenError(number: error.errnoCode, address: address, call: "bind")
        default: ListenError(code: .system, address: address, message: "\(error)")
        }
    }
}
