import NIOCore
import NIOHTTP1
import NIOPosix

/// Sends the requests of a plan over a number of connections, all on one event loop, and counts what comes of them.
///
/// It never leaves its loop.
final class LoadRun {
    /// What a load is started with.
    struct Options: Sendable {
        /// Where the requests go.
        var address: ListenAddress
        /// The credential.
        var token: String?
        /// The requests.
        var plan = LoadPlan()
        /// Connections at once.
        var connections = 8
        /// Single streams, each on a connection of its own, whose first event is measured while all connections are busy.
        var probes = 0
        /// The pause between two of them.
        var probeInterval = TimeAmount.milliseconds(20)
        /// The model that they ask for.
        var probeModel = "sim-events-1"
        /// When all of it ends at the latest.
        var limit = TimeAmount.seconds(60)

        /// What the field `Host` says.
        var host: String {
            switch self.address {
            case .internet(let host, let port): "\(host):\(port)"
            case .unix: "localhost"
            }
        }
    }

    private static let mostConnecting = 64

    /// What it was started with.
    let options: Options
    private let loop: any EventLoop
    private let promise: EventLoopPromise<LoadResult>
    private let startedAt = NIODeadline.now()
    private var result = LoadResult()
    private var next = 0
    private var ended = 0
    private var connecting = 0
    private var open = 0
    private var streaming = 0
    private var probesBegun = 0
    private var probesEnded = 0
    private var isOver = false

    private init(_ options: Options, loop: any EventLoop) {
        self.options = options
        self.loop = loop
        self.promise = loop.makePromise()
    }

    /// Runs a load to its end, or to the end of its time.
    static func run(_ options: Options) async throws -> LoadResult {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let result: LoadResult
        do {
            result = try await loop.flatSubmit {
                let run = LoadRun(options, loop: loop)
                run.start()
                return run.promise.futureResult
            }.get()
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
        // Closes what the end of the time left open.
        try await group.shutdownGracefully()
        return result
    }

    private func start() {
        self.loop.assumeIsolated().scheduleTask(in: self.options.limit) { self.finish() }
        self.connectMore()
        self.finishIfDone()
    }

    // MARK: Requests

    /// The request that comes next; `nil` if all are taken.
    func nextRequest() -> LoadPlan.Request? {
        guard self.next < self.options.plan.requests, !self.isOver else { return nil }
        defer { self.next += 1 }
        return self.options.plan.request(self.next)
    }

    /// What a probe sends.
    var probe: LoadPlan.Request? {
        let body: JSONValue = [
            "model": .string(self.options.probeModel), "stream": true,
            "messages": [["role": "user", "content": "Hello."]],
        ]
        return LoadPlan.Request(target: "/v1/chat/completions", body: body, isStream: true)
    }

    /// A request ended.
    func ended(_ outcome: LoadResult.Outcome, _ request: LoadPlan.Request, _ answer: LoadAnswer) {
        guard !self.isOver else { return }
        self.result.count(outcome, of: request, answer)
        self.ended += 1
        self.finishIfDone()
    }

    /// The first event of a stream arrived.
    func sawFirstEvent(after milliseconds: Double, isProbe: Bool) {
        if isProbe {
            self.result.probes.append(milliseconds)
        } else {
            self.result.firstEvents.append(milliseconds)
            self.streaming += 1
            if self.streaming == min(self.options.connections, self.options.plan.requests) { self.beginProbe() }
        }
    }

    // MARK: Connections

    private func connectMore() {
        while !self.isOver, self.connecting < Self.mostConnecting,
            self.open + self.connecting < self.options.connections,
            self.next + self.connecting < self.options.plan.requests
        {
            self.connecting += 1
            self.connect(isProbe: false) { succeeded in
                self.connecting -= 1
                if succeeded {
                    self.open += 1
                } else if let request = self.nextRequest() {
                    // Counted, so that a load against nothing ends.
                    self.ended(.failed, request, LoadAnswer(isStream: false))
                }
                self.connectMore()
            }
        }
    }

    /// A connection has gone; another one takes its place if there is something left to do.
    func connectionClosed() {
        self.open -= 1
        self.connectMore()
    }

    private func connect(isProbe: Bool, _ connected: @escaping (Bool) -> Void) {
        let bootstrap = ClientBootstrap(group: self.loop).connectTimeout(.seconds(10))
        let channel: EventLoopFuture<any Channel> =
            switch self.options.address {
            case .internet(let host, let port): bootstrap.connect(host: host, port: port)
            case .unix(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        channel.assumeIsolated().whenComplete { result in
            do {
                let channel = try result.get()
                connected(true)
                try channel.pipeline.syncOperations.addHTTPClientHandlers()
                try channel.pipeline.syncOperations.addHandler(LoadConnection(self, isProbe: isProbe))
            } catch {
                connected(false)
            }
        }
    }

    // MARK: Probes

    private func beginProbe() {
        guard !self.isOver, self.probesBegun < self.options.probes else { return }
        self.probesBegun += 1
        self.connect(isProbe: true) { if !$0 { self.probeEnded(.failed) } }
        self.loop.assumeIsolated().scheduleTask(in: self.options.probeInterval) { self.beginProbe() }
    }

    /// A probe ended.
    func probeEnded(_ outcome: LoadResult.Outcome) {
        guard !self.isOver else { return }
        if outcome != .complete { self.result.failedProbes += 1 }
        self.probesEnded += 1
        self.finishIfDone()
    }

    // MARK: End

    private func finishIfDone() {
        if self.ended >= self.options.plan.requests, self.probesEnded >= self.probesBegun { self.finish() }
    }

    private func finish() {
        guard !self.isOver else { return }
        self.isOver = true
        self.result.unfinished = self.options.plan.requests - self.ended
        self.result.seconds = Double((NIODeadline.now() - self.startedAt).nanoseconds) / 1e9
        self.promise.succeed(self.result)
    }
}
