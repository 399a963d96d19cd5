import NIOCore
import Testing

@testable import Gateway

/// Which deadline an attempt runs against.
struct AttemptClockTests {
    private static func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(1000 + seconds) }

    private static func clock(firstByte: Int64? = 10, idle: Int64? = 5, total: Int64? = nil) -> AttemptClock {
        AttemptClock(
            limits: AttemptLimits(
                firstByte: firstByte.map { .seconds($0) }, idle: idle.map { .seconds($0) },
                total: total.map { .seconds($0) }),
            begun: Self.at(0))
    }

    @Test("the first byte is waited for from the last byte sent")
    func firstByte() {
        var clock = Self.clock()
        #expect(clock.deadline == Self.at(10))
        #expect(clock.waitsFor == .firstByte)
        clock.progressed(at: Self.at(4))
        #expect(clock.deadline == Self.at(14))
    }

    @Test("then each next byte, unless the caller holds it back")
    func idle() {
        var clock = Self.clock()
        clock.answerBegan(at: Self.at(8))
        #expect(clock.deadline == Self.at(13))
        #expect(clock.waitsFor == .nextByte)
        clock.setPaused(true, at: Self.at(9))
        #expect(clock.deadline == nil)
        clock.setPaused(false, at: Self.at(100))
        #expect(clock.deadline == Self.at(105))
        clock.progressed(at: Self.at(104))
        #expect(clock.deadline == Self.at(109))
    }

    @Test("in an event stream only events end the first wait and the later ones, and a caller that holds back none")
    func events() {
        var clock = Self.clock()
        clock.setPaused(true, at: Self.at(2))
        #expect(clock.deadline == nil)
        clock.setPaused(false, at: Self.at(3))
        #expect(clock.deadline == Self.at(13))
        #expect(clock.waitsFor == .firstByte)
        clock.eventCame(at: Self.at(12))
        #expect(clock.waitsFor == .nextByte)
        #expect(clock.deadline == Self.at(17))
        clock.eventCame(at: Self.at(16))
        #expect(clock.deadline == Self.at(21))
    }

    @Test("an error's body only shortly, whatever comes of it")
    func errorBody() {
        var clock = Self.clock()
        clock.errorBegan(at: Self.at(3))
        clock.progressed(at: Self.at(7))
        #expect(clock.deadline == Self.at(8))
        #expect(clock.waitsFor == .errorBody)
    }

    @Test("the whole is bounded if asked for, pauses included")
    func total() {
        var clock = Self.clock(total: 12)
        #expect(clock.waitsFor == .firstByte)
        clock.progressed(at: Self.at(6))
        #expect(clock.deadline == Self.at(12))
        #expect(clock.waitsFor == .end)
        clock.answerBegan(at: Self.at(7))
        clock.setPaused(true, at: Self.at(8))
        #expect(clock.deadline == Self.at(12))
        #expect(clock.waitsFor == .end)
    }

    @Test("no limits, no deadline")
    func unlimited() {
        var clock = Self.clock(firstByte: nil, idle: nil)
        #expect(clock.deadline == nil)
        clock.answerBegan(at: Self.at(1))
        #expect(clock.deadline == nil)
        #expect(clock.mustMoveTimer(to: Self.at(1)))
    }

    @Test("a timer is moved only to an earlier moment")
    func timer() {
        var clock = Self.clock()
        #expect(clock.mustMoveTimer(to: Self.at(10)))
        clock.timerSet(for: Self.at(10))
        #expect(!clock.mustMoveTimer(to: Self.at(14)))
        #expect(!clock.mustMoveTimer(to: Self.at(10)))
        #expect(clock.mustMoveTimer(to: Self.at(9)))
    }
}
