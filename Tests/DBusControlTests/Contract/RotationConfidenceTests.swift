import DBusControl
import Testing

/// How far requests were spread as the rotation means to.
struct RotationConfidenceTests {
    @Test(
        "fifty requests on one of three keys give 0 %, an even spread gives 100 % (X-007)",
        arguments: [
            ([50, 0, 0], 0), ([0, 50, 0], 0), ([17, 17, 16], 100), ([16, 17, 17], 100), ([10, 10, 10], 100),
            ([20, 20, 20, 0], 67), ([25, 25, 0], 51), ([40, 10, 10], 50), ([20], 100), ([1_000_000], 100),
            ([20, 0], 0), ([10, 10], 100), ([11, 10], 100), ([15, 5], 50), ([7, 7, 6], 100), ([8, 7, 5], 92),
        ] as [([UInt64], Int)])
    func measures(requests: [UInt64], percent: Int) throws {
        let confidence = try #require(RotationConfidence.of(requests.map { (requests: $0, weight: 1) }))
        #expect(Int((confidence * 100).rounded()) == percent)
    }

    @Test("says nothing below 20 requests, and without keys (X-007)", arguments: [[19], [10, 9], [0, 0, 0], []])
    func saysNothing(requests: [UInt64]) {
        #expect(RotationConfidence.of(requests.map { (requests: $0, weight: 1) }) == nil)
    }

    @Test(
        "measures against the weights where keys have some",
        arguments: [
            ([(30, 3), (10, 1)], 100), ([(20, 3), (20, 1)], 67), ([(0, 3), (40, 1)], 0), ([(40, 3), (0, 1)], 67),
            ([(20, 0), (20, 1)], 100),
        ] as [([(UInt64, UInt32)], Int)])
    func measuresWeights(keys: [(UInt64, UInt32)], percent: Int) throws {
        let confidence = try #require(RotationConfidence.of(keys.map { (requests: $0.0, weight: $0.1) }))
        #expect(Int((confidence * 100).rounded()) == percent)
    }

    private static func row(_ key: String, _ requests: UInt64, _ provider: String = "kimi", eligible: Bool = true)
        -> RequestSummary.Row
    {
        var row = RequestSummary.Row()
        row.key = key
        row.provider = provider
        row.requests = requests
        row.isEligible = eligible
        return row
    }

    @Test("a key that takes no turns counts neither way (X-007)")
    func keysOutOfTheRotationDoNotCount() {
        let rows = [Self.row("a", 20), Self.row("b", 20), Self.row("spare", 500, eligible: false)]
        #expect(RequestSummary(rows: rows).confidence == 1)
        #expect(RequestSummary(rows: [rows[2]]).confidence == nil)
        #expect(RequestSummary(rows: [Self.row("a", 10), rows[2]]).confidence == nil)
    }

    @Test func keysOfDifferentProvidersAreNotCompared() {
        let summary = RequestSummary(rows: [
            Self.row("a", 30), Self.row("b", 30), Self.row("c", 20, "openai"), Self.row("d", 0, "openai"),
            Self.row("e", 5, "local"),
        ])
        #expect(summary.providers == ["kimi", "openai", "local"])
        #expect(summary.confidence(of: "kimi") == 1)
        #expect(summary.confidence(of: "openai") == 0)
        #expect(summary.confidence(of: "local") == nil)
        #expect(summary.confidence == 0.75)
        #expect(summary.share(of: summary.rows[0]) == 0.5)
        #expect(summary.share(of: summary.rows[3]) == 0)
        #expect(RequestSummary(rows: []).confidence == nil)
    }
}
