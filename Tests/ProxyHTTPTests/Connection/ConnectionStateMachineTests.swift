import ProxyCore
import Testing

@testable import ProxyHTTP

@Suite("What follows from what happens to a connection")
struct ConnectionStateMachineTests {
    private static let limits = ConnectionLimits(
        header: .seconds(10), body: .seconds(60), idle: .seconds(75), stalledWrite: .seconds(300)
    )

    private static func at(_ seconds: Double) -> Instant {
        Instant(nanoseconds: Int64(seconds * 1e9))
    }

    private static func head(
        _ body: BodyFraming = .none,
        keepAlive: Bool = true,
        expectsContinue: Bool = false
    ) -> SoundHead {
        SoundHead(
            head: RequestHead(method: "POST", target: "/"),
            version: .http11,
            body: body,
            keepAlive: keepAlive,
            expectsContinue: expectsContinue
        )
    }

    private static func machine(with head: SoundHead? = nil) -> ConnectionStateMachine {
        var machine = ConnectionStateMachine(limits: Self.limits, at: Self.at(0))
        if let head { machine.exchangeBegan(head) }
        return machine
    }

    /// `#expect` takes no calls that mutate.
    private func expect<Value: Equatable>(
        _ value: Value,
        _ expected: Value,
        _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(value == expected, comment, sourceLocation: sourceLocation)
    }

    // MARK: Time (T-002)

    @Test("the first head has its time from the accept, later ones from their first byte (T-002)")
    func headerTime() {
        var machine = Self.machine()
        #expect(machine.deadline == Self.at(10))
        machine.headBegan(at: Self.at(9))
        expect(machine.deadlineReached(at: Self.at(9.9), outputPending: false), .goOn)
        machine.headBegan(at: Self.at(9.95))
        expect(machine.deadlineReached(at: Self.at(10), outputPending: false), .refuse(.timeout))
        #expect(machine.phase == .flushing)

        machine = Self.machine(with: Self.head())
        _ = machine.bodyResumed(bufferedBytes: 0, at: Self.at(1))
        expect(machine.bodyCompleted(at: Self.at(1)), .goOn)
        expect(machine.answerBegan(wantsClose: false, remainingBody: 0), false)
        expect(machine.answerCompleted(remainingBody: 0, at: Self.at(100)), .goOn)
        #expect(machine.phase == .idle)
        #expect(machine.deadline == Self.at(175))
        machine.headBegan(at: Self.at(150))
        #expect(machine.deadline == Self.at(160))
    }

    @Test("whoever sends nothing is closed without a word (T-002)")
    func silence() {
        var machine = Self.machine()
        expect(machine.deadlineReached(at: Self.at(10), outputPending: false), .cut)
    }

    @Test("idle time does not run out while an answer is still on its way")
    func idleWithOutput() {
        var machine = Self.machine(with: Self.head())
        _ = machine.answerBegan(wantsClose: false, remainingBody: 0)
        _ = machine.answerCompleted(remainingBody: 0, at: Self.at(0))
        _ = machine.bodyCompleted(at: Self.at(0))
        expect(machine.deadlineReached(at: Self.at(75), outputPending: true), .goOn)
        #expect(machine.deadline == Self.at(150))
        expect(machine.deadlineReached(at: Self.at(150), outputPending: false), .cut)
    }

    @Test("a body has its time while the responder takes it, and a second for each 16 KiB (T-002)")
    func bodyTime() {
        var machine = Self.machine(with: Self.head(.length(1 << 30)))
        #expect(machine.deadline == nil)
        _ = machine.bodyResumed(bufferedBytes: 0, at: Self.at(100))
        #expect(machine.deadline == Self.at(160))
        // A pause stops the time.
        machine.bodyPaused(at: Self.at(110))
        #expect(machine.deadline == nil)
        expect(machine.deadlineReached(at: Self.at(1000), outputPending: false), .goOn)
        _ = machine.bodyResumed(bufferedBytes: 0, at: Self.at(1000))
        #expect(machine.deadline == Self.at(1050))
        // Three times 10 KiB are one second, not none.
        for _ in 0..<3 { _ = machine.bodyArrived(bytes: 10 * 1024, at: Self.at(1001)) }
        #expect(machine.deadline == Self.at(1051))
        // Never more than the whole time.
        _ = machine.bodyArrived(bytes: 1 << 24, at: Self.at(1002))
        #expect(machine.deadline == Self.at(1062))
        expect(machine.deadlineReached(at: Self.at(1062), outputPending: false), .refuse(.timeout))
    }

