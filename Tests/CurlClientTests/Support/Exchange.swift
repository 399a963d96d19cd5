import Logging
import NIOCore
import NIOPosix
import ProxyCore

@testable import CurlClient

/// All that an observer has heard of one transfer.
struct Outcome: Sendable {
    var head: ResponseHead?
    var body: [UInt8] = []
    var bodyBytes = 0
    var trailers: HeaderFields?
    var isCompleted = false
    var failure: UpstreamFailure?
    var piecesWanted = 0
    var beganToSend = 0
    /// Calls after the end, or in a wrong order: must stay empty.
    var offences: [String] = []

    var text: String { String(decoding: self.body, as: UTF8.self) }
}

/// The observer of one transfer: sends the body when asked, notes all that it hears, and does what a test hooks in.
final class Exchange: TransferObserver {
    var transfer: (any UpstreamTransfer)?
    var outcome = Outcome()
    /// What is left of the request's body.
    var pieces: [[UInt8]] = []
    var onWantsBody: ((Exchange) -> Void)?
    var onHead: ((Exchange) -> Void)?
    var onBody: ((Exchange) -> Void)?
    var keepsBody = true
    private var isOver = false
    private let promise: EventLoopPromise<Outcome>

    init(_ promise: EventLoopPromise<Outcome>) {
        self.promise = promise
    }

    func transferWantsBody() {
        self.note("wants body")
        self.outcome.piecesWanted += 1
        if let hook = self.onWantsBody { return hook(self) }
        self.sendNextPiece()
    }

    func transferBeginsToSend() {
        self.note("begins to send")
        self.outcome.beganToSend += 1
        if self.outcome.head != nil { self.outcome.offences.append("begins to send after the head") }
    }

    func sendNextPiece() {
        if self.pieces.isEmpty { return }
        self.transfer?.send(ByteBuffer(bytes: self.pieces.removeFirst()))
    }

    func transferReceived(head: ResponseHead) {
        self.note("head")
        if self.outcome.head != nil { self.outcome.offences.append("second head") }
        self.outcome.head = head
        self.onHead?(self)
    }

    func transferReceived(body: ByteBuffer) {
        self.note("body")
        if self.outcome.head == nil { self.outcome.offences.append("body before head") }
        if body.readableBytes == 0 { self.outcome.offences.append("empty piece") }
        self.outcome.bodyBytes += body.readableBytes
        if self.keepsBody { self.outcome.body += Array(buffer: body) }
        self.onBody?(self)
    }

    func transferCompleted(trailers: HeaderFields?) {
        self.note("completed")
        self.outcome.trailers = trailers
        self.outcome.isCompleted = true
        self.finish()
    }

    func transferFailed(_ failure: UpstreamFailure) {
        self.note("failed")
        self.outcome.failure = failure
        self.finish()
    }

    /// Cancels, after which nothing may be heard.
    func cancel() {
        self.isOver = true
        self.transfer?.cancel()
        self.promise.succeed(self.outcome)
    }

    private func finish() {
        self.isOver = true
        self.promise.succeed(self.outcome)
    }

    private func note(_ call: String) {
        if self.isOver { self.outcome.offences.append("\(call) after the end") }
        if self.transfer == nil { self.outcome.offences.append("\(call) before begin has returned") }
    }
}

/// A client with event loops of its own, which are stopped when the test is over.
struct ClientFixture: Sendable {
    let client: CurlClient
    let group: MultiThreadedEventLoopGroup
    var loop: any EventLoop { self.group.any() }

    static func with<Result>(
        _ configuration: CurlClientConfiguration = CurlClientConfiguration(),
        loops: Int = 1,
        asksKernel: Bool = true,
        _ body: (ClientFixture) async throws -> Result
    ) async throws -> Result {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
        do {
            let client = try await CurlClient(
                eventLoopGroup: group,
                configuration: configuration,
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
                asksKernel: asksKernel
            )
            let fixture = ClientFixture(client: client, group: group)
            let result: Result
            do {
                result = try await body(fixture)
            } catch {
                await client.shutdown()
                throw error
            }
            await client.shutdown()
            try await group.shutdownGracefully()
            return result
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
    }

    /// Runs a transfer to its end.
    func run(
        _ request: UpstreamRequest,
        _ configure: @escaping @Sendable (Exchange) -> Void = { _ in }
    ) async throws -> Outcome {
        try await self.start(request, configure).outcome()
    }

    /// Begins a transfer; returns when `begin` has.
    func start(
        _ request: UpstreamRequest,
        _ configure: @escaping @Sendable (Exchange) -> Void = { _ in }
    ) async throws -> RunningExchange {
        let loop = self.loop
        let client = self.client
        return try await loop.submit {
            let promise = loop.makePromise(of: Outcome.self)
            let exchange = Exchange(promise)
            configure(exchange)
            exchange.transfer = client.begin(request, on: loop, observer: exchange)
            return RunningExchange(exchange: NIOLoopBound(exchange, eventLoop: loop), future: promise.futureResult)
        }.get()
    }
}

/// A transfer under way, seen from a test.
struct RunningExchange: Sendable {
    let exchange: NIOLoopBound<Exchange>
    let future: EventLoopFuture<Outcome>

    /// What was heard, after the end and one more turn of the loop, in which nothing more must come.
    func outcome() async throws -> Outcome {
        _ = try await self.future.get()
        return try await self.control { $0.outcome }
    }

    /// Does something on the loop.
    @discardableResult
    func control<Result: Sendable>(_ body: @escaping @Sendable (Exchange) -> Result) async throws -> Result {
        let exchange = self.exchange
        return try await exchange.eventLoop.submit { body(exchange.value) }.get()
    }
}

extension UpstreamRequest {
    /// A request to a server of a test.
    static func to(
        _ server: RawServer,
        method: String = "GET",
        target: String = "/",
        headers: HeaderFields = [:],
        body: Body = .none
    ) -> UpstreamRequest {
        UpstreamRequest(
            method: method,
            origin: UpstreamOrigin(scheme: .http, host: "127.0.0.1", port: server.port),
            target: target,
            headers: headers,
            body: body
        )
    }
}

/// Bytes with a period that no buffer size divides.
func pattern(_ count: Int) -> [UInt8] {
    var state: UInt32 = 1
    let block = (0..<min(count, 100_003)).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(truncatingIfNeeded: state >> 24)
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count { bytes += block.prefix(count - bytes.count) }
    return bytes
}
