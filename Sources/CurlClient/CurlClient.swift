public import Logging
public import NIOCore
public import ProxyCore

/// Sends requests to providers through libcurl: the ``ProxyCore/UpstreamTransport`` of the daemon.
///
/// Each event loop has a libcurl multi handle of its own, which lives on that loop. One small thread, the same for all
/// loops, only reports that libcurl's sockets of a loop are ready. HTTP/1.1 only; certificates are always verified;
/// libcurl never repeats a request.
///
/// It must be shut down before its event loops are.
public final class CurlClient: UpstreamTransport {
    private let engines: [ObjectIdentifier: NIOLoopBoundBox<CurlEngine>]
    private let counters: CurlCounters
    private let poller: ReadinessPoller

    /// Makes a client for the loops of `eventLoopGroup`.
    ///
    /// Throws if libcurl is too old, the system refuses a descriptor or thread, or the configuration makes no sense.
    public init(
        eventLoopGroup: any EventLoopGroup,
        configuration: CurlClientConfiguration,
        logger: Logger
    ) throws(CurlClientError) {
        try CurlLibrary.start()
        let configuration = try Self.checked(configuration)
        let loops = Array(eventLoopGroup.makeIterator())
        let counters = CurlCounters()
        let poller = try ReadinessPoller()
        var engines: [NIOLoopBoundBox<CurlEngine>] = []
        for (index, loop) in loops.enumerated() {
            // Rounded up, so that each loop can keep one.
            let idleConnections = (configuration.maximumIdleConnections + loops.count - 1) / loops.count
            let engine = try CurlEngine(
                eventLoop: loop,
                index: index,
                idleConnections: idleConnections,
                configuration: configuration,
                counters: counters,
                poller: poller,
                logger: logger
            )
            engines.append(NIOLoopBoundBox.makeBoxSendingValue(engine, eventLoop: loop))
        }
        let reported = engines
        try poller.start { index in
            let engine = reported[index]
            engine.eventLoop.execute { engine.value.process() }
        }
        self.engines = Dictionary(uniqueKeysWithValues: zip(loops.map { ObjectIdentifier($0) }, engines))
        self.counters = counters
        self.poller = poller
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

    /// Has the thread that reports libcurl's sockets call a closure when its turn comes; at once after ``shutdown()``.
    ///
    /// Never waits.
    public func giveSign(_ sign: @escaping @Sendable () -> Void) {
        self.poller.giveSign(sign)
    }

    /// Fails the transfers that still run, closes all connections and ends the thread.
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
        await self.poller.stop()
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
