import Foundation
import NIOCore
import NIOHTTP1

extension ConnectionHandler {
    /// Begins the answer to a request.
    func answer(_ exchange: Exchange) {
        let script: AnswerScript
        var action = FaultAction()
        let head = exchange.head
        if exchange.isControl {
            script = ControlRoutes.answer(
                method: head.method.rawValue,
                target: head.uri,
                body: exchange.body.whole(limit: BodyCollector.wholeLimit),
                core: self.core
            )
        } else {
            (script, action) = self.plan(exchange)
        }
        let body: AnswerDelivery.BodyRule =
            script.status == 204 || script.status == 304 ? .absent : head.method == .HEAD ? .lengthOnly : .whole
        let delivery = AnswerDelivery(
            script,
            action: action,
            allowsChunks: head.version.major == 1 && head.version.minor >= 1,
            body: body,
            closes: action.closeConnection || !head.isKeepAlive,
            connection: self
        )
        exchange.delivery = delivery
        delivery.start()
    }

    private func plan(_ exchange: Exchange) -> (AnswerScript, FaultAction) {
        let facts = RequestFacts(
            method: exchange.head.method.rawValue,
            target: exchange.head.uri,
            headers: exchange.headers,
            body: exchange.body.length == 0 ? nil : exchange.body.json,
            bodyLength: exchange.body.length,
            bodyDigest: exchange.body.digest
        )
        if var ticket = exchange.ticket, !facts.model.isEmpty {
            self.core.stats.identify(&ticket, model: facts.model, received: facts.bodyLength)
            exchange.ticket = ticket
            if facts.includesUsage { self.core.stats.askedForUsage(ticket) }
        }
        var action = exchange.headAction
        if action == nil || action?.earlyAnswer == false {
            let later = self.core.engine.action(
                key: exchange.credential,
                model: facts.model,
                target: facts.target,
                method: facts.method
            )
            action = action ?? later
        }
        return AnswerPlanner(
            facts: facts,
            credential: exchange.credential,
            scenarioAction: action,
            scenario: self.core.engine.scenario,
            accounts: self.core.accounts,
            running: exchange.credential.map(self.core.stats.running) ?? 0,
            now: Date()
        ).plan()
    }

    /// Goes on to the next request when this one is both received and answered.
    func endIfDone(_ exchange: Exchange) {
        guard exchange.isAnswered else { return }
        if exchange.delivery?.mustClose == true {
            self.finish(exchange, .completed)
            self.exchange = nil
            self.context?.close(promise: nil)
            return
        }
        guard exchange.isComplete else { return }
        self.finish(exchange, .completed)
        self.exchange = nil
        self.takeWaiting()
        self.releaseRead()
    }

    /// Counts the end of a request.
    func finish(_ exchange: Exchange, _ outcome: StatsRegistry.Outcome) {
        exchange.delivery?.cancel()
        if let ticket = exchange.ticket {
            self.core.stats.end(
                ticket, outcome, reported: exchange.delivery?.reported,
                isWhole: !(exchange.delivery?.hasFailed ?? false))
        }
        if let handle = exchange.handle { self.core.ring.update(handle) { $0.endedAt = Self.now } }
    }
}

extension ConnectionHandler: AnswerDelivery.Connection {
    var isWritable: Bool {
        self.context?.channel.isWritable ?? false
    }

    func send(_ bytes: ByteBuffer, events: Int) {
        guard let context = self.context, bytes.readableBytes > 0 else { return }
        context.write(self.wrapOutboundOut(bytes), promise: nil)
        if let ticket = self.exchange?.ticket {
            self.core.stats.sent(ticket, bytes: bytes.readableBytes, events: events)
        }
    }

    func flush() {
        self.context?.flush()
    }

    func flush(then: @escaping (Bool) -> Void) {
        guard let context = self.context else { return }
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { result in
            if case .success = result { then(true) } else { then(false) }
        }
    }

    func schedule(milliseconds: Int, _ task: @escaping () -> Void) -> Scheduled<Void>? {
        guard let context = self.context else { return nil }
        return context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(milliseconds)), task)
    }

    func began(status: Int) {
        guard let exchange = self.exchange else { return }
        if let ticket = exchange.ticket { self.core.stats.answered(ticket, status: status) }
        if let handle = exchange.handle {
            self.core.ring.update(handle) {
                $0.status = status
                $0.answeredAt = Self.now
            }
        }
    }

    func ended(_ end: AnswerDelivery.End) {
        guard let exchange = self.exchange else { return }
        switch end {
        case .completed:
            exchange.isAnswered = true
            self.endIfDone(exchange)
        case .cut(let isReset):
            self.finish(exchange, .cut)
            self.exchange = nil
            self.closeAbruptly(isReset: isReset)
        }
    }

    private func closeAbruptly(isReset: Bool) {
        guard let context = self.context else { return }
        if isReset, let provider = context.channel as? any SocketOptionProvider {
            // Closing with a linger time of 0 sends a reset (socket(7)).
            provider.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated().whenComplete { _ in
                context.close(promise: nil)
            }
        } else {
            context.close(promise: nil)
        }
    }
}
