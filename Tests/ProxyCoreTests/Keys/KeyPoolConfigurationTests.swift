import Testing

@testable import ProxyCore

/// Conversations that stay on their key, and configurations that change.
struct KeyPoolConfigurationTests {
    @Test("a conversation stays on its key while that can be used, and stays where it moved to")
    func sessionStays() throws {
        var pool = try KeyPool.make(["a", "b", "c"])
        let mine = try KeyPoolFixture.demand(session: "mine")
        let first = try pool.take(mine, at: .start)
        for _ in 0..<5 {
            _ = pool.chosen(try KeyPoolFixture.demand(), at: .start)
            #expect(pool.chosen(mine, at: .start) == first)
        }
        try pool.fail(.providerRateLimited, on: first, hint: .seconds(10), at: .start)
        let second = try pool.take(mine, at: .second(1))
        #expect(second != first)
        #expect(pool.chosen(mine, at: .second(20)) == second)
        let third = try pool.take(try KeyPoolFixture.demand(session: "mine", excluded: [second]), at: .second(20))
        #expect(third != second)
    }

    @Test("a conversation has a key with each provider")
    func sessionPerProvider() throws {
        var keys = try ["a", "b", "c"].map { try KeyPoolFixture.key($0) }
        keys += try ["x", "y", "z"].map { try KeyPoolFixture.key($0, provider: "openai") }
        var pool = KeyPool(keys: keys, policy: KeyPool.Policy())
        let kimi = try pool.take(try KeyPoolFixture.demand(session: "s"), at: .start)
        let openai = try pool.take(try KeyPoolFixture.demand("openai", session: "s"), at: .start)
        for _ in 0..<3 {
            #expect(pool.chosen(try KeyPoolFixture.demand(session: "s"), at: .start) == kimi)
            #expect(pool.chosen(try KeyPoolFixture.demand("openai", session: "s"), at: .start) == openai)
        }
    }

    @Test("without affinity conversations take turns like everybody")
    func withoutAffinity() throws {
        var pool = try KeyPool.make(["a", "b"], KeyPool.Policy(affinity: false))
        let demand = try KeyPoolFixture.demand(session: "s")
        #expect(pool.chosen(demand, at: .start) == "a")
        #expect(pool.chosen(demand, at: .start) == "b")
    }

    @Test("a pinned request does not move its conversation")
    func pinDoesNotMoveSession() throws {
        var pool = try KeyPool.make(["a", "b"])
        #expect(pool.chosen(try KeyPoolFixture.demand(session: "s"), at: .start) == "a")
        #expect(pool.chosen(try KeyPoolFixture.demand(session: "s", pinned: "b"), at: .start) == "b")
        #expect(pool.chosen(try KeyPoolFixture.demand(session: "s"), at: .start) == "a")
    }

