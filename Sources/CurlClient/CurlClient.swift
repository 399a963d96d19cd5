public import Logging
public import NIOCore
public import ProxyCore

/// Sends requests to providers through libcurl: the ``ProxyCore/UpstreamTransport`` of the daemon.
///
/// Each event loop has a libcurl multi handle of its own, which lives on that loop. That libcurl's sockets of a loop are
/// ready the kernel tells the loop; where it does not, one small thread does, the same for all loops. HTTP/1.1 only;
/// certificates are always verified; libcurl never repeats a request.
///
/// It must be shut down before its event loops are.
public final class CurlClient: UpstreamTransport {
    private let engines: [ObjectIdentifier: NIOLoopBoundBox<CurlEngine>]
    private let counters: CurlCounters
    /// `nil` where the kernel tells all loops.
    private let poller: ReadinessPoller?

    /// Makes a client for the loops of `eventLoopGroup`.
    ///
    /// Throws if libcurl is too old, the system refuses a descriptor or thread, or the configuration makes no sense.
    public convenience init(
        eventLoopGroup: any EventLoopGroup,
        configuration: CurlClientConfiguration,
        logger: Logger
    ) async throws(CurlClientError) {
        try await self.init(
            eventLoopGroup: eventLoopGroup, configuration: configuration, logger: logger, asksKernel: true)
    }

    /// Makes a client that waits by a thread, as where the kernel cannot be asked, unless `asksKernel`.
    init(
        eventLoopGroup: any EventLoopGroup,
        configuration: CurlClientConfiguration,
        logger: Logger,
        asksKernel: Bool
    ) async throws(CurlClientError) {
        try CurlLibrary.start()
        let configuration = try Self.checked(configuration)
        let loops = Array(eventLoopGroup.makeIterator())
        let counters = CurlCounters()
        var poller: ReadinessPoller?
        var engines: [NIOLoopBoundBox<CurlEngine>] = []
        // What the loops are to read, by index.
        var kernelCounters: [Int: Int32] = [:]
        // Rounded up, so that each loop can keep one.
        let idleConnections = (configuration.maximumIdleConnections + loops.count - 1) / loops.count
        for (index, loop) in loops.enumerated() {
            let set = try EpollSet()
            let readiness = try Readiness.make(set, index: index, asksKernel: asksKernel, poller: &poller, logger)
            kernelCounters[index] = readiness.counter
            let engine = try CurlEngine(
                eventLoop: loop,
                set: set,
                readiness: readiness,
                idleConnections: idleConnections,
                configuration: configuration,
                counters: counters,
                logger: logger
            )
            engines.append(NIOLoopBoundBox.makeBoxSendingValue(engine, eventLoop: loop))
        }
        self.engines = Dictionary(uniqueKeysWithValues: zip(loops.map { ObjectIdentifier($0) }, engines))
        self.counters = counters
        self.poller = poller
        try await self.listen(engines, kernelCounters)
    }

    /// Has all engines hear of their sockets.
    private func listen(
        _ engines: [NIOLoopBoundBox<CurlEngine>], _ counters: [Int: Int32]
    ) async throws(CurlClientError) {
        try self.poller?.start { index in
            let engine = engines[index]
            engine.eventLoop.execute { engine.value.process() }
        }
        do {
            for (index, counter) in counters {
                let engine = engines[index]
                try await KernelPoll.read(
                    counter, on: engine.eventLoop,
                    taken: { engine.value.isTold(through: $0) },
                    report: { engine.value.process() })
            }
        } catch {
            await self.shutdown()
            throw error
        }
    }

    /// The versions of libcurl and its TLS library, such as `libcurl/7.88.1 OpenSSL/3.0.19`.
    public static var version: String { CurlLibrary.version }

    /// What the client holds right now.
    ///
    /// Each number is right; they may be of slightly different moments.
    public var statistics: CurlClientStatistics { self.counters.snapshot }

    /// Begins a transfer: see ``ProxyCore/UpstreamTransport``.
    ///
    /// On a loop that is not one of this client's, and after ``shutdown()``, the transfer fails with
    /// ``ProxyCore/UpstreamFailure/Kind/internalFault``.
    public func begin(
        _ request: UpstreamRequest,
        on eventLoop: any EventLoop,
        observer: any TransferObserver
    ) -> any UpstreamTransfer {
        guard let engine = self.engines[ObjectIdentifier(eventLoop)] else {
            return RefusedTransfer(on: eventLoop, observer: observer)
        }
        return engine.value.begin(request, observer: observer)
    }

    /// Ends the connections that no transfer uses, on each loop in a moment: the way to their other ends may be gone, and
    /// the system would notice only after minutes of silence.
    ///
    /// Transfers that run go on; their connections serve later ones only if they have brought an answer to its end.
    public func resetIdleConnections() {
        for engine in self.engines.values {
            engine.eventLoop.execute { engine.value.resetIdleConnections() }
        }
    }

    /// Has the thread that reports libcurl's sockets call a closure when its turn comes; at once where there is none, and
    /// after ``shutdown()``.
    ///
    /// Never waits.
    public func giveSign(_ sign: @escaping @Sendable () -> Void) {
        if let poller = self.poller { poller.giveSign(sign) } else { sign() }
    }

    /// Fails the transfers that still run, closes all connections and ends the thread, if there is one.
    ///
    /// To be called once; the event loops must still be running.
    public func shutdown() async {
        await withTaskGroup(of: Void.self) { group in
            for engine in self.engines.values {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        engine.eventLoop.execute {
                            engine.value.close()
                            continuation.resume()
                        }
                    }
                }
            }
        }
        await self.poller?.stop()
    }

    private static func checked(
        _ configuration: CurlClientConfiguration
    ) throws(CurlClientError) -> CurlClientConfiguration {
        guard configuration.maximumConnections > 0, configuration.maximumIdleConnections >= 0 else {
            throw CurlClientError(code: .configuration, message: "connection limits must be positive")
        }
        guard configuration.connectTimeout > .zero else {
            throw CurlClientError(code: .configuration, message: "the connect timeout must be positive")
        }
        return configuration
    }
}

/// A transfer on an event loop that the client has no engine for.
private final class RefusedTransfer: UpstreamTransfer {
    private var observer: (any TransferObserver)?

    init(on eventLoop: any EventLoop, observer: any TransferObserver) {
        self.observer = observer
        eventLoop.assumeIsolated().execute { self.refuse() }
    }

    private func refuse() {
        let observer = self.observer
        self.observer = nil
        observer?.transferFailed(
            UpstreamFailure(
                kind: .internalFault,
                requestBytesSent: false,
                connectionReused: false,
                detail: "the event loop is not one of the client's"
            )
        )
    }

    var hasBegunSending: Bool { false }
    func send(_ body: ByteBuffer) {}
    func pauseReading() {}
    func resumeReading() {}

    func cancel() {
        self.observer = nil
    }
}

@available(*, unavailable)
extension RefusedTransfer: Sendable {}
