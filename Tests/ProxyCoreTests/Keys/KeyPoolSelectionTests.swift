import ProxyCore
import Testing

/// Which of several keys is taken, and why.
struct KeyPoolSelectionTests {
    private static func told(_ shares: [String: Double], _ policy: KeyPool.Policy) throws -> KeyPool {
        var pool = try KeyPool.make(["a", "b", "c"], policy)
        for (label, share) in shares {
            try pool.check(
                label, .accepted(windows: [KeyPoolWindowTests.window("5h", used: 1 - share, resetsAt: 600)]), at: .start
            )
        }
        return pool
    }

    @Test(
        "most-remaining takes the key with the largest smallest share; an unknown one counts as whole, equals take turns"
    )
    func mostRemaining() throws {
        var pool = try Self.told(["a": 0.5, "b": 0.75, "c": 0.75], KeyPool.Policy(mode: .mostRemaining))
        let demand = try KeyPoolFixture.demand()
        #expect(try (0..<4).map { _ in try pool.take(demand, at: .start) } == ["b", "c", "b", "c"])
        try pool.check(
            "b",
            .accepted(windows: [
                KeyPoolWindowTests.window("5h", used: 0, resetsAt: 600),
                KeyPoolWindowTests.window("7d", used: 0.9, resetsAt: 9000),
            ]), at: .second(1))
        for _ in 0..<3 { #expect(pool.chosen(demand, at: .second(1)) == "c") }
        // At their reset the shares are unknown again, but that of the week.
        #expect(Set(try (0..<4).map { _ in try pool.take(demand, at: .second(600)) }) == ["a", "c"])
    }

    @Test("keys with little left are passed over while others can serve, whatever their priority")
    func warned() throws {
        for includeWarn in [true, false] {
            var pool = KeyPool(
                keys: [try KeyPoolFixture.key("a") { $0.priority = 5 }, try KeyPoolFixture.key("b")],
                policy: KeyPool.Policy(includeWarn: includeWarn))
            try pool.check(
                "a", .accepted(windows: [KeyPoolWindowTests.window("5h", used: 0.81, resetsAt: 600)]), at: .start)
            #expect(try pool.snapshot("a", at: .start).isWarned)
            let choice = try pool.choice(try KeyPoolFixture.demand(), at: .start)
            #expect(choice.grant.label.text == (includeWarn ? "a" : "b"))
            #expect(choice.reason.others.map(\.obstacle) == [includeWarn ? .priority : .warn])
            #expect(pool.chosen(try KeyPoolFixture.demand(excluded: ["b"]), at: .start) == "a")
        }
    }

    @Test("a key that the request has failed on is not taken, even if nothing else fits")
    func excluded() throws {
        var pool = try KeyPool.make(["a", "b"])
        for _ in 0..<3 { #expect(pool.chosen(try KeyPoolFixture.demand(excluded: ["a"]), at: .start) == "b") }
        #expect(pool.chosen(try KeyPoolFixture.demand(excluded: ["a", "b"]), at: .start) == nil)
    }

    // MARK: Conversations

    private static func conversation(isLookedUp: Bool = true, isBound: Bool = false) throws -> KeyDemand {
        KeyDemand(
            provider: try KeyPoolFixture.provider("kimi"),
            conversation: Conversation(id: "s", isLookedUp: isLookedUp, isBound: isBound))
    }

    @Test("a conversation is looked up only if it may be, and always recorded")
    func lookups() throws {
        var pool = try KeyPool.make(["a", "b", "c"])
        #expect(try pool.take(try Self.conversation(isLookedUp: false), at: .start) == "a")
        #expect(try pool.take(try Self.conversation(), at: .start) == "a")
        #expect(try pool.take(try Self.conversation(isLookedUp: false), at: .start) == "b")
        let choice = try pool.choice(try Self.conversation(), at: .start)
        #expect(choice.grant.label.text == "b")
        #expect(choice.reason.selection == .affinity)
        #expect(choice.reason.others.map(\.obstacle) == [.affinity, .affinity])
    }

    @Test("a bound conversation stays on its key whatever else counts; where it cannot it moves, and that is said")
    func bound() throws {
        var pool = KeyPool(
            keys: [try KeyPoolFixture.key("a"), try KeyPoolFixture.key("b") { $0.priority = 5 }],
            policy: KeyPool.Policy(includeWarn: false))
        var pinned = try Self.conversation()
        pinned.excluded = [try KeyPoolFixture.label("b")]
        #expect(pool.chosen(pinned, at: .start) == "a")
        try pool.check(
            "a", .accepted(windows: [KeyPoolWindowTests.window("5h", used: 0.9, resetsAt: 600)]), at: .start)
        let demand = try Self.conversation(isBound: true)
        let stays = try pool.choice(demand, at: .start)
        #expect(stays.grant.label.text == "a")
        #expect(stays.reason.selection == .affinity)
        // One that is not bound goes by what is left.
        var free = pool
        #expect(free.chosen(try Self.conversation(), at: .start) == "b")
        try pool.fail(.providerRateLimited, on: "a", hint: .seconds(9), at: .start)
        let moves = try pool.choice(demand, at: .start)
        #expect(moves.grant.label.text == "b")
        #expect(moves.reason.selection == .moved)
        // It belongs to the other one only once that has served it.
        #expect(try pool.choice(demand, at: .second(10)).grant.label.text == "a")
    }

    // MARK: Limits of its own

    @Test("a key never serves more than its burst and its rate times the time (K-026)", arguments: [1, 3, 7, 60, 1000])
    func rates(limit: Int) throws {
        for (isMinute, period) in [(false, 1.0), (true, 60)] {
            var pool = KeyPool(
                keys: [
                    try KeyPoolFixture.key("a") { if isMinute { $0.rpm = limit } else { $0.rps = limit } }
                ], policy: KeyPool.Policy())
            var generator = SeededGenerator(seed: UInt64(limit))
            let demand = try KeyPoolFixture.demand()
            var times: [Int64] = []
            var now = Instant.start
            for _ in 0..<3000 {
                switch pool.choose(demand, at: now) {
                case .chosen(let grant, _):
                    times.append(now.nanoseconds)
                    pool.release(grant)
                    if Int.random(in: 0..<4, using: &generator) > 0 { continue }
                case .none(let shortage):
                    #expect(shortage.isBusy)
                    let opens = try #require(shortage.limitedUntil)
                    #expect(opens > now)
                    var early = pool
                    #expect(early.chosen(demand, at: Instant(nanoseconds: opens.nanoseconds - 1)) == nil)
                    #expect(early.chosen(demand, at: opens) == "a")
                    if Bool.random(using: &generator) {
                        now = opens
                        continue
                    }
                }
                now = now + .nanoseconds(Int64.random(in: 0..<Int64(2e9 * period / Double(limit)), using: &generator))
            }
            for width in [1, 2, limit, limit + 1, 3 * limit] where width < times.count {
                for first in 0..<(times.count - width) {
                    let span = Double(times[first + width] - times[first]) / 1e9
                    #expect(Double(width + 1) <= Double(limit) + Double(limit) / period * span + 1e-6)
                }
            }
        }
    }

    @Test("a key without room leads to the next one before any refusal, and what was used stays used (K-026)")
    func ratesKept() throws {
        func keys(_ limit: Int) throws -> [Configuration.Key] {
            [try KeyPoolFixture.key("a") { $0.rpm = limit }, try KeyPoolFixture.key("b")]
        }
        var pool = KeyPool(keys: try keys(2), policy: KeyPool.Policy(mode: .sticky))
        let demand = try KeyPoolFixture.demand()
        #expect(try (0..<3).map { _ in try pool.take(demand, at: .start) } == ["a", "a", "b"])
        let verdict = try #require(pool.explain(demand, at: .start).verdicts.first)
        #expect(verdict.obstacle == .rate)
        #expect(verdict.usableAt == .second(30))
        for limit in [2, 1, 4, 2] {
            _ = pool.reconfigure(keys: try keys(limit), policy: KeyPool.Policy(mode: .sticky), at: .start)
        }
        #expect(pool.chosen(try KeyPoolFixture.demand(pinned: "a"), at: .start) == nil)
        #expect(pool.chosen(try KeyPoolFixture.demand(pinned: "a"), at: .second(61)) == "a")
    }

    // MARK: Why

    @Test("a verdict for every key of every provider")
    func verdicts() throws {
        var pool = KeyPool(
            keys: [
                try KeyPoolFixture.key("foreign", provider: "openai"),
                try KeyPoolFixture.key("off") { $0.enabled = false },
                try KeyPoolFixture.key("tired"),
                try KeyPoolFixture.key("listed") { $0.models = [try KeyPoolFixture.model("x")] },
                try KeyPoolFixture.key("full") { $0.inFlight = 1 }, try KeyPoolFixture.key("tried"),
                try KeyPoolFixture.key("low") { $0.priority = -1 }, try KeyPoolFixture.key("next"),
                try KeyPoolFixture.key("here"),
            ], policy: KeyPool.Policy(mode: .sticky))
        try pool.fail(.providerRateLimited, on: "tired", hint: .seconds(9), at: .start)
        _ = pool.chosen(try KeyPoolFixture.demand(pinned: "full"), at: .start)
        #expect(pool.chosen(try KeyPoolFixture.demand(excluded: ["tried", "next", "low"]), at: .start) == "here")
        let explanation = pool.explain(try KeyPoolFixture.demand(model: "m", excluded: ["tried"]), at: .start)
        #expect(explanation.chosen?.text == "here")
        #expect(explanation.selection == .turn)
        #expect(
            explanation.verdicts.map(\.obstacle)
                == [.provider, .state, .state, .model, .inFlight, .tried, .priority, .turn, nil])
        #expect(explanation.verdicts.map(\.state)[1...2] == [.disabled, .cooling])
        #expect(explanation.verdicts[2].usableAt == .second(9))
        let pinned = pool.explain(try KeyPoolFixture.demand(pinned: "next"), at: .start)
        #expect(pinned.selection == .pinned)
        #expect(pinned.verdicts.last?.obstacle == .pin)
        let none = pool.explain(try KeyPoolFixture.demand("gemini"), at: .start)
        #expect(none.chosen == nil && none.selection == nil)
        #expect(none.verdicts.allSatisfy { $0.obstacle == .provider })
    }

    @Test("a choice tells of at most 16 others")
    func boundsVerdicts() throws {
        var pool = try KeyPool.make((0..<40).map { "k\($0)" })
        #expect(try pool.choice(try KeyPoolFixture.demand(), at: .start).reason.others.count == 16)
        var two = try KeyPool.make(["a"])
        #expect(try two.choice(try KeyPoolFixture.demand(), at: .start).reason.selection == .only)
    }
}
