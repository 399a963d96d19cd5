import DBusControl
import ProxyCore
import Testing

@testable import Daemon

/// What the control surface tells of a request.
struct RequestRowTests {
    private static func record() throws -> RequestRecord {
        var record = RequestRecord(id: "r", receivedAt: WallTime(microseconds: 5), dialect: .other)
        var first = RequestRecord.Attempt(
            key: try #require(KeyLabel("alpha")), provider: try #require(ProviderName("kimi")))
        first.model = ModelName("k2")
        var counts = TokenCounts()
        counts.input = 5
        counts.cacheWrite1h = 2
        first.usage = TokenUsage(counts, quality: .estimated)
        first.cost = Cost(.priced, picoDollars: 7, version: "v1")
        var second = first
        counts = TokenCounts()
        (counts.input, counts.inputAudio, counts.output, counts.reasoning) = (1, 10, 3, 4)
        second.usage = TokenUsage(counts, quality: .reported)
        second.usage?.isInconsistent = true
        second.usage?.model = ModelName("k2-0905")
        second.cost = Cost(.plan, picoDollars: 0)
        record.attempts = [first, second]
        return record
    }

    @Test func tellsTokensAndCostOfAllAttempts() throws {
        let row = RequestRow(try Self.record())
        #expect(row.tokens == ["input": 16, "cache_read": 0, "cache_write": 2, "output": 3, "reasoning": 4])
        #expect(row.cost == 7)
        #expect(row.usedModel == "k2-0905")
        #expect(row.quality == "estimated")
        #expect(row.pricing == "priced")
        #expect(row.priceVersion == "v1")
        #expect(
            row.attempts.map(\.tokens) == [
                ["input": 5, "cache_write_1h": 2], ["input": 1, "input_audio": 10, "output": 3, "reasoning": 4],
            ])
        #expect(row.attempts.map(\.model) == ["k2", "k2"])
        #expect(row.attempts.map(\.quality) == ["estimated", "reported"])
        #expect(row.attempts.map(\.isInconsistent) == [false, true])
        #expect(row.attempts.map(\.cost) == [7, 0])
        #expect(row.attempts.map(\.pricing) == ["priced", "plan"])
        #expect(row.attempts.map(\.priceVersion) == ["v1", ""])
    }

    @Test("an attempt without a price leaves the whole without a cost (A-028)")
    func anUnpricedAttemptShows() throws {
        var record = try Self.record()
        record.attempts[0].cost = Cost(.unpriced)
        let row = RequestRow(record)
        #expect(row.cost == nil)
        #expect(row.pricing == "unpriced")
        #expect(row.attempts.map(\.cost) == [nil, 0])
    }

    @Test func saysNothingOfWhatIsNotKnown() throws {
        var record = try Self.record()
        record.attempts = [
            RequestRecord.Attempt(key: record.attempts[0].key, provider: record.attempts[0].provider)
        ]
        let row = RequestRow(withBodies: record)
        #expect(row.tokens.isEmpty)
        #expect(row.cost == nil)
        #expect((row.quality, row.pricing, row.priceVersion, row.usedModel) == ("none", "", "", ""))
        #expect((row.process, row.unit, row.user) == ("", "", ""))
        #expect(row.processID == nil && row.userID == nil)
        #expect(row.requestBody == nil && row.answerBody == nil)
        #expect(row.attempts.map(\.quality) == ["none"])
    }

    @Test func tellsWhoSentIt() throws {
        var record = try Self.record()
        var caller = ObservedCaller()
        (caller.userID, caller.user, caller.process, caller.unit) = (0, "root", "curl", "app.slice")
        caller.processID = 4711
        record.caller = caller
        let row = RequestRow(record)
        #expect((row.process, row.unit, row.user) == ("curl", "app.slice", "root"))
        #expect(row.processID == 4711 && row.userID == 0)
        // No process has such a number.
        record.caller?.processID = -1
        #expect(RequestRow(record).processID == nil)
    }

    @Test("tells bodies where one request is asked for alone, whatever bytes they are")
    func tellsBodies() throws {
        var record = try Self.record()
        record.bodies = CapturedBodies(request: [0x7B, 0xFF], answer: [0x41], isRequestCut: false, isAnswerCut: true)
        #expect(RequestRow(record).requestBody == nil)
        let row = RequestRow(withBodies: record)
        #expect(row.requestBody == "{\u{FFFD}")
        #expect(row.answerBody == "A")
        #expect(row.areBodiesCut)
    }
}
