import ProxyCore
import Testing

/// Rests that a person ends, and keys that a configuration changes.
struct KeyPoolResetTests {
    @Test("a reset ends the rests of one key and starts its ladders anew (K-019)")
    func resetsOne() throws {
        var pool = try KeyPool.make(["a", "b"])
        for label in ["a", "b"] {
            try pool.fail(.providerAuthFailed, on: label, at: .start)
            try pool.fail(.providerAuthFailed, on: label, at: .second(30))
            try pool.fail(.providerRateLimited, on: label, model: "m", concerning: .model, at: .second(30))
        }
        let ended = pool.reset(try KeyPoolFixture.label("a"), at: .second(31))
        #expect(ended.map(\.old) == [.suspect, .cooling])
        #expect(ended.allSatisfy { $0.new == .usable && $0.key.text == "a" && $0.reason == nil && $0.usableAt == nil })
        #expect(ended.map(\.model?.text) == [nil, "m"])
        #expect(try pool.snapshot("a", at: .second(31)).modelStates.isEmpty)
        #expect(pool.state(of: "b", at: .second(31)) == .suspect)
        #expect(pool.expire(at: .second(100_000)).allSatisfy { $0.key.text == "b" })
        try pool.fail(.providerAuthFailed, on: "a", at: .second(32))
        #expect(pool.state(of: "a", at: .second(32)) == .suspect)
        #expect(pool.reset(try KeyPoolFixture.label("gone"), at: .second(32)).isEmpty)
    }

    @Test("a reset of all keys leaves disabled what is disabled (K-019)")
    func resetsAll() throws {
        var pool = KeyPool(
            keys: [
                try KeyPoolFixture.key("a"), try KeyPoolFixture.key("off") { $0.enabled = false },
                try KeyPoolFixture.key("x", provider: "openai"),
            ], policy: KeyPool.Policy())
        try pool.fail(.providerBilling, on: "a", at: .start)
        #expect(try pool.fail(.providerBilling, on: "off", at: .start) == nil)
        try pool.fail(.providerQuotaExhausted, on: "x", at: .start)
        #expect(pool.resetAll(at: .second(1)).map(\.key.text) == ["a", "x"])
        #expect(pool.snapshots(at: .second(1)).map(\.state) == [.usable, .disabled, .usable])
        #expect(pool.nextDeadline == nil)
        #expect(pool.memory(at: .second(1), wallTime: WallTime(microseconds: 0)).conditions.isEmpty)
        #expect(pool.resetAll(at: .second(2)).isEmpty)
    }

    @Test("disabling and enabling are told of, with the rest that goes on")
    func tellsOfDisabling() throws {
        var pool = try KeyPool.make(["a", "b"])
        let off = [try KeyPoolFixture.key("a") { $0.enabled = false }, try KeyPoolFixture.key("b")]
        let on = [try KeyPoolFixture.key("a"), try KeyPoolFixture.key("b")]
        let policy = KeyPool.Policy()
        try pool.fail(.providerBilling, on: "a", at: .start)
        let disabled = pool.reconfigure(keys: off, policy: policy, at: .second(1))
        #expect(disabled.map(\.old) == [.billing])
        #expect(disabled.map(\.new) == [.disabled])
        #expect(disabled.first?.usableAt == nil)
        #expect(pool.reconfigure(keys: off, policy: policy, at: .second(2)).isEmpty)
        let enabled = pool.reconfigure(keys: on, policy: policy, at: .second(3))
        #expect(enabled.map(\.old) == [.disabled])
        #expect(enabled.map(\.new) == [.billing])
        #expect(enabled.first?.reason == .providerBilling)
        #expect(enabled.first?.usableAt == .second(3600))
        #expect(pool.expire(at: .second(3600)).map(\.new) == [.usable])
    }

    @Test("a rest that ends while the key is disabled ends silently")
    func endsWhileDisabled() throws {
        var pool = try KeyPool.make(["a"])
        let policy = KeyPool.Policy()
        try pool.fail(.providerRateLimited, on: "a", hint: .seconds(5), at: .start)
        _ = pool.reconfigure(
            keys: [try KeyPoolFixture.key("a") { $0.enabled = false }], policy: policy, at: .second(1))
        #expect(pool.nextDeadline == nil)
        #expect(pool.expire(at: .second(10)).isEmpty)
        let enabled = pool.reconfigure(keys: [try KeyPoolFixture.key("a")], policy: policy, at: .second(11))
        #expect(enabled.map(\.old) == [.disabled])
        #expect(enabled.map(\.new) == [.usable])
        #expect(pool.expire(at: .second(12)).isEmpty)
    }

