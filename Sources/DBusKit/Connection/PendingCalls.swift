/// The calls that wait for their answers.
///
/// A pure value: time passes in.
struct PendingCalls {
    private var calls: [UInt32: OutgoingCall] = [:]
    /// No call is due before this.
    private(set) var nextDeadline: ContinuousClock.Instant?

    /// Adds a call that was sent with this number.
    mutating func insert(_ call: OutgoingCall, serial: UInt32) {
        self.calls[serial] = call
        self.nextDeadline = min(self.nextDeadline ?? call.deadline, call.deadline)
    }

    /// Takes out the call that an answer belongs to; `nil` if none does, or it comes from somebody else.
    mutating func take(serial: UInt32, sender: BusName?) -> OutgoingCall? {
        guard let call = self.calls[serial] else { return nil }
        // The bus answers for those that are gone. Who owns a well-known name is not known here.
        let isKnown = call.destination.isUnique || call.destination == StandardBus.name
        guard !isKnown || sender == call.destination || sender == StandardBus.name else { return nil }
        self.calls[serial] = nil
        return call
    }

    /// Takes out a call that is only waited for by this slot.
    mutating func take(_ slot: AnswerSlot<[BusValue]>) -> OutgoingCall? {
        guard let index = self.calls.firstIndex(where: { $0.value.slot === slot }) else { return nil }
        guard case .plain = self.calls[index].value.purpose else { return nil }
        return self.calls.remove(at: index).value
    }

    /// Takes out the calls whose time is over.
    mutating func takeExpired(now: ContinuousClock.Instant) -> [OutgoingCall] {
        guard let next = self.nextDeadline, next <= now else { return [] }
        let expired = self.calls.filter { $0.value.deadline <= now }
        for serial in expired.keys { self.calls[serial] = nil }
        self.nextDeadline = self.calls.values.lazy.map(\.deadline).min()
        return Array(expired.values)
    }

    /// Takes out all calls.
    mutating func takeAll() -> [OutgoingCall] {
        defer { self = PendingCalls() }
        return Array(self.calls.values)
    }
}
