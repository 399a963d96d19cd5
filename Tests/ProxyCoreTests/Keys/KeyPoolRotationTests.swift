import ProxyCore
import Testing

/// Whose turn it is among keys that can be used.
struct KeyPoolRotationTests {
    @Test("three keys share 300 requests exactly, however long each of them lasts (K-026)", arguments: [1, 2, 3])
    func sharesExactly(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var pool = try KeyPool.make(["a", "b", "c"])
        let demand = try KeyPoolFixture.demand()
        var counts: [String: Int] = [:]
        var running: [String] = []
        for _ in 0..<300 {
            let label = try pool.take(demand, at: .start)
            counts[label, default: 0] += 1
            running.append(label)
            while !running.isEmpty, Bool.random(using: &generator) {
                let index = running.indices.randomElement(using: &generator) ?? 0
                try pool.release(running.remove(at: index))
            }
        }
        #expect(counts == ["a": 100, "b": 100, "c": 100])
        #expect(pool.snapshots(at: .start).reduce(0) { $0 + $1.inFlight } == running.count)
    }

    @Test("a request that failed goes on to the keys that it has not tried")
    func excludesFailedKeys() throws {
        var pool = try KeyPool.make(["a", "b", "c"])
        var failed: [String] = []
        for _ in 0..<3 {
            let label = try pool.take(try KeyPoolFixture.demand(excluded: failed), at: .start)
            #expect(!failed.contains(label))
            failed.append(label)
        }
        let shortage = try pool.lack(try KeyPoolFixture.demand(excluded: failed), at: .start)
        #expect(shortage.keys.map(\.label.text) == ["a", "b", "c"])
        #expect(shortage.keys.allSatisfy { $0.state == .usable && $0.usableAt == nil })
        #expect(!shortage.isBusy)
    }

    @Test("lower priorities serve only while no higher one can")
    func prefersPriority() throws {
        var pool = KeyPool(
            keys: [
                try KeyPoolFixture.key("low"), try KeyPoolFixture.key("high1") { $0.priority = 5 },
                try KeyPoolFixture.key("high2") { $0.priority = 5 },
            ],
            policy: KeyPool.Policy())
        let demand = try KeyPoolFixture.demand()
        var order: [String?] = []
        for _ in 0..<4 { order.append(pool.chosen(demand, at: .start)) }
        #expect(order == ["high1", "high2", "high1", "high2"])
        try pool.fail(.providerRateLimited, on: "high1", hint: .seconds(10), at: .start)
        #expect(pool.chosen(demand, at: .start) == "high2")
        try pool.fail(.providerRateLimited, on: "high2", hint: .seconds(20), at: .start)
        #expect(pool.chosen(demand, at: .start) == "low")
        #expect(pool.chosen(demand, at: .second(10)) == "high1")
    }