    @Test(
        "a million conversations are remembered within a bound, the recent ones among them (K-031)",
        .timeLimit(.minutes(5)))
    func boundsSessions() throws {
        var table = SessionTable(capacity: 1000)
        let provider = try KeyPoolFixture.provider("kimi")
        let label = try KeyPoolFixture.label("a")
        func session(_ index: Int) -> SessionTable.Session {
            SessionTable.Session(provider: provider, name: String(index))
        }
        for index in 0..<1_000_000 {
            table.remember(session(index), on: label)
            // One conversation that is used again and again is never forgotten.
            if index % 100 == 0 {
                #expect(table.key(of: session(0)) == label)
                table.remember(session(0), on: label)
            }
            if index % 10_000 == 0 { #expect(table.count <= 1000) }
        }
        #expect(table.count <= 1000)
        for index in 999_501..<1_000_000 { #expect(table.key(of: session(index)) == label) }
        #expect(table.key(of: session(1)) == nil)
    }

    @Test("the pool's own table of conversations is bounded (K-031)", .timeLimit(.minutes(5)))
    func boundsSessionsOfPool() throws {
        var pool = try KeyPool.make(["a", "b"])
        for index in 0..<50_000 {
            let label = try pool.take(try KeyPoolFixture.demand(session: "s\(index)"), at: .start)
            try pool.release(label)
        }
        #expect(pool.sessions.count <= KeyPool.sessionCapacity)
    }

    @Test("a new configuration keeps what is known of keys that stay")
    func reconfigures() throws {
        var pool = try KeyPool.make(["a", "b", "c"])
        #expect(pool.chosen(try KeyPoolFixture.demand(), at: .start) == "a")
        try pool.fail(.providerRateLimited, on: "a", hint: .seconds(50), at: .start)
        try pool.fail(.providerForbidden, on: "b", model: "m", concerning: .model, at: .start)
        _ = pool.reconfigure(
            keys: [
                try KeyPoolFixture.key("d"), try KeyPoolFixture.key("b"),
                try KeyPoolFixture.key("a") { $0.priority = 9 },
                try KeyPoolFixture.key("c", provider: "openai"),
            ],
            policy: KeyPool.Policy(), at: .start)
        #expect(pool.state(of: "a", at: .start) == .cooling)
        #expect(pool.inFlight("a") == 1)
        #expect(pool.provider(of: try KeyPoolFixture.label("c"))?.text == "openai")
        #expect(pool.contains(try KeyPoolFixture.label("d")))
        #expect(pool.chosen(try KeyPoolFixture.demand(model: "m"), at: .start) == "d")
        #expect(pool.chosen(try KeyPoolFixture.demand(), at: .second(50)) == "a")
        _ = pool.reconfigure(keys: [try KeyPoolFixture.key("b")], policy: KeyPool.Policy(), at: .start)
        #expect(!pool.contains(try KeyPoolFixture.label("a")))
        // An attempt with a key that is gone ends without effect.
        try pool.release("a")
        #expect(try pool.fail(.providerBilling, on: "a", at: .start) == nil)
    }

    @Test("a key that moves to another provider starts anew")
    func forgetsOfAnotherProvider() throws {
        var pool = try KeyPool.make(["a"])
        try pool.fail(.providerBilling, on: "a", at: .start)
        _ = pool.reconfigure(
            keys: [try KeyPoolFixture.key("a", provider: "openai")], policy: KeyPool.Policy(), at: .start)
        #expect(pool.state(of: "a", at: .start) == .usable)
    }

    @Test("a key with a new secret starts anew, and keeps its requests")
    func forgetsOfAnotherSecret() throws {
        var pool = try KeyPool.make(["a", "b"])
        #expect(pool.chosen(try KeyPoolFixture.demand(pinned: "a"), at: .start) == "a")
        try pool.fail(.providerAuthFailed, on: "a", at: .start)
        try pool.fail(.providerAuthFailed, on: "b", at: .start)
        _ = pool.reconfigure(
            keys: [try KeyPoolFixture.key("a"), try KeyPoolFixture.key("b")],
            policy: KeyPool.Policy(), renewed: [try KeyPoolFixture.label("a")], at: .start)
        #expect(pool.state(of: "a", at: .start) == .usable)
        #expect(pool.inFlight("a") == 1)
        #expect(pool.state(of: "b", at: .start) == .suspect)
    }

    @Test("a disabled key is never chosen, and takes part again when enabled")
    func disabled() throws {
        let off = [try KeyPoolFixture.key("a") { $0.enabled = false }, try KeyPoolFixture.key("b")]
        var pool = KeyPool(keys: off, policy: KeyPool.Policy())
        for _ in 0..<4 { #expect(pool.chosen(try KeyPoolFixture.demand(), at: .start) == "b") }
        #expect(pool.chosen(try KeyPoolFixture.demand(pinned: "a"), at: .start) == nil)
        #expect(pool.state(of: "a", at: .start) == .disabled)
        #expect(pool.usableAt("a", at: .start) == nil)
        _ = pool.reconfigure(
            keys: [try KeyPoolFixture.key("a"), try KeyPoolFixture.key("b")], policy: KeyPool.Policy(), at: .start)
        #expect(pool.state(of: "a", at: .start) == .usable)
    }
}
