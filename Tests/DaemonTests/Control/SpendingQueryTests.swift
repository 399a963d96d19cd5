import DBusControl
import ProxyCore
import StateStore
import Testing

@testable import Daemon

/// What the store is asked for when somebody asks for usage.
struct SpendingQueryTests {
    @Test func asksForWholeHoursAndMakesDaysOfThem() throws {
        var query = UsageQuery()
        query.by = [.day, .model, .hour]
        query.since = 3_600_000_001
        query.until = 7_200_000_001
        let question = try SpendingQuery(query)
        #expect(question.by == [.hour, .model])
        #expect(question.since == WallTime(microseconds: 3_600_000_000))
        #expect(question.until == WallTime(microseconds: 10_800_000_000))
        #expect(try SpendingQuery(UsageQuery()) == SpendingQuery())
    }

    @Test func handsOnEveryFilter() throws {
        var query = UsageQuery()
        query.by = UsageAxis.allCases
        query.key = "alpha"
        query.provider = "kimi"
        query.model = "k2"
        query.client = "ci"
        query.project = "a demo"
        query.process = "python3"
        query.until = .max
        let question = try SpendingQuery(query)
        #expect(Set(question.by) == Set(SpendingQuery.Axis.allCases))
        #expect(question.by.count == SpendingQuery.Axis.allCases.count)
        #expect(question.key == KeyLabel("alpha"))
        #expect(question.provider == ProviderName("kimi"))
        #expect(question.model == ModelName("k2"))
        #expect(question.client == ClientName("ci"))
        #expect(question.project == "a demo")
        #expect(question.process == "python3")
        #expect(question.until == WallTime(microseconds: .max))
    }

    @Test func refusesWhatCanNameNothing() {
        var query = UsageQuery()
        query.key = "no label"
        let fault = #expect(throws: ControlFault.self) { try SpendingQuery(query) }
        #expect(fault == ControlFault(.invalidArgument, "\"no label\" can be no label of a key."))
    }
}
