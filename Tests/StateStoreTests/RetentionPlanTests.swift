import ProxyCore
import Testing

@testable import StateStore

struct RetentionPlanTests {
    private static let limit = 64 << 20
    private static let day = Duration.seconds(86_400)

    /// A database of so many pages, with the log as long as it is.
    private func facts(pages: Int, free: Int = 0, log: Int = 0) -> RetentionPlan.Facts {
        var facts = RetentionPlan.Facts()
        facts.pages = pages
        facts.freePages = free
        facts.fileBytes = pages * facts.pageSize
        facts.logBytes = log
        return facts
    }

    @Test("ages come first: requests, then sums, each until none is left (K-015)")
    func deletesByAge() {
        var plan = RetentionPlan(Retention(keep: Self.day, spendingKeep: Self.day * 2))
        #expect(plan.next(self.facts(pages: 100)) == nil, "nothing before ages are looked at")
        plan.look(at: newYear)
        let (before, earlier) = (newYear.microseconds - 86_400_000_000, newYear.microseconds - 2 * 86_400_000_000)
        let step = RetentionPlan.Step.deleteRequests(before: WallTime(microseconds: before), count: 32, pages: 256)
        let first = plan.next(self.facts(pages: 100))
        #expect(first == step)
        plan.took(step, done: 32, in: .milliseconds(5))
        let second = plan.next(self.facts(pages: 100))
        #expect(second == step)
        plan.took(step, done: 3, in: .milliseconds(5))
        let third = plan.next(self.facts(pages: 100))
        #expect(third == step, "a step that large rows ended early was not the last")
        plan.took(step, done: 0, in: .milliseconds(5))
        let spending = RetentionPlan.Step.deleteSpending(before: WallTime(microseconds: earlier))
        let sums = plan.next(self.facts(pages: 100))
        #expect(sums == spending)
        plan.took(spending, done: 7, in: .milliseconds(5))
        let fourth = plan.next(self.facts(pages: 100))
        #expect(fourth == spending)
        plan.took(spending, done: 0, in: .milliseconds(5))
        let last = plan.next(self.facts(pages: 100))
        #expect(last == nil)
    }

    @Test("a database that is too large loses its oldest requests, down to a little below the limit (K-014)")
    func deletesBySize() {
        var plan = RetentionPlan(Retention(maxBytes: Self.limit))
        let most = (Self.limit - RetentionPlan.logLimit(of: plan.retention)) / 4_096
        var steps: [Bool] = []
        for used in [most, most + 1, most, most - most / 64, most - most / 30, most] {
            let surplus = used - (most - most / 32)
            let step = RetentionPlan.Step.deleteOldestRequests(count: 32, pages: min(max(surplus, 0), 256))
            steps.append(plan.next(self.facts(pages: used)) == step)
        }
        #expect(steps == [false, true, true, true, false, false])
    }

    @Test("no more is deleted than brings the database below its limit, however large rows are (K-014)")
    func endsInTime() {
        var plan = RetentionPlan(Retention(maxBytes: 8 << 20))
        for _ in 0..<10 { plan.took(.deleteOldestRequests(count: 1, pages: 1), done: 1, in: .milliseconds(1)) }
        let most = ((8 << 20) - RetentionPlan.logLimit(of: plan.retention)) / 4_096
        let first = plan.next(self.facts(pages: most + 1))
        #expect(first == .deleteOldestRequests(count: 1_024, pages: most / 32 + 1))
        let last = plan.next(self.facts(pages: most - most / 32 + 1))
        #expect(last == .deleteOldestRequests(count: 1_024, pages: 1), "what is left of it, and no more")
    }

    @Test("without requests left nothing is tried again and again")
    func ceases() {
        var plan = RetentionPlan(Retention(maxBytes: Self.limit))
        let facts = self.facts(pages: Self.limit / 4_096)
        let step = plan.next(facts)
        #expect(step == .deleteOldestRequests(count: 32, pages: 256))
        plan.took(.deleteOldestRequests(count: 32, pages: 256), done: 0, in: .zero)
        let next = plan.next(facts)
        #expect(next == nil)
        plan.noteWrites()
        let again = plan.next(facts)
        #expect(again != nil, "new rows may have to go")
    }

    @Test("free pages go back when the file is too large or much of it is idle, and the log is emptied after")
    func givesBack() {
        var plan = RetentionPlan(Retention(maxBytes: Self.limit))
        let most = (Self.limit - RetentionPlan.logLimit(of: plan.retention)) / 4_096
        let over = plan.next(self.facts(pages: most + 50, free: 100))
        #expect(over == .giveBack(pages: 50))
        let within = plan.next(self.facts(pages: most - 50, free: 100))
        #expect(within == nil, "free pages within the limit are for the next rows")
        let idle = plan.next(self.facts(pages: most, free: most / 2))
        #expect(idle == .giveBack(pages: 128))
        plan.took(.giveBack(pages: 128), done: 0, in: .zero)
        let stuck = plan.next(self.facts(pages: most, free: most / 2))
        #expect(stuck == nil, "not for ever")
        plan.noteWrites()
        var foreign = self.facts(pages: most, free: most / 2)
        foreign.canGiveBack = false
        let rebuilt = plan.next(foreign)
        #expect(rebuilt == nil)
        var shrunk = self.facts(pages: 100, log: 1)
        shrunk.fileBytes = Self.limit * 2
        let first = plan.next(shrunk)
        #expect(first == .checkpoint, "what was given back is still in the file")
        plan.took(.checkpoint, done: 0, in: .zero)
        let second = plan.next(shrunk)
        #expect(second == nil, "a reader may hold it; not for ever")
    }

