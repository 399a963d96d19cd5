import Testing

@testable import DBusKit

struct PendingCallsTests {
    private let start = ContinuousClock.now

    @Test(
        "matches an answer by number and sender",
        arguments: [
            (":1.5", ":1.5", true),
            (":1.5", "org.freedesktop.DBus", true),
            (":1.5", ":1.6", false),
            ("org.freedesktop.DBus", "org.freedesktop.DBus", true),
            ("org.freedesktop.DBus", ":1.6", false),
            // Who owns the name is not known.
            ("org.example.A", ":1.6", true),
        ] as [(BusName, BusName, Bool)]
    )
    func matches(destination: BusName, sender: BusName, isAnswer: Bool) {
        var calls = PendingCalls()
        calls.insert(self.call(destination, after: .seconds(1)), serial: 7)
        #expect(calls.take(serial: 8, sender: sender) == nil)
        #expect((calls.take(serial: 7, sender: sender) != nil) == isAnswer)
        // Each call has one answer.
        #expect((calls.take(serial: 7, sender: destination) == nil) == isAnswer)
    }

    @Test func givesUpCallsInTheirTurn() {
        var calls = PendingCalls()
        #expect(calls.nextDeadline == nil)
        calls.insert(self.call(":1.5", after: .seconds(2)), serial: 1)
        calls.insert(self.call(":1.5", after: .seconds(1)), serial: 2)
        calls.insert(self.call(":1.5", after: .seconds(3)), serial: 3)
        #expect(calls.nextDeadline == self.start + .seconds(1))
        #expect(calls.takeExpired(now: self.start).count == 0)
        #expect(calls.takeExpired(now: self.start + .seconds(2)).count == 2)
        #expect(calls.nextDeadline == self.start + .seconds(3))
        #expect(calls.take(serial: 3, sender: ":1.5") != nil)
        #expect(calls.takeExpired(now: self.start + .seconds(4)).count == 0)
        #expect(calls.nextDeadline == nil)
    }

    @Test func forgetsACallThatNobodyWaitsFor() {
        var calls = PendingCalls()
        let plain = self.call(":1.5", after: .seconds(1))
        var name = self.call("org.freedesktop.DBus", after: .seconds(1))
        name.purpose = .name("org.example.A")
        calls.insert(plain, serial: 1)
        calls.insert(name, serial: 2)
        #expect(calls.take(plain.slot) != nil)
        #expect(calls.take(plain.slot) == nil)
        // Its answer still matters: the name may have to be given back.
        #expect(calls.take(name.slot) == nil)
        #expect(calls.takeAll().count == 1)
        #expect(calls.takeAll().count == 0)
    }

    private func call(_ destination: BusName, after time: Duration) -> OutgoingCall {
        OutgoingCall(
            destination: destination,
            path: "/a",
            interface: "org.example.I",
            member: "M",
            body: .empty,
            deadline: self.start + time
        )
    }
}
