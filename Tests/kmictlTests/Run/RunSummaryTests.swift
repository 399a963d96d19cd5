import DBusControl
import Testing

@testable import kmictl

struct RunSummaryTests {
    @Test(
        "tells requests, tokens and money as far as they are known",
        arguments: [
            (1, ["input": 1, "output": 1], 0, 0, 0, "1 request, 1 token in, 1 out, $0.00."),
            (
                12_345, ["input": 10, "cache_read": 5, "cache_write": 85, "output": 3, "reasoning": 4],
                1_500_000_000_000, 0, 0,
                "12,345 requests, 100 tokens in (5 cached), 7 out, $1.50."
            ),
            (2, [:], 0, 2, 0, "2 requests, 0 tokens in, 0 out, cost unknown."),
            (2, ["input": 3], 5_000_000_000, 1, 0, "2 requests, 3 tokens in, 0 out, at least $0.005."),
            (2, ["input": 3], 5_000_000_000, 0, 1, "2 requests, 3 tokens in, 0 out, about $0.005."),
            (2, ["input": 3], 5_000_000_000, 1, 1, "2 requests, 3 tokens in, 0 out, at least about $0.005."),
        ] as [(UInt64, [String: UInt64], Int64, UInt64, UInt64, String)])
    func tells(
        requests: UInt64, tokens: [String: UInt64], cost: Int64, unpriced: UInt64, uncertain: UInt64, line: String
    ) {
        var row = UsageRow()
        (row.requests, row.tokens, row.unpriced, row.uncertain) = (requests, tokens, unpriced, uncertain)
        row.cost = UsageRow.cost(cost, unpriced: unpriced)
        #expect(RunSummary.line(row) == line)
    }

    @Test func tellsNothingOfNothing() { #expect(RunSummary.line(UsageRow()) == nil) }
}