    @Test("one byte a second is not enough, 16 KiB a second is, for any length of time (T-002)")
    func rates() {
        var slow = Self.machine(with: Self.head(.chunked))
        var steady = Self.machine(with: Self.head(.chunked))
        _ = slow.bodyResumed(bufferedBytes: 0, at: Self.at(0))
        _ = steady.bodyResumed(bufferedBytes: 0, at: Self.at(0))
        var slowEnd: Int?
        for second in 1...10_000 {
            let now = Self.at(Double(second))
            if slowEnd == nil, slow.deadlineReached(at: now, outputPending: false) != .goOn { slowEnd = second }
            expect(steady.deadlineReached(at: now, outputPending: false), .goOn)
            _ = slow.bodyArrived(bytes: 1, at: now)
            _ = steady.bodyArrived(bytes: 16 * 1024, at: now)
        }
        #expect(slowEnd == 60)
    }

    @Test("a body that is too slow behind a begun answer is cut")
    func bodyTimeBehindAnswer() {
        var machine = Self.machine(with: Self.head(.length(10)))
        _ = machine.bodyResumed(bufferedBytes: 0, at: Self.at(0))
        _ = machine.answerBegan(wantsClose: false, remainingBody: 10)
        expect(machine.deadlineReached(at: Self.at(60), outputPending: false), .cut)
        #expect(machine.phase == .closed)
    }

    @Test("a stream may take any time and its reader be slow, but not stand still for five minutes (T-002)")
    func stalledReader() {
        var machine = Self.machine(with: Self.head())
        _ = machine.answerBegan(wantsClose: false, remainingBody: 0)
        var sent = 0
        for minute in 0..<600 {
            sent += 1
            machine.outputMoved(sent: sent, pending: 1_000, at: Self.at(Double(minute) * 60))
            expect(machine.deadlineReached(at: Self.at(Double(minute) * 60), outputPending: true), .goOn)
        }
        let last = 599.0 * 60
        #expect(machine.deadline == Self.at(last + 300))
        machine.outputMoved(sent: sent, pending: 2_000, at: Self.at(last + 299))
        expect(machine.deadlineReached(at: Self.at(last + 300), outputPending: true), .cut)

        machine = Self.machine(with: Self.head())
        machine.outputMoved(sent: 1, pending: 1, at: Self.at(0))
        machine.outputMoved(sent: 2, pending: 0, at: Self.at(1))
        #expect(machine.deadline == nil)
    }

    @Test("whether anything waits is found out a tenth of the limit after a write, then at each write")
    func lateLook() {
        var machine = Self.machine(with: Self.head())
        _ = machine.answerBegan(wantsClose: false, remainingBody: 0)
        let isAskedFor = (0..<30).map { machine.outputWritten(at: Self.at(Double($0))) }
        #expect(isAskedFor == Array(repeating: false, count: 30))
        #expect(machine.deadline == Self.at(30))
        machine.outputMoved(sent: 30, pending: 0, at: Self.at(30))
        expect(machine.deadlineReached(at: Self.at(30), outputPending: false), .goOn)
        #expect(machine.deadline == nil)

        let isAskedAgain = machine.outputWritten(at: Self.at(31))
        #expect(!isAskedAgain)
        #expect(machine.deadline == Self.at(61))
        machine.outputMoved(sent: 30, pending: 1, at: Self.at(61))
        expect(machine.deadlineReached(at: Self.at(61), outputPending: true), .goOn)
        #expect(machine.deadline == Self.at(361))
        let isAskedWhileSomeWait = machine.outputWritten(at: Self.at(62))
        #expect(isAskedWhileSomeWait)
        machine.outputMoved(sent: 30, pending: 2, at: Self.at(62))
        machine.outputMoved(sent: 30, pending: 2, at: Self.at(361))
        expect(machine.deadlineReached(at: Self.at(361), outputPending: true), .cut)
    }

