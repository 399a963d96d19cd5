import NIOCore
import NIOHPACK
import NIOHTTP2
import ProxyCore

/// What goes out, and what the connection as a whole does.
extension HTTP2ConnectionHandler: NIOHTTP2FrameDelegate {
    /// Hands a frame to the decoder, which sends it when the windows allow.
    func send(_ payload: HTTP2Frame.FramePayload, on id: HTTP2StreamID) {
        guard let context = self.context else { return }
        self.mustFlush = true
        context.write(self.wrapOutboundOut(HTTP2Frame(streamID: id, payload: payload)), promise: nil)
    }

    /// Sends what there is of one stream's answer.
    func sendAnswer(of stream: HTTP2Stream) {
        guard !stream.isGone, self.machine.takesInput else { return }
        self.sending = stream
        defer { self.sending = nil }
        if let reset = stream.pendingReset {
            stream.pendingReset = nil
            stream.dropAll()
            self.send(.rstStream(reset), on: stream.id)
            // Should the decoder not know the stream, nobody else would tell of its end.
            return self.streamClosed(stream.id)
        }
        if stream.mustSendContinue {
            stream.mustSendContinue = false
            self.send(.headers(.init(headers: HPACKHeaders([(":status", "100")]))), on: stream.id)
        }
        self.sendHead(of: stream)
        var pieces = stream.outbox.takeAll()
        let last = pieces.popLast()
        for piece in pieces { self.send(.data(.init(data: .byteBuffer(piece))), on: stream.id) }
        var isEnded = false
        if let last {
            if case .plain? = stream.ending { isEnded = true }
            if isEnded { stream.isEndPending = true }
            self.send(.data(.init(data: .byteBuffer(last), endStream: isEnded)), on: stream.id)
        }
        if let ending = stream.ending, !isEnded {
            stream.isEndPending = true
            switch ending {
            case .trailers(let block): self.send(.headers(.init(headers: block, endStream: true)), on: stream.id)
            case .plain: self.send(.data(.init(data: .byteBuffer(ByteBuffer()), endStream: true)), on: stream.id)
            }
        }
        stream.ending = nil
        stream.machine.outputMoved(sent: stream.sentBytes, pending: stream.waiting, at: self.now)
    }

    private func sendHead(of stream: HTTP2Stream) {
        guard let block = stream.headerBlock else { return }
        stream.headerBlock = nil
        var endsStream = false
        if case .plain? = stream.ending { endsStream = stream.outbox.isEmpty }
        if endsStream { stream.ending = nil }
        self.send(.headers(.init(headers: block, endStream: endsStream)), on: stream.id)
    }

    /// Lets more of all bodies come.
    func sendWindow() {
        guard self.machine.takesInput, let increment = self.window.increment(held: 0) else { return }
        self.send(.windowUpdate(windowSizeIncrement: increment), on: .rootStream)
    }

    /// A frame has left the decoder for the socket.
    func wroteFrame(_ frame: HTTP2Frame) {
        switch frame.payload {
        case .data(let data):
            self.frameGuard?.meter.dataSent(bytes: data.data.readableBytes)
            guard let stream = self.streams[frame.streamID] else { return }
            stream.sentBytes += data.data.readableBytes
            if data.endStream {
                stream.isEndPending = false
                stream.mustTellSent = true
            }
            if data.endStream || (stream.isBlocked && stream.pendingBytes <= HTTP2Limits.answerLowMark) {
                self.touch(stream)
            }
        case .headers(let block):
            if let status = block.headers.first(name: ":status"), status != "100" {
                self.frameGuard?.meter.answerBegan()
            }
            guard block.endStream, let stream = self.streams[frame.streamID] else { return }
            stream.isEndPending = false
            stream.mustTellSent = true
            self.touch(stream)
        case .goAway(_, let code, _) where code != .noError:
            self.hasDecoderFailed = true
        case .rstStream(let code):
            self.streams[frame.streamID]?.wasResetByUs = true
            self.countReset(code)
        default:
            break
        }
    }

