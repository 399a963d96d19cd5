import ProxyCore
import Testing

/// How failures put keys to rest, and for how long; hours pass in no time.
struct KeyPoolCooldownTests {
    @Test("a provider's hint decides the rest; the key takes part again exactly at its end (X-069)")
    func rests() throws {
        var pool = try KeyPool.make(["a"])
        let demand = try KeyPoolFixture.demand()
        let transition = try pool.fail(.providerRateLimited, on: "a", hint: .seconds(7), at: .start)
        #expect(transition?.old == .usable)
        #expect(transition?.new == .cooling)
        #expect(transition?.reason == .providerRateLimited)
        #expect(transition?.usableAt == .second(7))
        #expect(pool.state(of: "a", at: .start) == .cooling)
        let justBefore = Instant(nanoseconds: Instant.second(7).nanoseconds - 1)
        #expect(pool.chosen(demand, at: justBefore) == nil)
        #expect(!pool.canServe(demand, at: justBefore))
        #expect(pool.canServe(demand, at: .second(7)))
        #expect(pool.chosen(demand, at: .second(7)) == "a")
        #expect(pool.state(of: "a", at: .second(7)) == .usable)
    }

    @Test(
        "a hint is believed between a second and a day",
        arguments: [(-5, 1), (0, 1), (1, 1), (86_400, 86_400), (999_999, 86_400)])
    func boundsHints(hint: Int, rest: Int) throws {
        var pool = try KeyPool.make(["a"])
        try pool.fail(.providerRateLimited, on: "a", hint: .seconds(hint), at: .start)
        #expect(pool.usableAt("a", at: .start) == .second(Double(rest)))
    }

    @Test("without a hint each window of trouble is one step of the ladder, not each request")
    func climbsOncePerWindow() throws {
        var pool = try KeyPool.make(["a"])
        var now = Instant.start
        for rest in [2.0, 5, 15, 60, 300, 300] {
            // Ten requests were under way when the first of them ran into the limit.
            for _ in 0..<10 { try pool.fail(.providerRateLimited, on: "a", begun: now, at: now) }
            #expect(pool.usableAt("a", at: now) == now + .seconds(Int64(rest)))
            now = now + .seconds(Int64(rest))
        }
    }

    @Test("a straggler of the window before does not climb the ladder")
    func stragglers() throws {
        var pool = try KeyPool.make(["a"])
        try pool.fail(.providerRateLimited, on: "a", at: .start)
        // Began before the rest, ended in it.
        try pool.fail(.providerRateLimited, on: "a", begun: .start, at: .second(1))
        #expect(pool.usableAt("a", at: .second(1)) == .second(3))
        // Began after it: the next window.
        try pool.fail(.providerRateLimited, on: "a", begun: .second(3), at: .second(3))
        #expect(pool.usableAt("a", at: .second(3)) == .second(8))
    }

    @Test("a deadline never gets shorter by a later failure")
    func neverShortens() throws {
        var pool = try KeyPool.make(["a"])
        try pool.fail(.providerRateLimited, on: "a", hint: .seconds(100), at: .start)
        #expect(try pool.fail(.providerRateLimited, on: "a", hint: .seconds(3), begun: .start, at: .second(1)) == nil)
        #expect(try pool.fail(.providerRateLimited, on: "a", begun: .start, at: .second(2)) == nil)
        #expect(pool.usableAt("a", at: .second(2)) == .second(100))
    }

    @Test("a longer rest for another reason stays in force")
    func keepsLongerRestOfAnotherKind() throws {
        var pool = try KeyPool.make(["a"])
        try pool.fail(.providerBilling, on: "a", at: .start)
        #expect(try pool.fail(.providerRateLimited, on: "a", begun: .start, at: .second(1)) == nil)
        #expect(pool.state(of: "a", at: .second(1)) == .billing)
        #expect(pool.usableAt("a", at: .second(1)) == .second(3600))
        try pool.fail(.providerQuotaExhausted, on: "a", hint: .seconds(7200), begun: .start, at: .second(2))
        #expect(pool.state(of: "a", at: .second(2)) == .exhausted)
        #expect(pool.usableAt("a", at: .second(2)) == .second(7202))
    }

