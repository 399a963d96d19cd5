import ProxyCore
import Testing

/// What a request's record tells of the tokens and the money of all its attempts.
struct RequestRecordUsageTests {
    private func record(_ usages: [TokenUsage?], costs: [Cost?] = []) throws -> RequestRecord {
        var record = RequestRecord(id: "r", receivedAt: WallTime(microseconds: 0), dialect: .openai)
        for (index, usage) in usages.enumerated() {
            var attempt = try RequestRecord.Attempt(
                key: #require(KeyLabel("work")), provider: #require(ProviderName("openai")))
            attempt.usage = usage
            if costs.indices.contains(index) { attempt.cost = costs[index] }
            record.attempts.append(attempt)
        }
        return record
    }

    private func usage(_ output: Int64, _ quality: TokenUsage.Quality) -> TokenUsage {
        var counts = TokenCounts()
        counts.output = output
        return TokenUsage(counts, quality: quality)
    }

    @Test("adds the tokens of all attempts that told of any, and knows no others")
    func addsTokens() throws {
        let record = try self.record([self.usage(3, .partial), nil, self.usage(9, .none), self.usage(4, .reported)])
        #expect(record.tokens?.output == 7)
        #expect(try self.record([nil, self.usage(9, .none)]).tokens == nil)
    }

    @Test("trusts tokens as far as those of the attempt that is trusted least")
    func trustsLeast() throws {
        let qualities: [TokenUsage.Quality] = [.reported, .none, .partial]
        #expect(try self.record(qualities.map { self.usage(1, $0) }).quality == .partial)
        #expect(try self.record([self.usage(1, .estimated), self.usage(1, .partial)]).quality == .estimated)
        #expect(try self.record([nil, self.usage(1, .reported)]).quality == .reported)
        #expect(try self.record([nil]).quality == .none)
    }

    @Test("knows no sum of money where a part has no price, and stays at the largest")
    func addsMoney() throws {
        let priced = Cost(.priced, picoDollars: 5)
        #expect(try self.record([nil, nil, nil], costs: [priced, nil, priced]).picoDollars == 10)
        #expect(try self.record([nil, nil], costs: [priced, Cost(.unpriced)]).picoDollars == nil)
        #expect(try self.record([nil]).picoDollars == nil)
        #expect(try self.record([nil, nil], costs: [Cost(.priced, picoDollars: .max), priced]).picoDollars == .max)
    }
}
