/// What the thread of a connection does: it sends what other threads hand over, and sees to what arrives.
final class ConnectionEngine {
    /// Signals that somebody wants.
    struct Subscription {
        let rule: SignalRule
        let buffer: SignalBuffer
    }

    let mailbox: ConnectionMailbox
    let objects: ExportedObjects
    let link: BusLink
    private let opening: AnswerSlot<BusName>
    private var calls = PendingCalls()
    var subscriptions: [Subscription] = []
    var owners = NameOwners()
    /// The well-known names that this connection was given.
    var names: Set<BusName> = []
    private var isOpen = false
    /// How it ended; set from within.
    var end: BusEnd?
    /// When the end does not wait any longer for what is still to be sent.
    private var closeDeadline: ContinuousClock.Instant?

    /// How long the end waits for what is still to be sent.
    private static let closeTime: Duration = .seconds(1)
    /// How long the bus may take for what nobody waits for.
    private static let patience: Duration = .seconds(60)

    /// Connects to the address of a plan.
    init(_ plan: ConnectionPlan) throws(BusError) {
        self.mailbox = plan.mailbox
        self.objects = plan.objects
        self.opening = plan.opening
        self.link = try BusLink(plan.address, wakeDescriptor: plan.mailbox.wakeDescriptor)
        self.link.onMessage = { [weak self] message in self?.receive(message) }
    }

    /// Runs until the connection is over and tells how it ended.
    func run() -> BusEnd {
        self.tell(StandardBus.hello, .empty, purpose: .hello)
        while true {
            for command in self.mailbox.take() { self.perform(command) }
            // A bus that takes nothing gets no more answers to be kept for it.
            let isReading = self.link.outgoingSize <= MessageLimits.outgoingSize
            let hasMore = isReading && self.link.dispatch()
            let now = ContinuousClock.now
            for call in self.calls.takeExpired(now: now) { self.expire(call) }
            if let end = self.end ?? self.end(now: now, hasMore: hasMore) {
                self.finish()
                return end
            }
            let deadlines = [self.calls.nextDeadline, self.closeDeadline, hasMore ? now : nil]
            self.link.wait(until: deadlines.compactMap(\.self).min(), isReading: isReading)
        }
    }

    private func end(now: ContinuousClock.Instant, hasMore: Bool) -> BusEnd? {
        if let deadline = self.closeDeadline {
            return !self.link.hasMessagesToSend || !self.link.isConnected || deadline <= now ? .closed : nil
        }
        return !self.link.isConnected && !hasMore ? .lost : nil
    }

    private func finish() {
        for command in self.mailbox.seal() { self.refuse(command) }
        for call in self.calls.takeAll() { self.conclude(call, .failure(ConnectionMailbox.ended)) }
        for subscription in self.subscriptions { subscription.buffer.finish(discarding: false) }
        self.subscriptions = []
        self.objects.end()
    }

    // MARK: - What others hand over

    private func perform(_ command: ConnectionCommand) {
        switch command {
        case .call(let call): self.send(call)
        case .forget(let slot):
            if self.calls.take(slot) != nil { self.mailbox.callEnded() }
        case .signal(let signal): self.send(signal)
        case .answer(let outcome, let reference): self.answer(outcome, reference)
        case .subscribe(let rule, let buffer, let call): self.subscribe(rule, buffer, call)
        case .unsubscribe(let buffer): self.unsubscribe(buffer)
        case .sign(let sign): sign()
        case .close:
            guard self.isOpen else {
                self.end = .closed
                return
            }
            self.closeDeadline = .now.advanced(by: Self.closeTime)
            for late in self.mailbox.seal() { self.refuse(late) }
        }
    }

    /// Sees to a command that has come after the end.
    private func refuse(_ command: ConnectionCommand) {
        switch command {
        case .call(let call): self.conclude(call, .failure(ConnectionMailbox.ended))
        case .subscribe(_, let buffer, let call):
            buffer.finish(discarding: true)
            self.conclude(call, .failure(ConnectionMailbox.ended))
        case .signal: self.mailbox.signalDropped()
        case .sign(let sign): sign()
        case .forget, .answer, .unsubscribe, .close: break
        }
    }

    func send(_ call: OutgoingCall) {
        do throws(BusError) {
            if case .plain = call.purpose, call.slot.isFilled {
                // Cancelled before it was sent.
                return self.mailbox.callEnded()
            }
            guard self.link.outgoingSize <= MessageLimits.outgoingSize else {
                throw BusError(kind: .limit, "the bus takes no messages at the moment")
            }
            let message = try BusMessage.call(call)
            self.calls.insert(call, serial: try self.link.send(message))
        } catch {
            self.conclude(call, .failure(error))
        }
    }

    private func send(_ signal: OutgoingSignal) {
        do {
            guard self.link.outgoingSize <= MessageLimits.outgoingSize else { return self.mailbox.signalDropped() }
            _ = try self.link.send(try BusMessage.signal(signal))
        } catch {
            self.mailbox.signalDropped()
        }
    }

    func answer(_ outcome: CallOutcome, _ reference: CallReference) {
        do {
            do throws(BusError) {
                _ = try self.link.send(try BusMessage.answer(outcome, to: reference))
            } catch {
                let failure = BusError(error.name, "the answer cannot be sent: \(error.message)")
                _ = try self.link.send(try BusMessage.answer(.failure(failure), to: reference))
            }
        } catch {
            // Without memory for a text there is nothing left to answer with; the caller's own deadline helps it.
        }
    }

    /// Asks something of the bus that nobody waits for.
    func tell(_ member: MemberName, _ body: MessageBody, purpose: OutgoingCall.Purpose) {
        self.send(.bus(member, body, purpose: purpose, deadline: .now.advanced(by: Self.patience)))
    }

    // MARK: - Answers

    func receiveAnswer(_ message: BusMessage, isFailure: Bool) {
        guard let call = self.calls.take(serial: message.replySerial, sender: message.sender) else { return }
        do {
            let arguments = try message.arguments()
            guard isFailure else { return self.conclude(call, .success(arguments)) }
            self.conclude(call, .failure(BusError(message.errorName ?? .failed, arguments.first?.asString ?? "")))
        } catch {
            self.conclude(call, .failure(error))
        }
    }

    private func expire(_ call: OutgoingCall) {
        self.conclude(call, .failure(BusError(kind: .timedOut, "\(call.destination) did not answer in time")))
    }

    private func conclude(_ call: OutgoingCall, _ result: Result<[BusValue], BusError>) {
        switch call.purpose {
        case .plain, .errand: break
        case .name(let name): self.nameRequested(name, result, isWanted: !call.slot.isFilled)
        case .match(let buffer): self.matchAdded(buffer, result)
        case .owner(let name): self.ownerFound(name, result)
        case .hello: self.greeted(result)
        }
        if call.isCounted { self.mailbox.callEnded() }
        call.slot.fill(result)
    }

    private func greeted(_ result: Result<[BusValue], BusError>) {
        switch result {
        case .success(let arguments):
            if let name = arguments.first?.asString.flatMap({ BusName($0) }) {
                self.isOpen = true
                // Given up by whoever opened it.
                if !self.opening.fill(.success(name)) { self.end = .closed }
            } else {
                self.opening.fill(.failure(BusError(kind: .unreachable, "the bus has given no name")))
                self.end = .lost
            }
        case .failure(let error):
            let reason = "the bus has not accepted the connection: \(error.message)"
            self.opening.fill(.failure(BusError(kind: .unreachable, reason)))
            self.end = self.end ?? .lost
        }
    }
}

@available(*, unavailable)
extension ConnectionEngine: Sendable {}
