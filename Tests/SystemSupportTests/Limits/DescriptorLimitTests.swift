import Testing

@testable import SystemSupport

@Suite("The limit of descriptors", .serialized)
struct DescriptorLimitTests {
    @Test(
        "is raised to what is needed, as far as allowed, and never lowered",
        arguments: [
            (1_024, 524_288, 9_000, 9_000), (1_024, 4_096, 9_000, 4_096), (65_536, 524_288, 9_000, 65_536),
            (1_024, UInt64.max, 1_000_000, 1_000_000), (0, 0, 10, 0),
        ])
    func decision(soft: UInt64, hard: UInt64, needed: UInt64, expected: UInt64) {
        let raised = DescriptorLimit(soft: soft, hard: hard).raised(toAtLeast: needed)
        #expect(raised == DescriptorLimit(soft: expected, hard: hard))
    }

    @Test("holds for this process once raised")
    func raise() throws {
        let before = try DescriptorLimit.current()
        // Down to what is certainly enough for the tests that run beside this one, then up again.
        let lower = DescriptorLimit(soft: min(before.soft, before.hard - 1), hard: before.hard)
        defer {
            do { try before.apply() } catch { Issue.record("cannot restore the limit: \(error)") }
        }
        try lower.apply()
        let raised = try DescriptorLimit.raise(toAtLeast: lower.soft + 1)
        #expect(raised.soft == lower.soft + 1)
        #expect(try DescriptorLimit.current() == raised)
        #expect(try DescriptorLimit.raise(toAtLeast: 1) == raised)
    }
}