    @Test("a success after the rest begins the ladder anew; one that began before it says nothing")
    func successResets() throws {
        var pool = try KeyPool.make(["a"])
        try pool.fail(.providerRateLimited, on: "a", at: .start)
        #expect(pool.expire(at: .second(2)).count == 1)
        try pool.fail(.providerRateLimited, on: "a", at: .second(2))
        #expect(pool.usableAt("a", at: .second(2)) == .second(7))
        // A long stream from before the trouble ends well in the middle of the rest.
        #expect(try pool.succeed(on: "a", begun: .second(-10), at: .second(3)) == nil)
        #expect(pool.state(of: "a", at: .second(3)) == .cooling)
        #expect(pool.expire(at: .second(7)).count == 1)
        #expect(try pool.succeed(on: "a", begun: .second(7), at: .second(8)) == nil)
        try pool.fail(.providerRateLimited, on: "a", at: .second(9))
        #expect(pool.usableAt("a", at: .second(9)) == .second(11))
    }

    @Test("a refused key climbs the ladder and is tried again and again, whatever is refused with it (K-007)")
    func authLadder() throws {
        var pool = try KeyPool.make(["a"])
        var now = Instant.start
        for (request, rest) in [30, 120, 600, 3600, 21_600, 21_600].enumerated() {
            for _ in 0..<3 {
                try pool.fail(.providerAuthFailed, on: "a", request: UInt64(request), begun: now, at: now)
            }
            // No other key shows that the provider is well.
            #expect(pool.state(of: "a", at: now) == .suspect)
            #expect(pool.usableAt("a", at: now) == now + .seconds(rest))
            now = now + .seconds(rest)
            #expect(pool.canServe(try KeyPoolFixture.demand(), at: now))
        }
        try pool.succeed(on: "a", at: now)
        try pool.fail(.providerAuthFailed, on: "a", at: now)
        #expect(pool.state(of: "a", at: now) == .suspect)
    }

    @Test(
        "each class has its state and its rest",
        arguments: [
            (ErrorClass.providerBilling, KeyState.billing, 3600), (.providerQuotaExhausted, .exhausted, 3600),
            (.providerForbidden, .cooling, 300), (.providerRateLimited, .cooling, 2),
        ]
    )
    func states(reason: ErrorClass, state: KeyState, rest: Int) throws {
        var pool = try KeyPool.make(["a"])
        try pool.fail(reason, on: "a", at: .start)
        #expect(pool.state(of: "a", at: .start) == state)
        #expect(pool.usableAt("a", at: .start) == .second(Double(rest)))
        #expect(pool.snapshots(at: .start).first?.reason == reason)
    }

    @Test("what is not the key's fault changes no key (X-068)", arguments: ErrorClass.allCases)
    func neutralClasses(reason: ErrorClass) throws {
        let blamed: Set<ErrorClass> = [
            .providerRateLimited, .providerAuthFailed, .providerForbidden, .providerBilling, .providerQuotaExhausted,
        ]
        var pool = try KeyPool.make(["a", "b"])
        let before = pool.snapshots(at: .start)
        let transition = try pool.fail(reason, on: "a", hint: .seconds(5), at: .start)
        #expect((transition == nil) == !blamed.contains(reason))
        #expect((pool.snapshots(at: .start) == before) == !blamed.contains(reason))
        #expect(pool.state(of: "b", at: .start) == .usable)
        let grant = try pool.present("b")
        #expect(pool.record(.neutral, on: grant, request: 1, model: nil, begun: .start, at: .at(.start)).isEmpty)
        #expect(pool.state(of: "b", at: .start) == .usable)
    }

