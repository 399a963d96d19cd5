import ProxyCore
import TestSupport
import Testing

@testable import StateStore

struct PendingWorkTests {
    private let now = Instant(nanoseconds: 0)

    @Test("at the bound the oldest row goes, the order stays", arguments: [1, 3, 8])
    func bounds(limit: Int) throws {
        var rows = BoundedRows()
        var dropped = 0
        for number in 0..<20 { dropped += rows.append(try served(number), limit: limit) }
        #expect(dropped == 20 - limit)
        #expect(rows.takeAll().map(\.id) == (20 - limit..<20).map { "request-\($0)" })
        #expect(rows.count == 0)
    }

    @Test("rows of a failed transaction come before those that came since, within the bound")
    func putsRowsBack() throws {
        var work = PendingWork(rowLimit: 4)
        for number in 0..<3 { _ = work.append(try served(number), now: self.now) }
        let batch = work.take()
        #expect(work.waitingRows == 3)
        let lostByFourth = work.append(try served(3), now: self.now)
        #expect(lostByFourth == 0)
        let lostByFifth = work.append(try served(4), now: self.now)
        #expect(lostByFifth == 1, "those under way count")
        let lostByReturn = work.putBack(batch, now: self.now)
        #expect(lostByReturn == 0)
        let taken = work.take()
        #expect(taken.rows.map(\.id) == ["request-0", "request-1", "request-2", "request-4"])
    }

    @Test("with as many rows under way as may wait, a new one goes")
    func boundsWithAllUnderWay() throws {
        var work = PendingWork(rowLimit: 2)
        for number in 0..<2 { _ = work.append(try served(number), now: self.now) }
        _ = work.take()
        let lostByThird = work.append(try served(2), now: self.now)
        #expect(lostByThird == 1)
        #expect(work.waitingRows == 2)
        work.finish()
        let lostLater = work.append(try served(3), now: self.now)
        #expect(lostLater == 0)
        let taken = work.take()
        #expect(taken.counts.keys.values.first?.requests == 2, "the count of the lost row is kept")
    }

    @Test("counts are never lost, whatever fails, is refused or given up on (T-011)")
    func keepsCounts() throws {
        var work = PendingWork(rowLimit: 1)
        var expected = UsageCounts()
        var spent = SpendingTable()
        func add(_ number: Int) throws {
            let record = try full(number)
            expected.add(record)
            spent.add(record)
            _ = work.append(record, now: self.now)
        }
        try add(0)
        let takesFirst = work.add([.override(.dryRun, nil)], id: 1, now: self.now)
        #expect(takesFirst)
        try add(1)
        let takesSecond = work.add([.override(.dryRun, nil)], id: 2, now: self.now)
        #expect(takesSecond)
        try add(2)
        let withdraws = work.withdraw(1)
        #expect(withdraws)
        let withdrawsAgain = work.withdraw(1)
        #expect(!withdrawsAgain)
        let batch = work.take()
        try add(3)
        let takesThird = work.add([.override(.dryRun, nil)], id: 3, now: self.now)
        #expect(takesThird)
        try add(4)
        _ = work.putBack(batch, now: self.now)
        let last = work.take()
        #expect(last.groups.map(\.id) == [3])
        var sum = last.counts
        for group in last.groups { sum.merge(group.countsBefore) }
        #expect(sum == expected)
        #expect(last.spending == spent)
        #expect(last.groups[0].countsBefore.clients.values.first?.requests == 4, "those before it come before it")
    }

    @Test("the latest memory wins, also over that of a failed transaction")
    func keepsTheLatestMemory() throws {
        func memory(_ name: String) throws -> DispatchMemory {
            let turn = KeyMemory.Turn(provider: try provider(name), last: nil, next: nil)
            return DispatchMemory(keys: KeyMemory(turns: [turn]))
        }
        var work = PendingWork(rowLimit: 1)
        work.remember(try memory("a"), now: self.now)
        let takesMemory = work.add([.memory(DispatchMemory())], id: 1, now: self.now)
        #expect(takesMemory)
        let first = work.take()
        #expect(first.groups[0].memoryBefore == (try memory("a")))
        _ = work.putBack(first, now: self.now)
        let second = work.take()
        #expect(second.memory == (try memory("a")))
        work.remember(try memory("b"), now: self.now)
        _ = work.putBack(second, now: self.now)
        let taken = work.take()
        #expect(taken.memory == (try memory("b")))
    }

    @Test("only so many changes wait at once")
    func boundsChanges() {
        var work = PendingWork(rowLimit: 1)
        let added = (0..<UInt64(PendingWork.groupLimit)).allSatisfy { work.add([], id: $0, now: self.now) }
        #expect(added)
        let takesMore = work.add([], id: 5000, now: self.now)
        #expect(!takesMore)
    }
}

struct WriterScheduleTests {
    private func at(_ milliseconds: Int) -> Instant { Instant(nanoseconds: Int64(milliseconds) * 1_000_000) }

    @Test("a value waits 50 ms at most, a change not at all, and there are 20 transactions a second (K-049)")
    func spaces() {
        var schedule = WriterSchedule()
        #expect(schedule.due(waitingSince: nil, isUrgent: false) == nil)
        #expect(schedule.due(waitingSince: self.at(1000), isUrgent: false) == self.at(1050))
        #expect(schedule.due(waitingSince: self.at(1000), isUrgent: true) == self.at(1000))
        schedule.began(at: self.at(1000))
        schedule.succeeded()
        #expect(schedule.due(waitingSince: self.at(1010), isUrgent: true) == self.at(1050))
        #expect(schedule.due(waitingSince: self.at(1010), isUrgent: false) == self.at(1060))
        #expect(schedule.due(waitingSince: self.at(5000), isUrgent: true) == self.at(5000))
    }

    @Test("whatever comes when, never more than 20 transactions begin within a second (K-049)")
    func neverMoreThanTwenty() {
        var generator = SystemRandomNumberGenerator()
        var schedule = WriterSchedule()
        var starts: [Instant] = []
        var now = self.at(0)
        for _ in 0..<2000 {
            let since = now + .milliseconds(Int.random(in: 0...30, using: &generator))
            guard let due = schedule.due(waitingSince: since, isUrgent: Bool.random(using: &generator)) else {
                continue
            }
            #expect(due - since <= .milliseconds(50))
            now = max(now, due)
            schedule.began(at: now)
            schedule.succeeded()
            starts.append(now)
        }
        for (first, last) in zip(starts, starts.dropFirst(20)) { #expect(last - first >= .seconds(1)) }
    }

    @Test("after failures it waits longer, 5 s at most, but tries for a change at once (T-011)")
    func backsOff() {
        var schedule = WriterSchedule()
        var pauses: [Int64] = []
        for _ in 0..<8 {
            schedule.began(at: self.at(0))
            schedule.failed(at: self.at(0))
            pauses.append(
                (schedule.due(waitingSince: self.at(0), isUrgent: false) ?? self.at(0)).nanoseconds / 1_000_000)
        }
        #expect(pauses == [250, 500, 1000, 2000, 4000, 5000, 5000, 5000])
        #expect(schedule.due(waitingSince: self.at(100), isUrgent: true) == self.at(100))
        schedule.succeeded()
        #expect(schedule.due(waitingSince: self.at(100), isUrgent: false) == self.at(150))
    }
}
