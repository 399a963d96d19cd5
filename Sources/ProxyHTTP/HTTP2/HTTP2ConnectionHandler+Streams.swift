import NIOCore
import NIOHPACK
import NIOHTTP2
import ProxyCore

/// What comes in on streams, and what is handed on of it.
extension HTTP2ConnectionHandler {
    func received(_ block: HTTP2Frame.FramePayload.Headers, on id: HTTP2StreamID) {
        if let stream = self.streams[id] {
            // Trailers are taken and dropped, as those of chunked bodies are.
            if block.endStream { stream.hasEnded = true }
            return self.touch(stream)
        }
        // Trailers of a stream that is no more are no new request: numbers only go up (RFC 9113 §5.1.1).
        guard id > self.lastStreamID else { return }
        guard self.machine.takesStreams else { return self.send(.rstStream(.refusedStream), on: id) }
        let stream = HTTP2Stream(id: id, opening: self.opening(block), owner: self, eventLoop: self.eventLoop)
        stream.hasEnded = block.endStream
        self.streams[id] = stream
        self.lastStreamID = max(self.lastStreamID, id)
        self.carryOut(self.machine.streamOpened(at: self.now))
        self.touch(stream)
    }

    private func opening(_ block: HTTP2Frame.FramePayload.Headers) -> Result<SoundHead, HeadRefusal> {
        do throws(HeadRefusal) {
            let request = try SoundHead(
                http2: block.headers, isComplete: block.endStream,
                maximumHeaderBytes: self.environment.maximumHeaderBytes)
            guard !self.isOverloaded else { throw HeadRefusal(reason: .overloaded, head: request.head) }
            return .success(request)
        } catch {
            return .failure(error)
        }
    }

    func windowChanged(_ event: NIOHTTP2WindowUpdatedEvent) {
        guard let left = event.inboundWindowSize else { return }
        if event.streamID == .rootStream {
            self.window.changed(to: left)
        } else {
            self.streams[event.streamID]?.window.changed(to: left)
        }
    }

    /// The decoder has let go of a stream: both sides have ended, or one has reset it.
    func streamClosed(_ id: HTTP2StreamID) {
        guard let stream = self.streams.removeValue(forKey: id) else { return }
        stream.isGone = true
        stream.machine.streamClosed()
        self.endExchange(of: stream, byCaller: !stream.wasResetByUs)
        stream.dropAll()
        self.touch(stream)
        self.carryOut(self.machine.streamClosed(at: self.now))
    }

    /// The connection ends, and with it everything on it.
    func endAllStreams(byCaller: Bool) {
        for stream in self.streams.values {
            stream.isGone = true
            stream.machine.streamClosed()
            self.endExchange(of: stream, byCaller: byCaller)
            stream.dropAll()
            self.touch(stream)
        }
        self.streams.removeAll()
    }

    /// The exchange of a stream is over, which the responder hears in ``deliver(_:)``.
    func endExchange(of stream: HTTP2Stream, byCaller: Bool) {
        guard stream.owner != nil else { return }
        stream.owner = nil
        // A stream that was never handed on was never counted either.
        guard stream.handler != nil else { return }
        stream.closedByCaller = byCaller
        self.environment.registry.exchangeEnded()
        self.touch(stream)
    }

    // MARK: Handing on

    /// Hands on what can be handed on of one stream.
    func deliver(_ stream: HTTP2Stream) {
        if let opening = stream.opening {
            stream.opening = nil
            // A stream that its caller has reset in the same breath is not begun with.
            guard !stream.isGone else { return }
            self.begin(stream, opening)
        }
        self.deliverEnd(of: stream)
        if stream.isBlocked, stream.owner != nil, self.isWritable, stream.pendingBytes <= HTTP2Limits.answerLowMark {
            stream.isBlocked = false
            stream.handler?.exchangeBecameWritable()
        }
        while stream.machine.takesBody, let piece = stream.nextPiece() {
            self.carryOut(stream.machine.bodyArrived(bytes: piece.readableBytes, at: self.now), on: stream)
            if stream.owner != nil { stream.handler?.exchangeReceived(body: piece) }
            self.credit(stream)
        }
        if stream.machine.takesBody, stream.hasEnded {
            stream.machine.bodyCompleted()
            if stream.owner != nil { stream.handler?.exchangeReceivedEnd() }
        }
        if stream.mustTellSent {
            stream.mustTellSent = false
            self.carryOut(stream.machine.answerSent(), on: stream)
        }
        self.deliverEnd(of: stream)
    }

    private func deliverEnd(of stream: HTTP2Stream) {
        guard let byCaller = stream.closedByCaller else { return }
        stream.closedByCaller = nil
        let handler = stream.handler
        stream.handler = nil
        handler?.exchangeClosed(byCaller: byCaller)
    }

    private func begin(_ stream: HTTP2Stream, _ opening: Result<SoundHead, HeadRefusal>) {
        switch opening {
        case .success(let request):
            self.environment.registry.exchangeBegan(on: self.info.id, isFirst: !self.hasBegunExchange)
            self.hasBegunExchange = true
            let handler = self.environment.responder.respond(to: request.head, on: stream)
            stream.handler = handler
            // It may have answered, or given up, before it was there to be told so.
            if stream.owner == nil {
                self.environment.registry.exchangeEnded()
                stream.closedByCaller = false
            }
        case .failure(let refusal):
            self.carryOut(stream.machine.refused(refusal.reason), on: stream, refusedHead: refusal.head)
        }
    }

    /// Lets more of a body come once what came has been taken.
    private func credit(_ stream: HTTP2Stream) {
        guard !stream.hasEnded, !stream.isGone, stream.pendingReset == nil else { return }
        guard let increment = stream.window.increment(held: stream.heldBytes) else { return }
        self.send(.windowUpdate(windowSizeIncrement: increment), on: stream.id)
    }

    /// Does what a stream's machine decided.
    func carryOut(
        _ decision: StreamStateMachine.Decision, on stream: HTTP2Stream, refusedHead: RequestHead? = nil
    ) {
        switch decision {
        case .goOn:
            return
        case .refuse(let reason):
            self.refuse(reason, on: stream, head: refusedHead ?? stream.request?.head)
        case .reset(let reset):
            stream.pendingReset =
                switch reset {
                case .noError: .noError
                case .cancel: .cancel
                case .internalError: .internalError
                }
            self.endExchange(of: stream, byCaller: false)
        }
        self.touch(stream)
    }

    private func refuse(_ reason: ListenerRefusal, on stream: HTTP2Stream, head: RequestHead?) {
        let answer = self.environment.responder.refusal(reason, head: head)
        var responseHead = answer.head
        responseHead.headers.replace(name: "content-length", value: String(answer.body.readableBytes))
        stream.beginAnswer(responseHead, method: head?.method ?? "GET", owner: self)
        _ = stream.add(answer.body)
        stream.endAnswer(trailers: nil, at: self.now)
        self.endExchange(of: stream, byCaller: false)
    }
}
