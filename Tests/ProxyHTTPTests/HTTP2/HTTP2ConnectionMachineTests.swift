import ProxyCore
import Testing

@testable import ProxyHTTP

@Suite("HTTP/2: the end of a connection with a slow reader (T-002, L-012)")
struct HTTP2ConnectionMachineTests {
    static func at(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

    static func serving() -> HTTP2ConnectionMachine {
        var machine = HTTP2ConnectionMachine(
            limits: ConnectionLimits(
                header: .seconds(10), body: .seconds(60), idle: .seconds(75), stalledWrite: .seconds(300)),
            at: Self.at(0))
        machine.opened(at: Self.at(0))
        return machine
    }

    private func expect(
        _ decision: HTTP2ConnectionMachine.Decision, _ expected: HTTP2ConnectionMachine.Decision,
        at location: SourceLocation = #_sourceLocation
    ) {
        #expect(decision == expected, sourceLocation: location)
    }

    @Test("a drain waits for the reader of the last answer as long as it takes any byte, and lingers after that")
    func drainWithSlowReader() {
        var machine = Self.serving()
        _ = machine.streamOpened(at: Self.at(0))
        expect(machine.drain(outputPending: true, at: Self.at(1)), .announceEnd)
        expect(machine.streamClosed(at: Self.at(2)), .finish)
        for minute in 1...20 {
            machine.outputMoved(sent: minute, pending: 100 - minute, at: Self.at(Double(minute) * 60))
            expect(machine.deadlineReached(at: Self.at(Double(minute) * 60), outputPending: true), .goOn)
        }
        machine.outputClosed(at: Self.at(1_210))
        #expect(machine.deadline == Self.at(1_212))
        expect(machine.deadlineReached(at: Self.at(1_212), outputPending: false), .cut)
    }

    @Test("a reader of the last answer that takes nothing is cut as any that stalls")
    func drainWithStalledReader() {
        var machine = Self.serving()
        expect(machine.drain(outputPending: true, at: Self.at(1)), .finish)
        machine.outputMoved(sent: 1, pending: 100, at: Self.at(1))
        expect(machine.deadlineReached(at: Self.at(300), outputPending: true), .goOn)
        expect(machine.deadlineReached(at: Self.at(301), outputPending: true), .cut)
    }

    @Test("after a fault nobody is waited for")
    func fault() {
        var machine = Self.serving()
        expect(machine.abused(.resets, at: Self.at(1)), .fail(.resets))
        #expect(machine.deadline == Self.at(3))
        machine.outputClosed(at: Self.at(2))
        #expect(machine.deadline == Self.at(3))
        expect(machine.deadlineReached(at: Self.at(3), outputPending: true), .cut)
    }

    @Test("a connection is not idle while bytes of an answer wait")
    func idleWithOutput() {
        var machine = Self.serving()
        expect(machine.deadlineReached(at: Self.at(75), outputPending: true), .goOn)
        #expect(machine.deadline == Self.at(150))
        expect(machine.deadlineReached(at: Self.at(150), outputPending: false), .finish)
    }
}