    @Test("sticky moves only when its key cannot be used, and stays where it moved to")
    func sticky() throws {
        var pool = try KeyPool.make(["a", "b", "c"], KeyPool.Policy(mode: .sticky))
        let demand = try KeyPoolFixture.demand()
        for _ in 0..<5 { #expect(pool.chosen(demand, at: .start) == "a") }
        try pool.fail(.providerRateLimited, on: "a", hint: .seconds(10), at: .start)
        for _ in 0..<5 { #expect(pool.chosen(demand, at: .second(1)) == "b") }
        #expect(pool.chosen(demand, at: .second(11)) == "b")
    }

    @Test("weighted keys take turns smoothly, each by its weight")
    func weighted() throws {
        var pool = KeyPool(
            keys: [
                try KeyPoolFixture.key("a") { $0.weight = 5 }, try KeyPoolFixture.key("b"),
                try KeyPoolFixture.key("c") { $0.weight = 2 },
            ],
            policy: KeyPool.Policy(mode: .weighted))
        var order: [String] = []
        for _ in 0..<800 { order.append(try pool.take(try KeyPoolFixture.demand(), at: .start)) }
        #expect(order.count { $0 == "a" } == 500)
        #expect(order.count { $0 == "b" } == 100)
        #expect(order.count { $0 == "c" } == 200)
        // Smooth: the lightest key never waits for more than one round, and the heaviest never takes a whole one.
        for start in stride(from: 0, to: 800, by: 8) { #expect(order[start..<(start + 8)].contains("b")) }
        #expect(!zip(order, zip(order.dropFirst(), order.dropFirst(2))).contains { $0 == "c" && $1.0 == "c" })
    }

    @Test("least-in-flight takes the key with the fewest requests; equals take turns")
    func leastInFlight() throws {
        var pool = try KeyPool.make(["a", "b", "c"], KeyPool.Policy(mode: .leastInFlight))
        let demand = try KeyPoolFixture.demand()
        #expect(pool.chosen(demand, at: .start) == "a")
        #expect(pool.chosen(demand, at: .start) == "b")
        #expect(pool.chosen(demand, at: .start) == "c")
        try pool.release("b")
        #expect(pool.chosen(demand, at: .start) == "b")
        try pool.release("a")
        try pool.release("c")
        #expect(pool.chosen(demand, at: .start) == "c")
        #expect(pool.chosen(demand, at: .start) == "a")
    }

    @Test(
        "no key serves more requests at once than it may, and a full one leads to the next (K-026)",
        arguments: [1, 3, 7])
    func keepsInFlightLimits(limit: Int) throws {
        var pool = KeyPool(
            keys: [
                try KeyPoolFixture.key("a") { $0.inFlight = limit },
                try KeyPoolFixture.key("b") { $0.inFlight = 2 * limit },
            ],
            policy: KeyPool.Policy())
        let demand = try KeyPoolFixture.demand()
        var chosen: [String] = []
        var refused = 0
        for _ in 0..<200 {
            if let label = pool.chosen(demand, at: .start) { chosen.append(label) } else { refused += 1 }
            #expect(try #require(pool.inFlight("a")) <= limit)
            #expect(try #require(pool.inFlight("b")) <= 2 * limit)
        }
        #expect(chosen.count { $0 == "a" } == limit)
        #expect(chosen.count { $0 == "b" } == 2 * limit)
        #expect(refused == 200 - 3 * limit)
        #expect(!pool.canServe(demand, at: .start))
        let shortage = try pool.lack(demand, at: .start)
        #expect(shortage.isBusy)
        try pool.release("a")
        #expect(pool.canServe(demand, at: .start))
        #expect(pool.chosen(demand, at: .start) == "a")
    }

    @Test("a release too many is not a place more")
    func neverReleasesBelowZero() throws {
        var pool = KeyPool(keys: [try KeyPoolFixture.key("a") { $0.inFlight = 1 }], policy: KeyPool.Policy())
        try pool.release("a")
        try pool.release("gone")
        #expect(pool.inFlight("a") == 0)
        #expect(pool.chosen(try KeyPoolFixture.demand(), at: .start) == "a")
        #expect(pool.chosen(try KeyPoolFixture.demand(), at: .start) == nil)
    }

    @Test("a pinned key is taken or none is")
    func pinned() throws {
        var pool = try KeyPool.make(["a", "b"])
        let demand = try KeyPoolFixture.demand(pinned: "b")
        for _ in 0..<3 { #expect(pool.chosen(demand, at: .start) == "b") }
        try pool.fail(.providerRateLimited, on: "b", hint: .seconds(10), at: .start)
        let shortage = try pool.lack(demand, at: .start)
        #expect(shortage.keys.map(\.label.text) == ["b"])
    }

    @Test("a key with a model list serves its models only, and nothing whose model is unknown")
    func modelLists() throws {
        var pool = KeyPool(
            keys: [
                try KeyPoolFixture.key("a") { $0.models = [try KeyPoolFixture.model("m1")] },
                try KeyPoolFixture.key("b"),
            ],
            policy: KeyPool.Policy())
        for _ in 0..<4 { #expect(pool.chosen(try KeyPoolFixture.demand(model: "m2"), at: .start) == "b") }
        for _ in 0..<4 { #expect(pool.chosen(try KeyPoolFixture.demand(), at: .start) == "b") }
        var taken: Set<String?> = []
        for _ in 0..<4 { taken.insert(pool.chosen(try KeyPoolFixture.demand(model: "m1"), at: .start)) }
        #expect(taken == ["a", "b"])
    }

    @Test("keys of other providers are never taken")
    func keepsToProvider() throws {
        var pool = KeyPool(
            keys: [try KeyPoolFixture.key("a"), try KeyPoolFixture.key("b", provider: "openai")],
            policy: KeyPool.Policy())
        for _ in 0..<4 { #expect(pool.chosen(try KeyPoolFixture.demand("openai"), at: .start) == "b") }
        #expect(try pool.lack(try KeyPoolFixture.demand("gemini"), at: .start).keys.isEmpty)
    }

    @Test("the same key again counts once more, unless it was taken away")
    func chooseAgain() throws {
        var pool = try KeyPool.make(["a"])
        #expect(pool.chosen(try KeyPoolFixture.demand(), at: .start) == "a")
        let grant = try pool.present("a")
        #expect(pool.chooseAgain(grant) == grant)
        #expect(pool.inFlight("a") == 2)
        _ = pool.reconfigure(
            keys: [try KeyPoolFixture.key("a") { $0.enabled = false }], policy: KeyPool.Policy(), at: .start)
        #expect(pool.chooseAgain(grant) == nil)
        #expect(pool.chooseAgain(try pool.present("gone")) == nil)
    }
}
