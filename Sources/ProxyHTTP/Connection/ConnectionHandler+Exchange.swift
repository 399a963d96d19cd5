import NIOCore
import ProxyCore

/// What the responder can do with the exchange that runs.
///
/// The calls only note what they change, see ``ConnectionHandler/touch()``, but for a piece of the body before which nothing
/// waits: it leaves within the call.
extension ConnectionHandler {
    func resumeBody() {
        if self.machine.bodyResumed(bufferedBytes: self.reader.bufferedBytes, at: self.now) {
            self.outbox.append(reserving: 32) { $0.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n") }
        }
        self.touch()
    }

    func pauseBody() {
        self.machine.bodyPaused(at: self.now)
        self.touch()
    }

    func writeHead(_ head: ResponseHead, of exchange: ServerExchange) {
        guard self.machine.mayBeginAnswer else {
            self.reportMisuse("a second head was written")
            return
        }
        guard (200...599).contains(head.status) else {
            self.reportMisuse("a head with a status outside of 200 to 599 was written")
            self.abort()
            return
        }
        let request = exchange.request
        var encoder = ResponseEncoder(head: head, method: request.head.method, version: request.version)
        let closes = self.machine.answerBegan(
            wantsClose: encoder.wantsClose,
            remainingBody: self.reader.remainingLength
        )
        encoder.writeHead(closes: closes, now: self.environment.wallTime(), into: &self.outbox)
        self.encoder = encoder
        self.reportDroppedFields(self.encoder)
        self.touch()
    }

    func write(_ body: ByteBuffer) {
        guard self.machine.isAnswering else { return }
        let isAlone = self.outbox.isEmpty
        guard self.encoder?.write(body, into: &self.outbox) ?? false else {
            self.reportMisuse("more was written than Content-Length promised")
            self.abort()
            return
        }
        if isAlone { return self.sendOrTouch() }
        self.handOn()
        self.touch()
    }

    func finish(trailers: HeaderFields?) {
        guard self.machine.isAnswering else {
            if self.machine.mayBeginAnswer {
                self.reportMisuse("an answer without a head was ended")
                self.abort()
            }
            return
        }
        guard self.encoder?.finish(trailers: trailers, into: &self.outbox) ?? false else {
            self.reportMisuse("less was written than Content-Length promised")
            self.abort()
            return
        }
        self.reportDroppedFields(self.encoder)
        let remaining = self.reader.remainingLength
        self.endExchange(byCaller: false)
        self.carryOut(self.machine.answerCompleted(remainingBody: remaining, at: self.now))
        self.touch()
    }

    func abort() {
        self.carryOut(self.machine.answerAborted())
        self.touch()
    }
}