    /// Counts the resets that the caller has brought about; those that follow from the answer are ours.
    private func countReset(_ code: HTTP2ErrorCode) {
        guard code != .noError, code != .cancel, code != .internalError else { return }
        guard let frameGuard = self.frameGuard else { return }
        if let abuse = frameGuard.meter.streamWasReset(at: self.now) { return self.abused(abuse) }
        if frameGuard.meter.hasTooManyResets { self.carryOut(self.machine.exhausted(.resets, at: self.now)) }
    }

    // MARK: The connection

    /// The guard has counted too much of something.
    func abused(_ abuse: HTTP2Abuse) {
        self.carryOut(self.machine.abused(abuse, at: self.now))
        self.touch()
    }

    /// The guard has seen how far the caller's head has come.
    func metered(_ meter: FrameMeter) {
        if meter.isOpen { self.machine.opened(at: self.now) }
        self.machine.headerBlockChanged(since: meter.headerBlockSince)
        if meter.hasTooManyResets { self.carryOut(self.machine.exhausted(.resets, at: self.now)) }
    }

    /// Notes what the connection's machine decided; ``perform()`` does it once the streams have been seen to.
    func carryOut(_ decision: HTTP2ConnectionMachine.Decision) {
        guard decision != .goOn else { return }
        // Whatever ends the connection comes last.
        self.pending = decision
        switch decision {
        case .refuseStreams(let abuse):
            self.note(abuse)
        case .fail(let abuse):
            if self.machine.grievance != abuse { self.note(abuse) }
            self.endAllStreams(byCaller: false)
        case .cut:
            self.endAllStreams(byCaller: false)
        default:
            break
        }
        self.touch()
    }

    private func note(_ abuse: HTTP2Abuse) {
        self.environment.abuses.note(abuse, connection: self.info, at: self.now, logger: self.environment.logger)
    }

    /// Does what the connection's machine decided.
    func perform() {
        guard let decision = self.pending else { return }
        self.pending = nil
        switch decision {
        case .goOn:
            break
        case .announceEnd:
            self.announceLast(.maxID, .noError)
            self.send(.ping(HTTP2PingData(withInteger: 0x6B6D_6964), ack: false), on: .rootStream)
        case .nameLastStream:
            self.nameLastStream(.noError)
        case .refuseStreams:
            self.nameLastStream(.enhanceYourCalm)
        case .finish:
            if !self.hasNamedLastStream { self.sayGoodbye(self.machine.grievance == nil ? .noError : .enhanceYourCalm) }
            self.closeOutput()
        case .finishIdle:
            self.sayGoodbye(.noError)
            // Nothing is left to be sent, so that this leaves at once.
            self.closeOutput()
            if let context = self.context { self.cutTransport(context) }
        case .fail(let abuse):
            if abuse != .protocolError { self.sayGoodbye(.enhanceYourCalm) }
            self.closeOutput()
        case .cut:
            if let context = self.context { self.cutTransport(context) }
        }
    }

    private func nameLastStream(_ code: HTTP2ErrorCode) {
        self.hasNamedLastStream = true
        self.announceLast(self.lastStreamID, code)
    }

    /// Sends GOAWAY (RFC 9113 §6.8) past the decoder, which would let no stream begin after one of any kind, and take what
    /// was on its way to a stream that it had not let begin for a fault.
    private func announceLast(_ last: HTTP2StreamID, _ code: HTTP2ErrorCode) {
        var frame = ByteBuffer(bytes: [0, 0, 8, 7, 0, 0, 0, 0, 0])
        frame.writeInteger(Int32(last))
        frame.writeInteger(UInt32(truncatingIfNeeded: code.networkCode))
        self.frameGuard?.send(frame)
    }

    private func sayGoodbye(_ code: HTTP2ErrorCode) {
        let last = self.lastStreamID
        self.send(.goAway(lastStreamID: last, errorCode: code, opaqueData: nil), on: .rootStream)
    }

    /// Closes our side; the channel keeps that back until everything that was written is sent, which a reader that
    /// stalls, and after a fault the time to linger, bound.
    private func closeOutput() {
        guard let context = self.context else { return }
        self.mustFlush = false
        context.flush()
        self.watchOutput()
        let promise = self.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in
            // A failure means that the connection is closed already, of which the channel tells by itself.
            self.machine.outputClosed(at: self.now)
            self.settle()
        }
        context.close(mode: .output, promise: promise)
    }
}
