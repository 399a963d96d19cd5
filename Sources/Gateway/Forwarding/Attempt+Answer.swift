import NIOCore
import ProxyCore

extension Attempt: TransferObserver {
    func transferReceived(head: ResponseHead) {
        guard !self.isOver else { return }
        self.clock.progressed(at: self.eventLoop.now)
        self.head = head
        let media = AnswerMedia(of: head)
        self.isEventStream = media == .eventStream
        let length = head.headers.first("content-length").flatMap { Int64($0) }
        let held = HeldAnswer(head: head, body: ByteBuffer(), isComplete: false)
        if head.status >= 400 {
            self.clock.errorBegan(at: self.eventLoop.now)
            self.stage = .collecting(held, limit: Self.errorBodyLimit)
        } else if self.isEventStream {
            // What is compressed cannot be cut between events, and its errors cannot be seen in time.
            let isUncoded = head.isUncoded
            self.stage = isUncoded ? .holding(held) : .awaitingFirstByte(head)
            if isUncoded {
                self.relay = StreamRelay(dialect: self.reading.dialect, removesUsage: self.reading.removesUsage)
            }
        } else if let most = self.limits.responseBody, let length, length > most {
            self.fail(.responseTooLarge)
        } else if media == .json, length.map({ $0 <= Self.jsonBodyLimit }) ?? true {
            self.stage = .collecting(held, limit: Self.jsonBodyLimit)
        } else {
            self.stage = .awaitingFirstByte(head)
        }
        if head.status < 400, self.relay == nil { self.meter = BodyMeter(of: head, media, self.reading) }
        self.watch()
    }

    func transferReceived(body: ByteBuffer) {
        guard !self.isOver else { return }
        let passage = self.look(at: body)
        switch self.stage {
        case .collecting:
            self.collect(body)
        case .holding:
            self.hold(passage)
        case .awaitingFirstByte(let head):
            self.commit(HeldAnswer(head: head, body: body, isComplete: false))
        case .undecided(var late):
            self.stage = .awaitingHead
            late.body.writeImmutableBuffer(passage.bytes)
            self.stage = .undecided(late)
        case .committed:
            if passage.bytes.readableBytes > 0 { self.owner?.attemptReceived(passage.bytes) }
            self.tell(of: passage.finding.lateError)
        case .awaitingHead, .over:
            break
        }
    }

    func transferCompleted(trailers: HeaderFields?) {
        self.transfer = nil
        let rest = self.relay?.finish() ?? StreamRelay.Passage()
        switch self.stage {
        case .collecting(var held, _):
            held.isComplete = true
            self.decide(on: held)
        case .holding(var held):
            held.isComplete = true
            held.body.writeImmutableBuffer(rest.bytes)
            self.settle(held, rest.finding)
        case .awaitingFirstByte(let head):
            self.commit(HeldAnswer(head: head, body: ByteBuffer(), isComplete: true))
        case .undecided(var late):
            late.isComplete = true
            late.body.writeImmutableBuffer(rest.bytes)
            self.stage = .undecided(late)
        case .committed:
            if rest.bytes.readableBytes > 0 { self.owner?.attemptReceived(rest.bytes) }
            self.tell(of: rest.finding.lateError)
            guard !self.isOver else { return }
            _ = self.end()
            self.owner?.attemptCompleted()
        case .awaitingHead:
            self.fail(.noAnswer)
        case .over:
            break
        }
    }

    func transferFailed(_ failure: UpstreamFailure) {
        self.transfer = nil
        self.fail(AttemptTrouble(failure))
    }

    // MARK: What is held back

    /// Reads a piece and moves the clock: of an event stream only events count, of others each byte.
    ///
    /// Returns what is to be passed on, and what it showed.
    private func look(at piece: ByteBuffer) -> StreamRelay.Passage {
        guard let passage = self.relay?.take(piece) else {
            self.meter?.take(piece)
            self.clock.progressed(at: self.eventLoop.now)
            return StreamRelay.Passage(bytes: piece)
        }
        if passage.finding.isProgress {
            self.clock.eventCame(at: self.eventLoop.now)
            self.watch()
        }
        return passage
    }

    private func collect(_ body: ByteBuffer) {
        guard case .collecting(var held, let limit) = self.stage else { return }
        // The buffer must have one owner only, or each piece would copy it.
        self.stage = .awaitingHead
        held.body.writeImmutableBuffer(body)
        self.stage = .collecting(held, limit: limit)
        if held.head.status < 400 {
            if let most = self.limits.responseBody, Int64(held.body.readableBytes) > most {
                return self.fail(.responseTooLarge)
            }
            // The first-byte timeout ends with the first body byte (contract section 7), held back or not.
            self.clock.answerBegan(at: self.eventLoop.now)
            self.watch()
        }
        if held.body.readableBytes > limit { self.decide(on: held) }
    }

