import NIOCore
import NIOHTTP1

/// One kept connection of a load, with at most one request on its way.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private struct Exchange {
        var request: LoadPlan.Request
        var answer: LoadAnswer
        var sentAt: NIODeadline
        var status: Int?
        var keepsAlive = true
    }

    private let run: LoadRun
    /// Whether it carries a single request whose first event is measured.
    private let isProbe: Bool
    private var exchange: Exchange?

    /// Belongs to a load.
    init(_ run: LoadRun, isProbe: Bool) {
        self.run = run
        self.isProbe = isProbe
    }

    func handlerAdded(context: ChannelHandlerContext) {
        // It is added to connections that are made.
        self.sendNext(context)
    }

    private func sendNext(_ context: ChannelHandlerContext) {
        guard let request = self.isProbe ? self.run.probe : self.run.nextRequest() else {
            context.close(promise: nil)
            return
        }
        self.exchange = Exchange(
            request: request, answer: LoadAnswer(isStream: request.isStream), sentAt: .now())
        let body = ByteBuffer(bytes: request.body.bytes)
        var fields = HTTPHeaders([
            ("host", self.run.options.host), ("content-type", "application/json"),
            ("content-length", String(body.readableBytes)),
        ])
        if let token = self.run.options.token { fields.add(name: "authorization", value: "Bearer \(token)") }
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: request.target, headers: fields)
        context.write(self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard var exchange = self.exchange else { return }
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            exchange.status = Int(head.status.code)
            exchange.keepsAlive = head.isKeepAlive
            self.exchange = exchange
        case .body(let piece):
            let before = exchange.answer.events
            // Not held twice, so that it grows in its place.
            self.exchange = nil
            exchange.answer.feed(piece)
            self.exchange = exchange
            if before == 0, exchange.answer.events > 0, exchange.status == 200 {
                let wait = NIODeadline.now() - exchange.sentAt
                self.run.sawFirstEvent(after: Double(wait.nanoseconds) / 1e6, isProbe: self.isProbe)
            }
            if let most = exchange.request.leaveAfter, exchange.answer.events >= most, exchange.status == 200 {
                self.end(.left, context)
                context.close(promise: nil)
            }
        case .end:
            exchange.answer.finish()
            self.exchange = exchange
            let isWhole = exchange.answer.hasEnded && !exchange.answer.hasFailed
            let status = exchange.status ?? 0
            self.end(status == 200 ? (isWhole ? .complete : .cut) : .refused(status), context)
            if exchange.keepsAlive, !self.isProbe {
                self.sendNext(context)
            } else {
                context.close(promise: nil)
            }
        }
    }

    private func end(_ outcome: LoadResult.Outcome, _ context: ChannelHandlerContext) {
        guard let exchange = self.exchange else { return }
        self.exchange = nil
        if self.isProbe {
            self.run.probeEnded(outcome)
        } else {
            self.run.ended(outcome, exchange.request, exchange.answer)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let exchange = self.exchange { self.end(exchange.status == nil ? .failed : .cut, context) }
        if !self.isProbe { self.run.connectionClosed() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What is on its way ends as cut, or as failed where nothing had come, when the connection is closed.
        context.close(promise: nil)
    }
}
