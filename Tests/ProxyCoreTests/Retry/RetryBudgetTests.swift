import ProxyCore
import Testing

struct RetryBudgetTests {
    private static func time(_ seconds: Double) -> Instant {
        Instant(nanoseconds: 1_000_000_000_000) + .nanoseconds(Int64(seconds * 1e9))
    }

    @Test func tenRepeatsAreFree() {
        var budget = RetryBudget(share: 0.2)
        #expect((0..<20).count { _ in budget.take(at: Self.time(0)) } == 10)
        #expect(!budget.isAvailable(at: Self.time(59.9)))
        #expect(budget.isAvailable(at: Self.time(61)))
    }

    @Test(
        "a share of the requests of the last minute comes on top (K-008)",
        arguments: [
            (0.2, 100, 30), (0.29, 100, 39), (0, 100, 10), (1, 100, 110), (7, 100, 110), (-1, 100, 10), (.nan, 100, 10),
        ])
    func shareOfRequests(share: Double, requests: Int, repeats: Int) {
        var budget = RetryBudget(share: share)
        for _ in 0..<requests { budget.noteRequest(at: Self.time(0)) }
        #expect((0..<200).count { _ in budget.take(at: Self.time(1)) } == repeats)
        #expect(budget.take(at: Self.time(1)) == false)
    }

    @Test func requestsCountForAMinute() {
        var budget = RetryBudget(share: 1)
        for _ in 0..<100 { budget.noteRequest(at: Self.time(0)) }
        for _ in 0..<10 { #expect(budget.take(at: Self.time(0)) == true) }
        #expect(budget.isAvailable(at: Self.time(58)))
        #expect(!budget.isAvailable(at: Self.time(60)))
    }

    @Test func theShareCanChange() {
        var budget = RetryBudget(share: 0)
        for _ in 0..<100 { budget.noteRequest(at: Self.time(0)) }
        for _ in 0..<10 { #expect(budget.take(at: Self.time(0)) == true) }
        #expect(!budget.isAvailable(at: Self.time(0)))
        budget.share = 0.5
        #expect(budget.isAvailable(at: Self.time(0)))
        budget.share = 2
        #expect(budget.share == 1)
    }

    @Test(
        "no repeat ever goes beyond the exact budget of its last 60 s (K-008)", arguments: 1...10 as ClosedRange<UInt64>
    )
    func isNeverExceeded(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let share = Double.random(in: 0...1, using: &random)
        var budget = RetryBudget(share: share)
        var now = Self.time(0)
        var (requests, repeats) = ([Instant](), [Instant]())
        var refused = 0
        for _ in 0..<3000 {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<40:
                budget.noteRequest(at: now)
                requests.append(now)
            case 40..<80:
                guard budget.take(at: now) else {
                    refused += 1
                    continue
                }
                repeats.append(now)
                let minute = now + .seconds(-60)
                let allowed = share * Double(requests.count { $0 > minute }) + 10 + 1e-6
                #expect(Double(repeats.count { $0 > minute }) <= allowed)
            case 80..<99:
                now = now + .milliseconds(Int.random(in: 0..<1500, using: &random))
            default:
                now = now + .seconds(Int.random(in: 0..<100, using: &random))
            }
            if requests.count > 400 { requests.removeFirst(200) }
            if repeats.count > 400 { repeats.removeFirst(200) }
        }
        #expect(refused > 0 && !repeats.isEmpty)
    }

    @Test func bearsTheEndsOfTheClock() {
        var budget = RetryBudget(share: 0.5)
        for time in [Instant(nanoseconds: .min), Instant(nanoseconds: 0), Instant(nanoseconds: .max)] {
            budget.noteRequest(at: time)
            for _ in 0..<10 { #expect(budget.take(at: time) == true) }
            #expect(budget.take(at: time) == false)
        }
        #expect(
            !budget.isAvailable(at: Instant(nanoseconds: 5)), "a reading of the clock that comes late frees nothing")
    }
}