    private func hold(_ passage: StreamRelay.Passage) {
        guard case .holding(var held) = self.stage else { return }
        self.stage = .awaitingHead
        if held.body.readableBytes == 0 {
            held.body = passage.bytes
        } else {
            held.body.writeImmutableBuffer(passage.bytes)
        }
        self.stage = .holding(held)
        self.settle(held, passage.finding)
    }

    /// Does with a held stream what an event in it has decided.
    private func settle(_ held: HeldAnswer, _ finding: StreamWatch.Finding) {
        switch finding.decision {
        case nil: break
        case .commits:
            self.commit(held)
            self.tell(of: finding.lateError)
        case .fails(let details):
            var held = held
            held.eventError = details
            self.report(held, isWhole: true, fault: ProxyFault(.upstreamProtocol))
        }
    }

    /// Passes the held answer on: it is worth it, or it is an error and no other attempt will be made.
    func commit(_ answer: HeldAnswer) {
        guard !self.isOver else { return }
        let late: LateRest? = if case .undecided(let late) = self.stage { late } else { nil }
        self.stage = .committed
        // A stream that only pinged so far still owes its first event.
        if self.relay == nil { self.clock.answerBegan(at: self.eventLoop.now) }
        self.owner?.attemptCommitted(answer.head, isEventStream: self.isEventStream)
        for body in [answer.body, late?.body] {
            // What the owner does with them may end it.
            guard !self.isOver else { return }
            if let body, body.readableBytes > 0 { self.owner?.attemptReceived(body) }
        }
        guard !self.isOver else { return }
        if answer.isComplete || late?.isComplete ?? false {
            _ = self.end()
            self.owner?.attemptCompleted()
        } else if let trouble = late?.trouble {
            self.fail(trouble)
        } else {
            if late != nil, !self.isPaused { self.transfer?.resumeReading() }
            self.watch()
        }
    }

    /// A held answer is complete, or too long to be held any longer.
    func decide(on held: HeldAnswer) {
        guard held.head.status >= 400 else { return self.commit(held) }
        self.report(held, isWhole: true, fault: ProxyFault(.upstreamProtocol))
    }

    // MARK: Errors

    /// Tells of an error answer.
    ///
    /// One that broke off is not passed on: `fault` stands for it.
    private func report(_ held: HeldAnswer, isWhole: Bool, fault: ProxyFault) {
        if isWhole { self.stage = .undecided(LateRest()) }
        let classified = self.classify(held)
        let status = held.eventError == nil ? held.head.status : held.eventError?.statusCode
        let result = AttemptResult(
            errorClass: classified.errorClass,
            blame: AttemptResult.Blame(classified.blame),
            // Gateways in between give up while the provider may still be at work (provider facts, 11.1).
            possiblyBilled: status == 502 || status == 504 || status == 524,
            diedOnReusedConnection: false,
            concernsOrigin: false
        )
        self.owner?.attemptFailed(
            AttemptFailure(
                result: result,
                answer: isWhole ? held : nil,
                fault: fault,
                classification: classified,
                status: status,
                detail: held.eventError == nil
                    ? "status \(held.head.status)" : "an error event in the stream, \(classified.decidedBy)"
            )
        )
        if self.isUndecided { self.transfer?.pauseReading() }
    }

    /// Tells of an error behind the event that committed the stream.
    private func tell(of error: ProviderErrorDetails?) {
        guard let error, let head, !self.isOver else { return }
        let classified = self.classify(
            HeldAnswer(head: head, body: ByteBuffer(), isComplete: false, eventError: error))
        self.owner?.attemptSawError(classified, status: error.statusCode)
    }

    /// Ends the attempt for a reason other than a complete answer.
    func fail(_ trouble: AttemptTrouble) {
        var cutError: HeldAnswer?
        var wasCommitted = false
        switch self.stage {
        case .over: return
        case .undecided(var late):
            // The answer that the owner knows of can still be passed on, to where it broke off.
            late.trouble = trouble
            self.stage = .undecided(late)
            return
        case .committed: wasCommitted = true
        case .collecting(let held, _) where held.head.status >= 400: cutError = held
        case .awaitingHead, .collecting, .holding, .awaitingFirstByte: break
        }
        let wasSent = self.isFullySent && trouble.requestBytesSent
        self.end()?.cancel()
        if wasCommitted {
            self.owner?.attemptBroke(trouble.errorClass, trouble.fault, detail: trouble.detail)
        } else if let cutError {
            // What it says of the key holds although it cannot be passed on.
            self.report(cutError, isWhole: false, fault: trouble.fault)
        } else {
            // One that was closed long after the request had been sent was not idle: the provider was at work on it.
            let diedOfAge = trouble.diedOnReusedConnection && self.clock.isFresh(at: self.eventLoop.now)
            let result = AttemptResult(
                errorClass: trouble.errorClass,
                blame: .provider,
                possiblyBilled: wasSent,
                diedOnReusedConnection: diedOfAge,
                concernsOrigin: trouble.concernsOrigin
            )
            self.owner?.attemptFailed(
                AttemptFailure(
                    result: result, answer: nil, fault: trouble.fault, classification: nil, detail: trouble.detail))
        }
    }
}
