import DBusKit
import Testing

@testable import DBusControl

/// Who hears of requests, and how often, in virtual time.
struct SubscriberTableTests {
    private let start = ContinuousClock.now
    private let alice: BusName = ":1.1"
    private let bob: BusName = ":1.2"

    @Test("a subscriber gets at most 100 signals within any second (X-035)")
    func aSubscriberGetsAtMostAHundredSignalsWithinAnySecond() {
        var budget = SignalBudget()
        // Two bursts around the turn of a second: a window that begins anew each second would let 200 through.
        var sent = 0
        for index in 0..<400 where budget.spend(now: self.start + .milliseconds(800 + index)) != nil { sent += 1 }
        #expect(sent == 100)
        #expect(budget.spend(now: self.start + .milliseconds(1799)) == nil)
        #expect(budget.spend(now: self.start + .milliseconds(1800)) == 301)
    }

    @Test func theNextSignalCarriesTheNumberOfThoseDropped() {
        var budget = SignalBudget(limit: 2)
        #expect(budget.spend(now: self.start) == 0)
        #expect(budget.spend(now: self.start) == 0)
        #expect(budget.spend(now: self.start) == nil)
        #expect(budget.spend(now: self.start + .milliseconds(999)) == nil)
        #expect(budget.spend(now: self.start + .seconds(1)) == 2)
        #expect(budget.spend(now: self.start + .seconds(1)) == 0)
        #expect(budget.spend(now: self.start + .seconds(1)) == nil)
    }

    @Test("a subscriber that may not have read its last 500 signals gets one a second until it answers (X-035)")
    func whoeverMayNotReadGetsOneASecond() {
        var budget = SignalBudget(limit: 100, credit: 4)
        let sent = (0..<10).compactMap { _ in budget.spend(now: self.start) }.count
        #expect(sent == 4)
        #expect(budget.spend(now: self.start + .milliseconds(999)) == nil)
        #expect(budget.spend(now: self.start + .seconds(1)) == 7)
        #expect(budget.spend(now: self.start + .seconds(1)) == nil)
        #expect(budget.isSilent)
        #expect(budget.ask() == 5)
        // One question at a time, and an answer that does not come changes nothing.
        #expect(budget.ask() == nil)
        budget.answered(nil)
        #expect(budget.spend(now: self.start + .milliseconds(1500)) == nil)
        #expect(budget.ask() == 5)
        budget.answered(5)
        #expect(!budget.isSilent)
        let more = (0..<10).compactMap { _ in budget.spend(now: self.start + .milliseconds(1600)) }.count
        #expect(more == 4)
        // Nobody has read more than was sent.
        budget.answered(99)
        #expect(!budget.isSilent)
        #expect(budget.spend(now: self.start + .milliseconds(1700)) != nil)
    }

    @Test func eachSubscriberHasABudgetOfItsOwn() {
        var table = SubscriberTable()
        _ = table.add(self.alice)
        for _ in 0..<100 { _ = table.deliver(now: self.start) }
        _ = table.add(self.bob)
        #expect(table.deliver(now: self.start) == [.init(subscriber: self.bob, dropped: 0)])
        let later = table.deliver(now: self.start + .seconds(1))
        #expect(later.first { $0.subscriber == self.alice }?.dropped == 1)
        #expect(later.first { $0.subscriber == self.bob }?.dropped == 0)
    }

    @Test func subscribingAgainGivesNoFurtherBudget() {
        var table = SubscriberTable()
        for _ in 0..<200 {
            #expect(table.add(self.alice) == true)
            _ = table.deliver(now: self.start)
        }
        #expect(table.deliver(now: self.start).isEmpty)
        #expect(table.subscribers == [self.alice])
    }

    @Test func takesNoMoreSubscribersThanThereIsRoomFor() {
        var table = SubscriberTable(capacity: 1)
        #expect(table.isEmpty)
        #expect(table.add(self.alice) == true)
        #expect(table.add(self.bob) == false)
        table.remove(self.alice)
        #expect(table.isEmpty)
        #expect(table.add(self.bob) == true)
        table.removeAll()
        #expect(table.deliver(now: self.start).isEmpty)
    }

    @Test func theTableOfCallersKeepsTheNewestOnly() throws {
        var table = CallerTable(capacity: 2)
        for number in 1...3 {
            table.remember(try #require(BusName(":1.\(number)")), user: UInt32(number))
        }
        #expect(table.count == 2)
        #expect(table.user(of: ":1.1") == nil)
        #expect(table.user(of: ":1.3") == 3)
        table.forget(":1.3")
        #expect(table.user(of: ":1.3") == nil)
        table.remember(":1.4", user: 4)
        #expect(table.count == 2)
        #expect(table.user(of: ":1.2") == 2)
    }
}
