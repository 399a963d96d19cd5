import Testing

@testable import DBusControl

/// Announcements of changes, in virtual time.
struct ChangePacerTests {
    private let start = ContinuousClock.now

    @Test func announcesTheFirstChangeAtOnce() {
        var pacer = ChangePacer<String>()
        #expect(pacer.mark("alpha") == true)
        let (ready, next) = pacer.take(now: self.start)
        #expect(ready == ["alpha"])
        #expect(next == nil)
    }

    @Test func putsChangesWithinTheIntervalTogether() {
        var pacer = ChangePacer<String>()
        _ = pacer.mark("alpha")
        _ = pacer.take(now: self.start)
        #expect(pacer.mark("alpha") == true)
        #expect(pacer.mark("alpha") == false)
        let early = pacer.take(now: self.start + .milliseconds(40))
        #expect(early.ready.isEmpty)
        #expect(early.next == self.start + .milliseconds(100))
        let due = pacer.take(now: self.start + .milliseconds(100))
        #expect(due.ready == ["alpha"])
        #expect(due.next == nil)
    }

    @Test("an object is announced ten times a second at most, whether changed or used", arguments: [true, false])
    func announcesAnObjectAtMostTenTimesASecond(isChange: Bool) {
        var pacer = ChangePacer<String>()
        var announced = 0
        // 1,000 times in a second.
        for millisecond in 0..<1000 {
            _ = isChange ? pacer.mark("alpha") : pacer.markUsed("alpha")
            announced += pacer.take(now: self.start + .milliseconds(millisecond)).ready.count
        }
        #expect(announced == 10)
        // The last change is not lost.
        #expect(pacer.take(now: self.start + .milliseconds(1000)).ready == ["alpha"])
    }

    @Test func oneObjectDoesNotHoldUpAnother() {
        var pacer = ChangePacer<String>()
        _ = pacer.mark("alpha")
        _ = pacer.take(now: self.start)
        _ = pacer.mark("alpha")
        _ = pacer.mark("beta")
        let (ready, next) = pacer.take(now: self.start + .milliseconds(10))
        #expect(ready == ["beta"])
        #expect(next == self.start + .milliseconds(100))
    }

    @Test func forgetsAnObjectThatHasGone() {
        var pacer = ChangePacer<String>()
        _ = pacer.mark("alpha")
        pacer.forget("alpha")
        #expect(pacer.take(now: self.start).ready.isEmpty)
        #expect(pacer.mark("alpha") == true)
        #expect(pacer.take(now: self.start).ready == ["alpha"])
    }

    @Test("of many objects that were used a few have their turn in each interval, one that has changed is told at once")
    func takesTurns() {
        var pacer = ChangePacer<Int>(turns: 16)
        var seen: [Int] = []
        for number in 0..<100 { #expect(pacer.markUsed(number) == true) }
        for tenth in 0..<7 {
            let (ready, next) = pacer.take(now: self.start + .milliseconds(100 * tenth))
            #expect(ready.count == (tenth < 6 ? 16 : 4))
            #expect(next == (tenth < 6 ? self.start + .milliseconds(100 * tenth + 100) : nil))
            seen += ready
        }
        #expect(seen == Array(0..<100))
        for number in 0..<100 { _ = pacer.markUsed(number) }
        #expect(pacer.take(now: self.start + .seconds(1)).ready == Array(0..<16))
        let marked = [pacer.mark(90), pacer.mark(90), pacer.markUsed(90)]
        #expect(marked == [true, false, false])
        #expect(pacer.take(now: self.start + .seconds(1)).ready == [90])
        #expect(pacer.take(now: self.start + .milliseconds(1_100)).ready == Array(16..<32))
    }
}