    @Test("a renewed secret and a move to another provider end rests; keys that are gone tell nothing")
    func tellsOfRenewal() throws {
        var pool = try KeyPool.make(["a", "moved", "gone", "kept"])
        for label in ["a", "moved", "gone", "kept"] {
            try pool.fail(.providerAuthFailed, on: label, at: .start)
            try pool.fail(.providerForbidden, on: label, model: "m", concerning: .model, at: .start)
        }
        let changes = pool.reconfigure(
            keys: [
                try KeyPoolFixture.key("kept"), try KeyPoolFixture.key("new"),
                try KeyPoolFixture.key("moved", provider: "openai"), try KeyPoolFixture.key("a"),
            ], policy: KeyPool.Policy(), renewed: [try KeyPoolFixture.label("a")], at: .second(1))
        #expect(changes.map(\.key.text) == ["moved", "moved", "a", "a"])
        #expect(changes.map(\.old) == [.suspect, .cooling, .suspect, .cooling])
        #expect(changes.map(\.model?.text) == [nil, "m", nil, "m"])
        #expect(changes.allSatisfy { $0.new == .usable })
        #expect(pool.expire(at: .second(1000)).map(\.key.text) == ["kept", "kept"])
    }

    // MARK: Generations

    @Test("what comes back for a former secret says nothing about the present one")
    func ignoresOutdated() throws {
        var pool = try KeyPool.make(["a"])
        let former = try pool.present("a")
        _ = pool.reconfigure(keys: [try KeyPoolFixture.key("a")], policy: KeyPool.Policy(), at: .start)
        #expect(try pool.present("a") == former)
        _ = pool.reconfigure(
            keys: [try KeyPoolFixture.key("a")], policy: KeyPool.Policy(), renewed: [former.label], at: .start)
        let present = try pool.present("a")
        #expect(present != former)
        let outcome = KeyOutcome.failed(KeyFailure(.providerAuthFailed, scope: .wholeKey))
        #expect(pool.record(outcome, on: former, request: 1, model: nil, begun: .start, at: .at(.start)).isEmpty)
        #expect(pool.state(of: "a", at: .start) == .usable)
        #expect(pool.chooseAgain(former) == nil)
        #expect(!pool.record(outcome, on: present, request: 1, model: nil, begun: .start, at: .at(.start)).isEmpty)
    }

    @Test("a generation never comes back: neither with another provider nor when the key is added again")
    func generationsAreUnique() throws {
        var pool = try KeyPool.make(["a"])
        var seen: Set<KeyGrant> = [try pool.present("a")]
        let openai = [try KeyPoolFixture.key("a", provider: "openai")]
        for keys in [openai, [], openai, [try KeyPoolFixture.key("a")], [], [try KeyPoolFixture.key("a")]] {
            _ = pool.reconfigure(keys: keys, policy: KeyPool.Policy(), at: .start)
            if !keys.isEmpty { #expect(seen.insert(try pool.present("a")).inserted) }
        }
    }

    @Test("requests with a former secret take places until they end, and none of the present one's (K-026)")
    func countsOutdated() throws {
        let keys = [try KeyPoolFixture.key("a") { $0.inFlight = 3 }]
        var pool = KeyPool(keys: keys, policy: KeyPool.Policy())
        let demand = try KeyPoolFixture.demand()
        let first = try pool.present("a")
        #expect(pool.chosen(demand, at: .start) == "a")
        _ = pool.reconfigure(keys: keys, policy: KeyPool.Policy(), renewed: [first.label], at: .start)
        let second = try pool.present("a")
        #expect(pool.chosen(demand, at: .start) == "a")
        _ = pool.reconfigure(keys: keys, policy: KeyPool.Policy(), renewed: [first.label], at: .start)
        #expect(pool.inFlight("a") == 2)
        #expect(pool.chosen(demand, at: .start) == "a")
        #expect(pool.chosen(demand, at: .start) == nil)
        for outdated in [first, second] {
            pool.release(outdated)
            pool.release(outdated)
        }
        #expect(pool.inFlight("a") == 1)
        try pool.release("a")
        #expect(pool.inFlight("a") == 0)
    }

    @Test("requests with a key that moved or was gone take no place of the present one (K-026)")
    func forgetsRequestsOfOthers() throws {
        let keys = [try KeyPoolFixture.key("a") { $0.inFlight = 1 }]
        var pool = KeyPool(keys: keys, policy: KeyPool.Policy())
        let demand = try KeyPoolFixture.demand()
        let former = try pool.present("a")
        #expect(pool.chosen(demand, at: .start) == "a")
        _ = pool.reconfigure(keys: [], policy: KeyPool.Policy(), at: .start)
        _ = pool.reconfigure(keys: keys, policy: KeyPool.Policy(), at: .start)
        #expect(pool.chosen(demand, at: .start) == "a")
        pool.release(former)
        #expect(pool.inFlight("a") == 1)
        #expect(pool.chosen(demand, at: .start) == nil)
    }
}
