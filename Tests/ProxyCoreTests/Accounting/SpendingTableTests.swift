import ProxyCore
import Testing

/// What remains of requests when their rows are gone.
struct SpendingTableTests {
    private let key: KeyLabel
    private let provider: ProviderName
    /// Half past three.
    private let time = WallTime(microseconds: 1_789_572_600_000_000)

    init() throws {
        self.key = try #require(KeyLabel("work"))
        self.provider = try #require(ProviderName("openai"))
    }

    private func attempt(_ counts: Int64?, quality: TokenUsage.Quality = .reported, cost: Cost? = nil)
        -> RequestRecord.Attempt
    {
        var attempt = RequestRecord.Attempt(key: self.key, provider: self.provider)
        if let counts {
            var tokens = TokenCounts()
            tokens.output = counts
            attempt.usage = TokenUsage(tokens, quality: quality)
        }
        attempt.cost = cost
        return attempt
    }

    private func record(_ attempts: RequestRecord.Attempt...) -> RequestRecord {
        var record = RequestRecord(id: "r", receivedAt: self.time, dialect: .openai)
        record.attempts = attempts
        return record
    }

    @Test("counts the tokens of every attempt, and the request once (X-017)")
    func countsAttempts() throws {
        var table = SpendingTable()
        table.add(
            self.record(
                self.attempt(5, quality: .partial, cost: Cost(.priced, picoDollars: 50)),
                self.attempt(7, cost: Cost(.unpriced)), self.attempt(9, cost: Cost(.priced, picoDollars: 90))))
        #expect(table.entries.count == 1)
        let entry = try #require(table.entries.first)
        #expect(entry.key.hour == self.time.startOfHour)
        #expect(entry.value.requests == 1)
        #expect(entry.value.tokens.output == 21)
        #expect(entry.value.picoDollars == 140)
        #expect(entry.value.unpriced == 1)
        #expect(entry.value.uncertain == 1)
    }

    @Test("counts guessed tokens as uncertain, and unknown ones as none", arguments: TokenUsage.Quality.allCases)
    func countsUncertain(_ quality: TokenUsage.Quality) throws {
        var table = SpendingTable()
        table.add(self.record(self.attempt(5, quality: quality)))
        let isUncertain = quality == .partial || quality == .estimated
        #expect(try #require(table.entries.values.first).uncertain == (isUncertain ? 1 : 0))
    }

    @Test("goes by the model that answered, else by the one that was asked for")
    func goesByAnsweringModel() throws {
        var attempt = self.attempt(5)
        attempt.model = ModelName("asked")
        var record = self.record(attempt)
        record.model = ModelName("alias")
        #expect(record.spendingID(of: attempt).model?.text == "asked")
        attempt.usage?.model = ModelName("answered")
        #expect(record.spendingID(of: attempt).model?.text == "answered")
        attempt.usage = nil
        attempt.model = nil
        #expect(record.spendingID(of: attempt).model?.text == "alias")
    }

    @Test("leaves nothing of a request that was never sent")
    func leavesNothing() {
        var table = SpendingTable()
        table.add(self.record())
        #expect(table.isEmpty)
    }

    @Test("holds no more than its bound, and loses no token by it")
    func isBounded() {
        var table = SpendingTable()
        for number in 0..<(SpendingTable.limit + 100) {
            var record = self.record(self.attempt(1))
            record.project = "p\(number)"
            table.add(record)
        }
        #expect(table.entries.count == SpendingTable.limit + 1)
        #expect(table.entries.first { $0.key.project == SpendingTable.other }?.value.requests == 100)
        #expect(table.entries.values.reduce(0) { $0 + $1.tokens.output } == Int64(SpendingTable.limit + 100))
        var merged = SpendingTable()
        merged.merge(table)
        merged.merge(table)
        #expect(merged.entries.values.reduce(0) { $0 + $1.requests } == 2 * UInt64(SpendingTable.limit + 100))
    }

    @Test("stays at the largest sum of money")
    func staysAtLargest() throws {
        var spending = Spending()
        spending.picoDollars = .max - 1
        var other = Spending()
        other.picoDollars = 5
        spending.add(other)
        #expect(spending.picoDollars == .max)
    }

    @Test(
        "begins hours at full ones, before the epoch too",
        arguments: [
            (0, 0), (1, 0), (3_599_999_999, 0), (3_600_000_000, 3_600_000_000), (-1, -3_600_000_000),
            (-3_600_000_000, -3_600_000_000),
        ])
    func beginsHours(_ time: Int64, _ hour: Int64) {
        #expect(WallTime(microseconds: time).startOfHour.microseconds == hour)
    }
}