    @Test("a limit that is not set has no deadline")
    func noLimits() {
        let none = ConnectionLimits(header: nil, body: nil, idle: nil, stalledWrite: nil)
        var machine = ConnectionStateMachine(limits: none, at: Self.at(0))
        #expect(machine.deadline == nil)
        machine.exchangeBegan(Self.head(.chunked))
        _ = machine.bodyResumed(bufferedBytes: 0, at: Self.at(0))
        _ = machine.bodyArrived(bytes: 100_000, at: Self.at(0))
        machine.outputMoved(sent: 0, pending: 9, at: Self.at(0))
        let isAskedFor = machine.outputWritten(at: Self.at(0))
        #expect(!isAskedFor)
        #expect(machine.deadline == nil)
    }

    // MARK: Bodies

    @Test("bytes are wanted only while the responder wants them")
    func reading() {
        var machine = Self.machine()
        #expect(machine.wantsBytes)
        machine.exchangeBegan(Self.head(.length(5)))
        #expect(!machine.wantsBytes && !machine.mayTakeStep)
        _ = machine.bodyResumed(bufferedBytes: 0, at: Self.at(0))
        #expect(machine.wantsBytes && machine.mayTakeStep)
        machine.bodyPaused(at: Self.at(0))
        #expect(!machine.wantsBytes && !machine.mayTakeStep)
        _ = machine.bodyResumed(bufferedBytes: 0, at: Self.at(0))
        _ = machine.bodyCompleted(at: Self.at(0))
        // Nothing is read ahead while the answer runs.
        #expect(!machine.wantsBytes && !machine.mayTakeStep)
    }

    @Test("100 Continue is sent once, if it is waited for and neither body nor answer has begun (RFC 9110 §10.1.1)")
    func expectContinue() {
        var machine = Self.machine(with: Self.head(.length(5), expectsContinue: true))
        expect(machine.bodyResumed(bufferedBytes: 0, at: Self.at(0)), true)
        machine.bodyPaused(at: Self.at(0))
        expect(machine.bodyResumed(bufferedBytes: 0, at: Self.at(0)), false)
        expect(machine.answerBegan(wantsClose: false, remainingBody: 5), false)

        machine = Self.machine(with: Self.head(.length(5), expectsContinue: true))
        expect(machine.bodyResumed(bufferedBytes: 3, at: Self.at(0)), false)

        machine = Self.machine(with: Self.head(.length(5), expectsContinue: true))
        expect(machine.answerBegan(wantsClose: false, remainingBody: 5), true, "whether the body still comes is open")
        expect(machine.bodyResumed(bufferedBytes: 0, at: Self.at(0)), false)

        machine = Self.machine(with: Self.head(.length(5)))
        expect(machine.bodyResumed(bufferedBytes: 0, at: Self.at(0)), false)
    }

    @Test("what is left of a body after an early answer is thrown away within 1 MiB and 2 s")
    func discarding() {
        func early(_ body: BodyFraming, _ remaining: Int64?) -> ConnectionStateMachine {
            var machine = Self.machine(with: Self.head(body))
            expect(machine.answerBegan(wantsClose: false, remainingBody: remaining), false)
            expect(machine.answerCompleted(remainingBody: remaining, at: Self.at(1)), .goOn)
            #expect(machine.phase == .discarding)
            #expect(machine.wantsBytes && machine.mayTakeStep)
            #expect(machine.deadline == Self.at(3))
            return machine
        }
        var machine = early(.length(1 << 20), 1 << 20)
        expect(machine.bodyArrived(bytes: 1 << 20, at: Self.at(2)), .goOn)
        expect(machine.bodyCompleted(at: Self.at(2)), .goOn)
        #expect(machine.phase == .idle)

        machine = early(.chunked, nil)
        expect(machine.bodyArrived(bytes: 1 << 20, at: Self.at(2)), .goOn)
        expect(machine.bodyArrived(bytes: 1, at: Self.at(2)), .closeOutput)

        machine = early(.length(5), 5)
        expect(machine.deadlineReached(at: Self.at(3), outputPending: false), .closeOutput)

        machine = early(.chunked, nil)
        expect(machine.inputRefused(.malformed), .closeOutput, "the answer is out: there is no second one")
    }

