extension BusConnection {
    /// How long the bus may take to answer where nobody has said.
    private static let busTimeout: Duration = .seconds(25)

    /// Calls a method and waits for what it returns.
    ///
    /// - Parameters:
    ///   - destination: who is called.
    ///   - path: the object.
    ///   - interface: the method's interface.
    ///   - member: the method.
    ///   - arguments: its arguments.
    ///   - timeout: how long to wait for the answer, at most a day.
    ///   - autoStart: whether the bus may start a program that owns the destination.
    ///   - allowsInteraction: whether the other side may ask a person for permission before it answers.
    /// - Throws: `remote` for an error reply; `timedOut`, also when the task is cancelled, which the other side does not
    ///   hear of; `disconnected` when the connection ends; `invalid` for arguments that cannot be sent; `limit` when too
    ///   many calls wait for their answers, or the bus takes no messages.
    public func call(
        _ destination: BusName,
        path: ObjectPath,
        interface: InterfaceName,
        member: MemberName,
        _ arguments: [BusValue] = [],
        timeout: Duration,
        autoStart: Bool = false,
        allowsInteraction: Bool = false
    ) async throws(BusError) -> [BusValue] {
        try await self.perform(
            OutgoingCall(
                destination: destination,
                path: path,
                interface: interface,
                member: member,
                body: try MessageBody(arguments),
                autoStart: autoStart,
                allowsInteraction: allowsInteraction,
                deadline: Self.deadline(after: timeout)
            )
        )
    }

    /// Whether somebody owns a name at the moment.
    public func hasOwner(_ name: BusName, timeout: Duration) async throws(BusError) -> Bool {
        let answer = try await self.callBus(StandardBus.nameHasOwner, [.string(name.text)], timeout)
        guard let isOwned = answer.first?.asBoolean else { throw Self.strangeAnswer }
        return isOwned
    }

    /// The user that a connection belongs to, as the bus has found out.
    public func userID(of peer: BusName, timeout: Duration) async throws(BusError) -> UInt32 {
        let answer = try await self.callBus(StandardBus.getConnectionUnixUser, [.string(peer.text)], timeout)
        guard let user = answer.first?.asUInt32 else { throw Self.strangeAnswer }
        return user
    }

    /// Requests a name; `false` if it is somebody else's.
    ///
    /// Nobody can take the name away, and when it is lost all the same, the connection ends with `nameLost`. A request
    /// that fails for lack of time, or is cancelled, leaves the name alone.
    public func requestName(_ name: BusName, timeout: Duration) async throws(BusError) -> Bool {
        let body = try MessageBody([.string(name.text), .uint32(StandardBus.doNotQueue)])
        let deadline = Self.deadline(after: timeout)
        let call = OutgoingCall.bus(StandardBus.requestName, body, purpose: .name(name), deadline: deadline)
        return StandardBus.grantsName(try await self.perform(call))
    }

    /// Asks for signals, and returns once the bus has agreed.
    ///
    /// `capacity` is how many are kept for the taker before the oldest are dropped.
    public func signals(_ rule: SignalRule, capacity: Int = 256) async throws(BusError) -> SignalSubscription {
        let buffer = SignalBuffer(capacity: capacity)
        let body = try MessageBody([.string(rule.text)])
        let deadline = Self.deadline(after: Self.busTimeout)
        let call = OutgoingCall.bus(StandardBus.addMatch, body, purpose: .match(buffer), deadline: deadline)
        try self.mailbox.submit(.subscribe(rule, buffer, call))
        // Ends the subscription, should the call fail.
        let subscription = SignalSubscription(buffer, mailbox: self.mailbox)
        _ = try await call.slot.result().get()
        return subscription
    }

    private func callBus(
        _ member: MemberName,
        _ arguments: [BusValue],
        _ timeout: Duration
    ) async throws(BusError) -> [BusValue] {
        let body = try MessageBody(arguments)
        return try await self.perform(.bus(member, body, deadline: Self.deadline(after: timeout)))
    }

    private func perform(_ call: OutgoingCall) async throws(BusError) -> [BusValue] {
        try self.mailbox.submit(.call(call))
        let slot = call.slot
        return try await slot.result { [mailbox = self.mailbox] in mailbox.post(.forget(slot)) }.get()
    }

    private static var strangeAnswer: BusError { BusError(.failed, "the bus has answered with other types") }
}
