import Testing

@testable import DBusKit

/// What waits for the thread of a connection has bounds.
struct ConnectionMailboxTests {
    @Test func takesSoManyCallsAndNoMore() throws {
        let mailbox = try ConnectionMailbox()
        for _ in 0..<1_024 { try mailbox.submit(.call(Self.call())) }
        #expect { try mailbox.submit(.call(Self.call())) } throws: { ($0 as? BusError)?.kind == .limit }
        // They count until they are over, not until they are sent.
        #expect(mailbox.take().count == 1_024)
        #expect { try mailbox.submit(.call(Self.call())) } throws: { ($0 as? BusError)?.kind == .limit }
        mailbox.callEnded()
        try mailbox.submit(.call(Self.call()))
        #expect(mailbox.callsUnderWay == 1_024)
    }

    @Test func dropsAndCountsSignalsBeyondTheBound() throws {
        let mailbox = try ConnectionMailbox()
        for _ in 0..<5_000 { mailbox.emit(Self.signal) }
        #expect(mailbox.droppedSignals == 904)
        #expect(mailbox.take().count == 4_096)
        mailbox.emit(Self.signal)
        #expect(mailbox.droppedSignals == 904)
        #expect(mailbox.take().count == 1)
        #expect(mailbox.take().isEmpty)
    }

    @Test func takesNothingAfterTheEnd() throws {
        let mailbox = try ConnectionMailbox()
        mailbox.emit(Self.signal)
        #expect(mailbox.seal().count == 1)
        mailbox.emit(Self.signal)
        mailbox.post(.close)
        #expect(mailbox.droppedSignals == 1)
        #expect { try mailbox.submit(.call(Self.call())) } throws: { ($0 as? BusError)?.kind == .disconnected }
        #expect(mailbox.take().isEmpty)
    }

    private static let signal = OutgoingSignal(
        path: "/a",
        interface: "org.example.I",
        member: "M",
        arguments: [],
        destination: nil
    )

    private static func call() -> OutgoingCall {
        .bus("ListNames", .empty, deadline: .now)
    }
}