    @Test("a rate limit rests what it concerns: one model, or the whole key (contract 7)")
    func perModel() throws {
        var pool = KeyPool(
            keys: [try KeyPoolFixture.key("o", provider: "openai"), try KeyPoolFixture.key("k")],
            policy: KeyPool.Policy())
        let transition = try pool.fail(
            .providerRateLimited, on: "o", model: "m1", hint: .seconds(9), concerning: .model, at: .start)
        #expect(transition?.model?.text == "m1")
        #expect(pool.state(of: "o", at: .start) == .usable)
        #expect(pool.chosen(try KeyPoolFixture.demand("openai", model: "m1"), at: .start) == nil)
        #expect(pool.chosen(try KeyPoolFixture.demand("openai", model: "m2"), at: .start) == "o")
        #expect(pool.chosen(try KeyPoolFixture.demand("openai", model: "m1"), at: .second(9)) == "o")
        try pool.fail(.providerRateLimited, on: "k", model: "m1", hint: .seconds(9), at: .start)
        #expect(pool.chosen(try KeyPoolFixture.demand(model: "m2"), at: .start) == nil)
        #expect(pool.state(of: "k", at: .start) == .cooling)
    }

    @Test("a model that is forbidden rests alone; billing rests the whole key")
    func forbiddenPerModel() throws {
        var pool = try KeyPool.make(["a"])
        try pool.fail(.providerForbidden, on: "a", model: "m1", concerning: .model, at: .start)
        #expect(pool.chosen(try KeyPoolFixture.demand(model: "m1"), at: .second(299)) == nil)
        #expect(pool.chosen(try KeyPoolFixture.demand(model: "m2"), at: .start) == "a")
        #expect(pool.chosen(try KeyPoolFixture.demand(model: "m1"), at: .second(300)) == "a")
        try pool.fail(.providerBilling, on: "a", model: "m1", at: .second(400))
        #expect(pool.chosen(try KeyPoolFixture.demand(model: "m2"), at: .second(400)) == nil)
    }

    @Test("a thousand models of one key are remembered within a bound (K-031)")
    func boundsModels() throws {
        var pool = try KeyPool.make(["a"])
        for index in 0..<1000 {
            try pool.fail(
                .providerForbidden, on: "a", model: "m\(index)", concerning: .model, at: .second(Double(index) / 1000))
        }
        let refused = try (0..<1000).count {
            !pool.canServe(try KeyPoolFixture.demand(model: "m\($0)"), at: .second(1))
        }
        #expect(refused == 64)
        #expect(!pool.canServe(try KeyPoolFixture.demand(model: "m999"), at: .second(1)))
    }

    @Test("a shortage lists every key with its state, and the soonest return")
    func shortage() throws {
        var pool = KeyPool(
            keys: [
                try KeyPoolFixture.key("cool"), try KeyPoolFixture.key("poor"),
                try KeyPoolFixture.key("off") { $0.enabled = false },
                try KeyPoolFixture.key("foreign", provider: "openai"),
            ],
            policy: KeyPool.Policy())
        try pool.fail(.providerRateLimited, on: "cool", hint: .seconds(12), at: .start)
        try pool.fail(.providerBilling, on: "poor", at: .start)
        let shortage = try pool.lack(try KeyPoolFixture.demand(), at: .start)
        #expect(shortage.keys.map(\.label.text) == ["cool", "poor", "off"])
        #expect(shortage.keys.map(\.state) == [.cooling, .billing, .disabled])
        #expect(shortage.soonest == .second(12))
        #expect(shortage.comesBack)
        #expect(!shortage.isBusy)
        #expect(pool.shortage(for: try KeyPoolFixture.demand(), at: .start) == shortage)
    }

    @Test("money and refusals do not come back by waiting")
    func doesNotComeBack() throws {
        var pool = try KeyPool.make(["a", "b"])
        try pool.fail(.providerBilling, on: "a", at: .start)
        try pool.fail(.providerAuthFailed, on: "b", at: .start)
        let shortage = try pool.lack(try KeyPoolFixture.demand(), at: .start)
        #expect(!shortage.comesBack)
        #expect(shortage.soonest == .second(30))
    }
}