    @Test("an answer that begins with over 1 MiB of the body to come says Connection: close")
    func longRest() {
        var machine = Self.machine(with: Self.head(.length(1 << 30)))
        expect(machine.answerBegan(wantsClose: false, remainingBody: 1 << 20 + 1), true)
        expect(machine.answerCompleted(remainingBody: 1 << 20, at: Self.at(0)), .closeOutput)
        // Received in full meanwhile: the length alone is no reason.
        machine = Self.machine(with: Self.head(.length(1 << 30)))
        _ = machine.bodyResumed(bufferedBytes: 0, at: Self.at(0))
        _ = machine.bodyCompleted(at: Self.at(0))
        expect(machine.answerBegan(wantsClose: false, remainingBody: 0), false)
    }

    // MARK: Ends

    @Test("nothing is looked at behind the last answer", arguments: [true, false])
    func closing(byCaller: Bool) {
        var machine = Self.machine(with: Self.head(keepAlive: !byCaller))
        expect(machine.answerBegan(wantsClose: !byCaller, remainingBody: 0), true)
        expect(machine.answerCompleted(remainingBody: 0, at: Self.at(0)), .closeOutput)
        #expect(!machine.mayTakeStep && machine.wantsBytes)
        machine.outputClosed(at: Self.at(1))
        #expect(machine.phase == .lingering)
        #expect(machine.wantsBytes && !machine.mayTakeStep)
        expect(machine.deadlineReached(at: Self.at(3), outputPending: false), .cut)
    }

    @Test("a refusal is an answer only where none has begun, and there is one at most")
    func refusals() {
        var machine = Self.machine()
        expect(machine.inputRefused(.malformed), .refuse(.malformed))
        expect(machine.inputRefused(.malformed), .goOn)
        machine = Self.machine(with: Self.head(.chunked))
        expect(machine.inputRefused(.headersTooLarge), .refuse(.headersTooLarge))
        machine = Self.machine(with: Self.head(.chunked))
        _ = machine.answerBegan(wantsClose: false, remainingBody: nil)
        expect(machine.inputRefused(.malformed), .cut)
        machine = Self.machine()
        expect(machine.overloaded(), .refuse(.overloaded))
    }

    @Test("draining closes what is idle, lets the rest end and says Connection: close (K-028)")
    func draining() {
        var machine = Self.machine()
        expect(machine.drain(outputPending: false, at: Self.at(0)), .cut)
        machine = Self.machine()
        expect(machine.drain(outputPending: true, at: Self.at(0)), .closeOutput)
        machine = Self.machine()
        machine.headBegan(at: Self.at(0))
        expect(machine.drain(outputPending: false, at: Self.at(0)), .goOn)
        machine.exchangeBegan(Self.head())
        expect(machine.answerBegan(wantsClose: false, remainingBody: 0), true)

        machine = Self.machine(with: Self.head())
        expect(machine.drain(outputPending: false, at: Self.at(0)), .goOn)
        expect(machine.answerBegan(wantsClose: false, remainingBody: 0), true)

        // The head was out already: the connection ends all the same.
        machine = Self.machine(with: Self.head())
        expect(machine.answerBegan(wantsClose: false, remainingBody: 0), false)
        _ = machine.drain(outputPending: false, at: Self.at(0))
        expect(machine.answerCompleted(remainingBody: 0, at: Self.at(0)), .closeOutput)
    }

    @Test("what comes late changes nothing")
    func late() {
        var machine = Self.machine(with: Self.head(.length(5)))
        machine.connectionClosed()
        #expect(machine.phase == .closed)
        expect(machine.bodyResumed(bufferedBytes: 0, at: Self.at(0)), false)
        expect(machine.answerCompleted(remainingBody: 0, at: Self.at(0)), .goOn)
        expect(machine.inputRefused(.malformed), .goOn)
        expect(machine.drain(outputPending: false, at: Self.at(0)), .goOn)
        machine.outputClosed(at: Self.at(0))
        #expect(machine.phase == .closed)
        #expect(machine.deadline == nil)
        #expect(!machine.mayBeginAnswer && !machine.isAnswering)
    }
}
