import DBusControl
import ProxyCore
import Testing

@testable import Daemon

/// What was used, summed up for the control surface.
struct UsageSumsTests {
    private static let hour: Int64 = 3_600_000_000

    private static func spending(_ requests: UInt64, cost: Int64 = 0) -> Spending {
        var spending = Spending()
        spending.requests = requests
        spending.tokens.input = 10
        spending.tokens.inputAudio = 1
        spending.tokens.cacheWrite5m = 2
        spending.tokens.cacheWrite1h = 3
        spending.picoDollars = cost
        spending.unpriced = 4
        spending.uncertain = 5
        return spending
    }

    /// Days of three hours, as no time zone has them.
    private static func day(_ moment: WallTime) -> String { "day \(moment.microseconds / Self.hour / 3)" }

    @Test func sumsHoursIntoDays() {
        var sums = UsageSums(by: [.day], day: Self.day)
        for hour in [5, 2, 0, 3] {
            sums.add(
                Self.spending(1, cost: 7), hour: WallTime(microseconds: Int64(hour) * Self.hour), name: { _ in nil })
        }
        #expect(sums.rows.map(\.day) == ["day 0", "day 1"])
        #expect(sums.rows.map(\.requests) == [2, 2])
        #expect(sums.rows.map(\.cost) == [14, 14])
        #expect(
            sums.rows.first?.tokens
                == ["input": 22, "cache_read": 0, "cache_write": 10, "output": 0, "reasoning": 0])
        #expect(sums.rows.map(\.unpriced) == [8, 8])
        #expect(sums.rows.map(\.uncertain) == [10, 10])
        #expect(sums.rows.first?.hour == nil)
        #expect(sums.rows.first?.key == nil)
    }

    @Test func whereNoTokenHasAPriceThereIsNoCost() {
        var sums = UsageSums(by: [.model])
        for (model, unpriced) in [("novel", UInt64(2)), ("planned", 0)] {
            var spending = Spending()
            spending.unpriced = unpriced
            sums.add(spending, hour: nil) { _ in model }
        }
        #expect(sums.rows.map(\.cost) == [nil, 0])
        #expect(sums.rows.map(\.unpriced) == [2, 0])
    }

    @Test func sortsByNamesInTheOrderOfTheAxes() {
        var sums = UsageSums(by: [.model, .hour, .day], day: Self.day)
        for (model, hour) in [("b", 1), ("a", 10), ("a", 9), ("", 2)] {
            sums.add(Self.spending(1), hour: WallTime(microseconds: Int64(hour) * Self.hour)) {
                $0 == .model && !model.isEmpty ? model : nil
            }
        }
        #expect(sums.rows.map(\.model) == ["", "a", "a", "b"])
        #expect(sums.rows.map { $0.hour.map { $0 / UInt64(Self.hour) } } == [2, 9, 10, 1])
        #expect(sums.rows.map(\.day) == ["day 0", "day 3", "day 3", "day 0"])
    }

    @Test func tellsEveryNameThatItSumsBy() {
        let axes = UsageAxis.allCases.filter { $0 != .hour && $0 != .day }
        var sums = UsageSums(by: axes)
        sums.add(Self.spending(1), hour: nil) { $0.rawValue }
        let row = sums.rows.first
        #expect(axes.map { row?[$0] } == axes.map(\.rawValue))
    }

    @Test func oneSumOfNothingIsARowOfZeros() {
        var row = UsageRow()
        row.tokens = ["input": 0, "cache_read": 0, "cache_write": 0, "output": 0, "reasoning": 0]
        row.cost = 0
        #expect(UsageSums(by: []).rows == [row])
        #expect(UsageSums(by: [.key]).rows.isEmpty)
        var sums = UsageSums(by: [])
        sums.add(Self.spending(2), hour: nil) { _ in nil }
        sums.add(Self.spending(3), hour: nil) { _ in nil }
        #expect(sums.rows.map(\.requests) == [5])
    }

    @Test(
        "tells days as calendars do",
        arguments: [
            // At 11:00 UTC it is the same day from UTC-11 to UTC+12.
            (Int64(1_767_265_200_000_000), "2026-01-01"), (1_709_204_400_999_999, "2024-02-29"),
            (39_600_000_000, "1970-01-01"),
            (-46_800_000_001, "1969-12-31"),
        ])
    func tellsDays(microseconds: Int64, day: String) {
        #expect(LocalDay.of(WallTime(microseconds: microseconds)) == day)
    }
}