    @Test(
        "the log has a part of the limit",
        arguments: [(1, 131_072), (4 << 20, 131_072), (64 << 20, 2 << 20), (1 << 40, 4_096_000)])
    func limitsTheLog(most: Int, expected: Int) {
        let limit = RetentionPlan.logLimit(of: Retention(maxBytes: most))
        #expect(limit == expected)
        var plan = RetentionPlan(Retention(maxBytes: most))
        let short = plan.next(self.facts(pages: 1, log: limit))
        #expect(short == nil)
        let long = plan.next(self.facts(pages: 1, log: limit + 1))
        #expect(long == .checkpoint)
    }

    @Test("steps become as large as a few milliseconds allow")
    func adapts() {
        var plan = RetentionPlan(Retention(maxBytes: 1))
        func size() -> Int {
            if case .deleteOldestRequests(let count, _) = plan.next(self.facts(pages: 1_000)) { count } else { 0 }
        }
        for _ in 0..<10 { plan.took(.deleteOldestRequests(count: 1, pages: 1), done: 1, in: .milliseconds(1)) }
        let largest = size()
        #expect(largest == 1_024)
        plan.took(.deleteOldestRequests(count: 1, pages: 1), done: 1, in: .milliseconds(5))
        let same = size()
        #expect(same == 1_024)
        for _ in 0..<20 { plan.took(.deleteOldestRequests(count: 1, pages: 1), done: 1, in: .milliseconds(50)) }
        let smallest = size()
        #expect(smallest == 4)
    }

    @Test("ages are looked at once a minute; after a failure nothing is tried for as long, and one line is written")
    func schedules() {
        func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }
        var state = RetentionState()
        let idle = state.resume(at: at(0))
        #expect(!idle, "nothing is limited")
        state.set(Retention(keep: Self.day)) { newYear }
        var looked: [Bool] = []
        for second in [0, 1, 59, 60, 119, 121] as [Int64] {
            _ = state.resume(at: at(second))
            looked.append(state.finish())
        }
        #expect(looked == [true, false, false, true, false, true])
        let told = state.fail(at: at(130))
        #expect(told)
        let paused = state.resume(at: at(189))
        #expect(!paused)
        let resumed = state.resume(at: at(190))
        #expect(resumed)
        let toldAgain = state.fail(at: at(191))
        #expect(!toldAgain)
        let toldLater = state.fail(at: at(731))
        #expect(toldLater)
    }

    @Test("a clock that jumped ahead deletes nothing by age for an hour, for ever if it went back by then (K-015)")
    func doubtsTheClock() {
        func at(_ hours: Double) -> Instant { Instant(nanoseconds: Int64(hours * 3_600_000_000_000)) }
        func wall(_ hours: Double) -> WallTime {
            WallTime(microseconds: newYear.microseconds + Int64(hours * 3_600_000_000))
        }
        func answers(_ times: [(boot: Double, wall: Double)]) -> [Bool] {
            var watch = ClockWatch()
            return times.map { watch.trusts(wall($0.wall), at: at($0.boot)) }
        }
        #expect(answers([(0, 50_000)]) == [true], "nothing to hold it against")
        #expect(answers([(0, 0), (1, 1), (2, 2.9), (2.1, 2.9), (90, 91)]) == [true, true, true, true, true])
        #expect(answers([(0, 0), (1, 8_000), (1.9, 8_000.9), (1.95, 2)]) == [true, false, false, true], "went back")
        #expect(answers([(0, 0), (1, 8_000), (1.9, 1.9), (2.1, 8_001)]) == [true, false, true, false], "and again")
        #expect(answers([(0, 0), (1, 8_000), (1.9, 8_000.9), (2, 8_001)]) == [true, false, false, true], "stayed")
        #expect(answers([(0, 0), (1, 8_000), (2, 8_001), (3, 8_002)]) == [true, false, true, true])
        #expect(answers([(0, 0), (1, -8_000), (2, -7_999), (3, 3)]) == [true, true, true, false], "set back first")
    }

    @Test("new limits do not make a clock believed that jumped, and its doubt is told once (K-015)")
    func keepsItsDoubt() {
        func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }
        let later = newYear + Self.day * 400
        var state = RetentionState()
        state.set(Retention(keep: Self.day)) { newYear }
        _ = state.resume(at: at(0))
        var looked = [state.finish()]
        var told = [state.takeDoubt()]
        for second in [60, 120, 3_660] as [Int64] {
            state.set(Retention(keep: Self.day)) { later }
            _ = state.resume(at: at(second))
            let step = state.plan.next(self.facts(pages: 100))
            #expect((step == nil) == (second < 3_660), "\(second)")
            looked.append(state.finish())
            told.append(state.takeDoubt())
        }
        #expect(looked == [true, false, false, true])
        #expect(told == [false, true, false, false])
    }
}
