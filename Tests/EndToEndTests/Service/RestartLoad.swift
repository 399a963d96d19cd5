import Foundation
import NIOCore
import NIOPosix
import Synchronization
import TestSupport

/// Callers of a daemon that is started anew again and again: requests on fresh connections at a steady pace, and streams of which a
/// new one begins when one has ended.
///
/// They wait on one event loop, not on threads: those that come while no daemon accepts are many.
final class RestartLoad: Sendable {
    /// What became of all of them.
    struct Outcome: Sendable {
        var requests = 0
        var streams = 0
        var failures: [String] = []
        /// The longest time from connecting to the whole answer of a request that is no stream.
        var longest = Duration.zero
        var underWay = 0
    }

    /// What is asked how often.
    struct Plan: Sendable {
        var requestsPerSecond: Int
        var streams: Int
        var streamModel: String
    }

    private let address: HTTPAddress
    private let plan: Plan
    private let client: RawHTTPClient
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let state = Mutex(Outcome())
    private let isOver = Atomic(false)
    private let pacer: Mutex<RepeatedTask?> = Mutex(nil)

    /// The longest that a request may take: a drain, a start, and what it takes itself.
    private static let limit = TimeAmount.seconds(40)

    private init(_ address: HTTPAddress, token: String, plan: Plan) {
        self.address = address
        self.plan = plan
        self.client = RawHTTPClient(address, fields: [("Authorization", "Bearer \(token)"), ("Connection", "close")])
    }

    /// Callers for as long as `body` runs; those that have not been finished by then are cut off.
    static func with<Value>(
        _ address: HTTPAddress, token: String, plan: Plan, _ body: (RestartLoad) async throws -> Value
    ) async throws -> Value {
        let load = RestartLoad(address, token: token, plan: plan)
        load.start()
        do {
            let value = try await body(load)
            try await load.stop()
            return value
        } catch {
            // What failed first is told.
            try? await load.stop()
            throw error
        }
    }

    /// What became of them so far.
    var outcome: Outcome { self.state.withLock { $0 } }

    private func start() {
        for _ in 0..<self.plan.streams { self.beginStream() }
        let pause = TimeAmount.microseconds(1_000_000 / Int64(self.plan.requestsPerSecond))
        let task = self.group.next().scheduleRepeatedTask(initialDelay: .zero, delay: pause) { _ in
            self.ask(model: "sim-small", isStream: false) {}
        }
        self.pacer.withLock { $0 = task }
    }

    /// Asks for nothing more, and waits until all that was asked for has ended.
    func finish() async throws -> Outcome {
        self.askNoMore()
        try await eventually("everything that was asked for has ended", within: .seconds(60)) {
            self.outcome.underWay == 0
        }
        return self.outcome
    }

    private func askNoMore() {
        self.isOver.store(true, ordering: .relaxed)
        self.pacer.withLock { $0 }?.cancel()
    }

    /// Ends the event loop, with every connection that is open.
    private func stop() async throws {
        self.askNoMore()
        try await self.group.shutdownGracefully()
    }

    private func beginStream() {
        guard !self.isOver.load(ordering: .relaxed) else { return }
        self.ask(model: self.plan.streamModel, isStream: true) { self.beginStream() }
    }

    private func ask(model: String, isStream: Bool, then next: @escaping @Sendable () -> Void) {
        let bytes = self.client.bytes(
            "POST", Chat.target, fields: [("Content-Type", "application/json")],
            body: Chat.body(model: model, stream: isStream))
        let begun = ContinuousClock.now
        self.state.withLock { $0.underWay += 1 }
        let loop = self.group.next()
        let answer = loop.makePromise(of: String.self)
        let bootstrap = ClientBootstrap(group: loop).connectTimeout(Self.limit).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(WholeAnswer(request: bytes, answer: answer))
            }
        }
        let connection: EventLoopFuture<any Channel> =
            switch self.address {
            case .tcp(let host, let port): bootstrap.connect(host: host, port: Int(port))
            case .unix(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        connection.whenFailure { answer.fail($0) }
        let timer = loop.scheduleTask(in: Self.limit) { answer.fail(TestFailure("no whole answer in time")) }
        answer.futureResult.whenComplete { result in
            timer.cancel()
            self.note(result, isStream: isStream, took: .now - begun)
            next()
        }
    }

    private func note(_ result: Result<String, any Error>, isStream: Bool, took: Duration) {
        let failure: String? =
            switch result {
            case .failure(let error): "\(error)"
            case .success(let text): Self.fault(of: text, isStream: isStream)
            }
        self.state.withLock { state in
            state.underWay -= 1
            if isStream { state.streams += 1 } else { state.requests += 1 }
            if !isStream { state.longest = max(state.longest, took) }
            if let failure { state.failures.append("\(isStream ? "stream" : "request") after \(took): \(failure)") }
        }
    }

    /// Why an answer is not what was asked for; `nil` if it is.
    private static func fault(of text: String, isStream: Bool) -> String? {
        guard text.hasPrefix("HTTP/1.1 200 ") else { return "answered: \(text.prefix(400))" }
        if isStream {
            return text.contains("data: [DONE]") && text.hasSuffix("0\r\n\r\n") ? nil : "cut: …\(text.suffix(300))"
        }
        return text.contains("\"finish_reason\"") ? nil : "not whole: …\(text.suffix(300))"
    }

    /// Sends a request, and keeps what comes until the connection ends.
    private final class WholeAnswer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let request: String
        private let answer: EventLoopPromise<String>
        private var received = ByteBuffer()

        init(request: String, answer: EventLoopPromise<String>) {
            self.request = request
            self.answer = answer
        }

        func channelActive(context: ChannelHandlerContext) {
            context.writeAndFlush(NIOAny(ByteBuffer(string: self.request)), promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.received.writeImmutableBuffer(self.unwrapInboundIn(data))
        }

        func channelInactive(context: ChannelHandlerContext) {
            self.answer.succeed(String(buffer: self.received))
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            self.answer.fail(error)
            context.close(promise: nil)
        }
    }
}
