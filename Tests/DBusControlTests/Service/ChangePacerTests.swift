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

    @Test func announcesAnObjectAtMostTenTimesASecond() {
        var pacer = ChangePacer<String>()
        var announced = 0
        // 1,000 changes in a second.
        for millisecond in 0..<1000 {
            _ = pacer.mark("alpha")
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
}
