/// What other threads ask of the thread of a connection.
enum ConnectionCommand: Sendable {
    /// Send a call.
    case call(OutgoingCall)
    /// Nobody waits for the answer in this slot any more.
    case forget(AnswerSlot<[BusValue]>)
    /// Send a signal.
    case signal(OutgoingSignal)
    /// Send the answer to a call.
    case answer(CallOutcome, CallReference)
    /// Have the bus send signals, with a call that is for the rule.
    case subscribe(SignalRule, SignalBuffer, OutgoingCall)
    /// Have the bus send these signals no more.
    case unsubscribe(SignalBuffer)
    /// Tell somebody that the thread turns.
    case sign(@Sendable () -> Void)
    /// End the connection once everything is sent.
    case close
}

/// A call that is to be sent, or was.
struct OutgoingCall: Sendable {
    /// What its answer means to the connection.
    enum Purpose: Sendable {
        /// Nothing: it is for the caller alone.
        case plain
        /// Nothing, and nobody waits for the slot.
        case errand
        /// A name belongs to the connection.
        case name(BusName)
        /// The bus sends signals for this buffer.
        case match(SignalBuffer)
        /// Who owns a name; nobody waits for the slot.
        case owner(BusName)
        /// The bus has taken the connection in; nobody waits for the slot.
        case hello
    }

    let destination: BusName
    let path: ObjectPath
    let interface: InterfaceName
    let member: MemberName
    let body: MessageBody
    var autoStart = false
    var allowsInteraction = false
    var purpose = Purpose.plain
    /// When the answer is given up.
    let deadline: ContinuousClock.Instant
    let slot = AnswerSlot<[BusValue]>()

    /// A call of the bus itself.
    static func bus(
        _ member: MemberName,
        _ body: MessageBody,
        purpose: Purpose = .plain,
        deadline: ContinuousClock.Instant
    ) -> OutgoingCall {
        OutgoingCall(
            destination: StandardBus.name,
            path: StandardBus.path,
            interface: StandardBus.interface,
            member: member,
            body: body,
            purpose: purpose,
            deadline: deadline
        )
    }

    /// Whether it counts among the calls under way: it came from without.
    var isCounted: Bool {
        switch self.purpose {
        case .plain, .name, .match: true
        case .errand, .owner, .hello: false
        }
    }
}
