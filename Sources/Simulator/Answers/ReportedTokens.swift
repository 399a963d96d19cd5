/// Tokens as an answer reports them, in classes that do not overlap, so that they sum to the bill whatever the dialect
/// counts twice.
struct ReportedTokens: Sendable, Equatable {
    /// Tokens of the input that none of the following holds.
    var input = 0
    /// Tokens of the input that came from a cache.
    var cacheRead = 0
    /// Tokens of the input that were written to a cache for five minutes.
    var cacheWrite5m = 0
    /// Tokens of the input that were written to a cache for an hour.
    var cacheWrite1h = 0
    /// Tokens of the output without those of reasoning.
    var output = 0
    /// Tokens of reasoning, where the dialect tells them apart.
    var reasoning = 0

    /// Adds those of another answer.
    static func += (sum: inout ReportedTokens, more: ReportedTokens) {
        sum.input += more.input
        sum.cacheRead += more.cacheRead
        sum.cacheWrite5m += more.cacheWrite5m
        sum.cacheWrite1h += more.cacheWrite1h
        sum.output += more.output
        sum.reasoning += more.reasoning
    }

    /// The counts as an object.
    var json: JSONValue {
        [
            "input": .integer(self.input), "cache_read": .integer(self.cacheRead),
            "cache_write_5m": .integer(self.cacheWrite5m), "cache_write_1h": .integer(self.cacheWrite1h),
            "output": .integer(self.output), "reasoning": .integer(self.reasoning),
        ]
    }
}

/// What the usage in an answer says, and with which of its events.
struct UsageReport: Sendable, Equatable {
    /// The events of the stream that carry it, from 1; `nil` for the body of a plain answer.
    var events: ClosedRange<Int>?
    /// What the first of them says; counts are those of the whole answer so far.
    var tokens: ReportedTokens
    /// By how much the output grows with every further one.
    var outputStep = 0

    /// What is said when so many events have been sent; `nil` if that is nothing yet.
    func tokens(afterEvents count: Int) -> ReportedTokens? {
        guard let events = self.events, count >= events.lowerBound else { return nil }
        var tokens = self.tokens
        tokens.output += (min(count, events.upperBound) - events.lowerBound) * self.outputStep
        return tokens
    }
}
