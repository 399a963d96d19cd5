import DBusControl

/// What a run has used, in one line.
enum RunSummary {
    /// `3 requests, 1,234 tokens in (1,000 cached), 56 out, $0.0042.`; `nil` where there was no request.
    static func line(_ usage: UsageRow) -> String? {
        guard usage.requests > 0 else { return nil }
        let read = usage.tokens["cache_read"] ?? 0
        let input = TokenClass.sum(usage.tokens.filter { ["input", "cache_read", "cache_write"].contains($0.key) })
        let output = TokenClass.sum(usage.tokens.filter { ["output", "reasoning"].contains($0.key) })
        let parts = [
            usage.requests == 1 ? "1 request" : "\(CountText.exact(usage.requests)) requests",
            "\(CountText.exact(input)) \(input == 1 ? "token" : "tokens") in"
                + (read > 0 ? " (\(CountText.exact(read)) cached)" : ""),
            "\(CountText.exact(output)) out",
            Self.cost(usage),
        ]
        return parts.joined(separator: ", ") + "."
    }

    /// Costs are as sure as the tokens that they are of.
    private static func cost(_ usage: UsageRow) -> String {
        guard let cost = usage.cost else { return "cost unknown" }
        return (usage.unpriced > 0 ? "at least " : "") + (usage.uncertain > 0 ? "about " : "") + MoneyText.dollars(cost)
    }
}
