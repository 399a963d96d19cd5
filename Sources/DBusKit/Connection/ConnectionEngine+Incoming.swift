extension ConnectionEngine {
    /// Sees to a message that has arrived.
    func receive(_ message: BusMessage) {
        switch message.kind {
        case .call: self.receiveCall(message)
        case .reply: self.receiveAnswer(message, isFailure: false)
        case .failure: self.receiveAnswer(message, isFailure: true)
        case .signal: self.receiveSignal(message)
        // Kinds to come are to be ignored (D-Bus specification, "Message Types").
        case nil: break
        }
    }

    private func receiveCall(_ message: BusMessage) {
        let reference = CallReference(caller: message.sender, serial: message.serial)
        let expectsReply = message.expectsReply
        do throws(BusError) {
            let arguments = try message.arguments()
            guard let path = message.path, let member = message.member, let signature = message.signature else {
                throw BusError(.invalidArgs, "the call has no path or member that is known here")
            }
            let call = IncomingCall(
                sender: reference.caller,
                path: path,
                interface: message.interface,
                member: member,
                signature: signature,
                arguments: arguments,
                expectsReply: expectsReply,
                allowsInteraction: message.allowsInteraction
            )
            self.objects.handle(call) { [mailbox = self.mailbox] outcome in
                if expectsReply { mailbox.post(.answer(outcome, reference)) }
            }
        } catch {
            if expectsReply { self.answer(.failure(error), reference) }
        }
    }

    // MARK: - Signals

    private func receiveSignal(_ message: BusMessage) {
        guard let path = message.path, let interface = message.interface, let member = message.member,
            interface != StandardBus.localInterface
        else { return }
        let sender = message.sender
        if sender == StandardBus.name, interface == StandardBus.interface { self.noteOwners(member, message) }
        let takers = self.subscriptions.filter { subscription in
            subscription.rule.accepts(path: path, interface: interface, member: member)
                && self.owners.accepts(sender, wanted: subscription.rule.sender)
        }
        guard !takers.isEmpty else { return }
        do {
            let arguments = try message.arguments()
            let signal = BusSignal(
                sender: sender,
                path: path,
                interface: interface,
                member: member,
                arguments: arguments
            )
            for taker in takers where taker.rule.accepts(arguments) { taker.buffer.add(signal) }
        } catch {
            for taker in takers { taker.buffer.miss() }
        }
    }

    private func noteOwners(_ member: MemberName, _ message: BusMessage) {
        guard member == StandardBus.nameLost || member == StandardBus.nameOwnerChanged else { return }
        do {
            let texts = try message.arguments().compactMap(\.asString)
            guard let name = texts.first.flatMap({ BusName($0) }) else { return }
            if member == StandardBus.nameOwnerChanged, texts.count == 3 {
                self.owners.note(BusName(texts[2]), of: name)
            } else if member == StandardBus.nameLost, self.names.contains(name) {
                self.end = self.end ?? .nameLost(name)
            }
        } catch {
            // The bus sends three texts, which can always be read.
        }
    }

    func subscribe(_ rule: SignalRule, _ buffer: SignalBuffer, _ call: OutgoingCall) {
        // The bus answers in order: before it answers `call` it has said who owns the name.
        if let sender = rule.sender, NameOwners.mustFollow(sender), self.owners.follow(sender) {
            self.tell(StandardBus.addMatch, .text(StandardBus.ownerRule(of: sender).text), purpose: .errand)
            self.tell(StandardBus.getNameOwner, .text(sender.text), purpose: .owner(sender))
        }
        self.subscriptions.append(Subscription(rule: rule, buffer: buffer))
        self.send(call)
    }

    func unsubscribe(_ buffer: SignalBuffer) {
        guard let rule = self.removeSubscription(buffer) else { return }
        self.tell(StandardBus.removeMatch, .text(rule.text), purpose: .errand)
    }

    private func removeSubscription(_ buffer: SignalBuffer) -> SignalRule? {
        guard let index = self.subscriptions.firstIndex(where: { $0.buffer === buffer }) else { return nil }
        let rule = self.subscriptions.remove(at: index).rule
        buffer.finish(discarding: false)
        if let sender = rule.sender, NameOwners.mustFollow(sender), self.owners.unfollow(sender) {
            self.tell(StandardBus.removeMatch, .text(StandardBus.ownerRule(of: sender).text), purpose: .errand)
        }
        return rule
    }

    func matchAdded(_ buffer: SignalBuffer, _ result: Result<[BusValue], BusError>) {
        // After a time-out the bus may still add it: whoever gives up then has it removed.
        if case .failure(let error) = result, error.kind != .timedOut { _ = self.removeSubscription(buffer) }
    }

    func ownerFound(_ name: BusName, _ result: Result<[BusValue], BusError>) {
        // An error says that nobody owns it.
        if case .success(let arguments) = result {
            self.owners.note(arguments.first?.asString.flatMap { BusName($0) }, of: name)
        } else {
            self.owners.note(nil, of: name)
        }
    }

    // MARK: - Names

    func nameRequested(_ name: BusName, _ result: Result<[BusValue], BusError>, isWanted: Bool) {
        switch result {
        case .success(let answer):
            guard StandardBus.grantsName(answer) else { return }
            if isWanted { self.names.insert(name) } else { self.giveUp(name) }
        case .failure(let error):
            // The bus may still give it.
            if error.kind == .timedOut { self.giveUp(name) }
        }
    }

    private func giveUp(_ name: BusName) {
        guard !self.names.contains(name) else { return }
        self.tell(StandardBus.releaseName, .text(name.text), purpose: .errand)
    }
}
