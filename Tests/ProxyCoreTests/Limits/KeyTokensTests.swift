import Testing

@testable import ProxyCore

/// The limit on tokens of a key.
struct KeyTokensTests {
    private static func pool(tpm: Int?) throws -> KeyPool {
        let keys = try ["alpha", "beta"].map { label in
            var key = Configuration.Key(
                label: try #require(KeyLabel(label)), provider: try #require(ProviderName("kimi")),
                secret: .store(id: label))
            if label == "alpha" { key.tpm = tpm }
            return key
        }
        var policy = KeyPool.Policy()
        policy.mode = .sticky
        return KeyPool(keys: keys, policy: policy)
    }

    private static func label(_ pool: inout KeyPool, at now: Instant) throws -> (String, KeyGrant)? {
        let demand = KeyDemand(provider: try #require(ProviderName("kimi")), model: nil)
        guard case .chosen(let grant, _) = pool.choose(demand, at: now) else { return nil }
        pool.release(grant)
        return (grant.label.text, grant)
    }

    @Test("a key over its tokens is passed over until they are paid back, and not for ever")
    func isPassedOver() throws {
        var pool = try Self.pool(tpm: 600)
        let (first, grant) = try #require(try Self.label(&pool, at: RateLimitTests.at(0)))
        #expect(first == "alpha")
        pool.spend(1200, on: grant, at: RateLimitTests.at(0))
        #expect(try Self.label(&pool, at: RateLimitTests.at(0))?.0 == "beta")
        let demand = KeyDemand(
            provider: try #require(ProviderName("kimi")), model: nil, pinned: grant.label)
        let shortage = pool.shortage(for: demand, at: RateLimitTests.at(0))
        #expect(shortage.isBusy)
        let until = try #require(shortage.limitedUntil)
        #expect(until > RateLimitTests.at(59_000) && until <= RateLimitTests.at(60_101))
        guard case .chosen = pool.choose(demand, at: until) else {
            Issue.record("still passed over")
            return
        }
    }

    @Test("what it owes is kept over a reload (T-037)")
    func keepsOverReload() throws {
        var pool = try Self.pool(tpm: 600)
        let (_, grant) = try #require(try Self.label(&pool, at: RateLimitTests.at(0)))
        pool.spend(1200, on: grant, at: RateLimitTests.at(0))
        var key = Configuration.Key(
            label: grant.label, provider: try #require(ProviderName("kimi")), secret: .store(id: "alpha"))
        key.tpm = 6000
        _ = pool.reconfigure(keys: [key], policy: KeyPool.Policy(), at: RateLimitTests.at(1000))
        #expect(try Self.label(&pool, at: RateLimitTests.at(1000)) == nil)
    }

    @Test("a key without a limit owes nothing")
    func owesNothing() throws {
        var pool = try Self.pool(tpm: nil)
        let (_, grant) = try #require(try Self.label(&pool, at: RateLimitTests.at(0)))
        pool.spend(1 << 40, on: grant, at: RateLimitTests.at(0))
        #expect(try Self.label(&pool, at: RateLimitTests.at(0))?.0 == "alpha")
    }

    @Test(
        "what ended early counts as its prompt at least, and a huge body as no more than a bound (T-037)",
        arguments: [
            (0, true, 1 << 30, 0), (7, true, 4_000, 7), (0, false, 0, 0), (0, false, 4_003, 1_000),
            (300, false, 4_000, 1_000), (3_000, false, 4_000, 3_000), (0, false, 1 << 30, 200_000),
            (.max, false, 1 << 30, .max),
        ] as [(Int64, Bool, Int64, Int64)])
    func chargesPrompt(prompt: Int64, isWhole: Bool, body: Int64, expected: Int64) {
        var told = TokenCounts()
        told.input = prompt
        #expect(TokenCharge.tokens(told: told, isWhole: isWhole, body: body) == expected)
        // What was answered counts on top of it, whether the prompt was told or is estimated.
        (told.output, told.reasoning) = (40, 2)
        let sum = expected.addingReportingOverflow(42)
        #expect(
            TokenCharge.tokens(told: told, isWhole: isWhole, body: body) == (sum.overflow ? .max : sum.partialValue))
    }
}
