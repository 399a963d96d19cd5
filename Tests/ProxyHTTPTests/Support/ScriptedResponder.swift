import NIOCore
import ProxyCore

/// What a responder has seen.
enum Seen: Sendable, Equatable {
    case request(String)
    case body(Int)
    case end
    case writable
    case closed(byCaller: Bool)
    case refusal(ListenerRefusal)
    case note(String)
}

/// A responder whose handlers are made by a closure, and which remembers everything.
final class ScriptedResponder: Responder {
    typealias Script = @Sendable (ScriptedHandler) -> Void

    let seen = Watched<[Seen]>([])
    let heads = Watched<[RequestHead]>([])
    let connections = Watched<[ConnectionInfo]>([])
    private let script: Script

    init(_ script: @escaping Script) {
        self.script = script
    }

    func respond(to head: RequestHead, on exchange: any Exchange) -> any ExchangeHandler {
        self.heads.update { $0.append(head) }
        self.connections.update { $0.append(exchange.connection) }
        self.seen.update { $0.append(.request("\(head.method) \(head.target)")) }
        let handler = ScriptedHandler(head: head, exchange: exchange, seen: self.seen)
        self.script(handler)
        return handler
    }

    func refusal(_ reason: ListenerRefusal, head: RequestHead?) -> RefusalAnswer {
        self.seen.update { $0.append(.refusal(reason)) }
        let status =
            switch reason {
            case .malformed: 400
            case .headersTooLarge: 431
            case .timeout: 408
            case .methodNotAllowed: 405
            case .upgradeRefused: 426
            case .overloaded: 503
            }
        return RefusalAnswer(
            head: ResponseHead(status: status, headers: ["content-type": "application/json"]),
            body: ByteBuffer(string: #"{"error":{"code":"\#(reason)"}}"#)
        )
    }

    /// Requests that came through to here.
    var requests: [String] {
        self.seen.value.compactMap { if case .request(let line) = $0 { line } else { nil } }
    }

    func waitForClosed(_ byCaller: Bool) async throws {
        try await self.seen.wait(for: "closed(byCaller: \(byCaller))") { $0.contains(.closed(byCaller: byCaller)) }
    }
}

/// A handler whose reactions are closures.
///
/// It lives on its loop.
final class ScriptedHandler: ExchangeHandler {
    let head: RequestHead
    let exchange: any Exchange
    let seen: Watched<[Seen]>
    var bodyBytes = 0
    var text = ""
    var whenBody: ((ScriptedHandler, ByteBuffer) -> Void)?
    var whenEnd: ((ScriptedHandler) -> Void)?
    var whenWritable: ((ScriptedHandler) -> Void)?
    var whenMustEnd: ((ScriptedHandler) -> Void)?

    init(head: RequestHead, exchange: any Exchange, seen: Watched<[Seen]>) {
        self.head = head
        self.exchange = exchange
        self.seen = seen
    }

    func exchangeReceived(body: ByteBuffer) {
        self.bodyBytes += body.readableBytes
        if self.bodyBytes <= 1 << 16 { self.text += String(buffer: body) }
        self.seen.update { $0.append(.body(body.readableBytes)) }
        self.whenBody?(self, body)
    }

    func exchangeReceivedEnd() {
        self.seen.update { $0.append(.end) }
        self.whenEnd?(self)
    }

    func exchangeBecameWritable() {
        self.seen.update { if $0.last != .writable { $0.append(.writable) } }
        self.whenWritable?(self)
    }

    func exchangeMustEnd() {
        self.whenMustEnd?(self)
    }

    func exchangeClosed(byCaller: Bool) {
        self.seen.update { $0.append(.closed(byCaller: byCaller)) }
        self.whenBody = nil
        self.whenEnd = nil
        self.whenWritable = nil
        self.whenMustEnd = nil
    }

    /// Answers 200 with this text.
    func answer(_ text: String, status: Int = 200) {
        self.exchange.writeHead(
            ResponseHead(status: status, headers: ["content-length": String(text.utf8.count)])
        )
        self.exchange.write(ByteBuffer(string: text))
        self.exchange.finish(trailers: nil)
    }
}

extension ScriptedResponder {
    /// Takes the whole body and answers with method, target and body.
    static func echo() -> ScriptedResponder {
        ScriptedResponder { handler in
            handler.whenEnd = { $0.answer("\($0.head.method) \($0.head.target) [\($0.text)]\n") }
            handler.exchange.resumeBody()
        }
    }
}

/// Lets a test act on an exchange from outside, on its loop.
final class Remote: Sendable {
    private let handlers = Watched<[NIOLoopBound<ScriptedHandler>]>([])

    func take(_ handler: ScriptedHandler) {
        let bound = NIOLoopBound(handler, eventLoop: handler.exchange.eventLoop)
        self.handlers.update { $0.append(bound) }
    }

    /// Runs on the loop of the exchange with this number, once it is there.
    func act(on number: Int = 0, _ body: @escaping @Sendable (ScriptedHandler) -> Void) async throws {
        let bound = try await self.handlers.wait(for: "exchange \(number)") { $0.count > number }[number]
        try await bound.eventLoop.submit { body(bound.value) }.get()
    }
}
