import ProxyCore
import Testing

/// A person's word for another key: `kmictl rotate` (K-013, X-001).
struct KeyPoolWordTests {
    private static func pool(_ mode: RotationMode, affinity: Bool = true) throws -> KeyPool {
        try KeyPool.make(["a", "b", "c"], KeyPool.Policy(mode: mode, affinity: affinity))
    }

    @Test("the next request uses the key that is reported, in every mode (X-001)", arguments: RotationMode.allCases)
    func nextRequestUsesReported(mode: RotationMode) throws {
        for used in 0..<7 {
            for label in ["a", "b", "c", nil] {
                var pool = try Self.pool(mode)
                for _ in 0..<used { try pool.release(try pool.take(try KeyPoolFixture.demand(), at: .start)) }
                let former = try pool.nextKey()
                let rotation = try pool.rotate(label)
                #expect(rotation.reason == (label == nil ? .next : .requested))
                #expect(label == nil ? rotation.key.text != former : rotation.key.text == label)
                #expect(try pool.nextKey() == rotation.key.text)
                #expect(pool.chosen(try KeyPoolFixture.demand(), at: .start) == rotation.key.text)
            }
        }
    }

    @Test("rotation goes on from the key; sticky stays on it (X-001)")
    func continuesFromIt() throws {
        let expected: [(RotationMode, [String])] = [
            (.roundRobin, ["c", "a", "b", "c"]), (.mostRemaining, ["c", "a", "b", "c"]),
            (.leastInFlight, ["c", "a", "b", "c"]), (.weighted, ["c", "a", "b", "a"]),
            (.sticky, ["c", "c", "c", "c"]),
        ]
        for (mode, order) in expected {
            var pool = try Self.pool(mode)
            #expect(pool.chosen(try KeyPoolFixture.demand(), at: .start) == "a")
            try pool.release("a")
            try pool.rotate("c")
            for label in order {
                #expect(pool.chosen(try KeyPoolFixture.demand(), at: .start) == label)
                try pool.release(label)
            }
        }
    }

    @Test("without a label it is the one after the one whose turn it is, and each further call moves on by one")
    func movesOn() throws {
        var pool = try Self.pool(.roundRobin)
        #expect(try pool.nextKey() == "a")
        #expect(try pool.rotate() == KeyRotation(key: try KeyPoolFixture.label("b"), reason: .next))
        #expect(try pool.rotate().key.text == "c")
        #expect(try pool.rotate().key.text == "a")
        #expect(try pool.rotate("b").key.text == "b")
        #expect(try pool.rotate().key.text == "c")
        #expect(pool.chosen(try KeyPoolFixture.demand(), at: .start) == "c")
        var sticky = try Self.pool(.sticky)
        #expect(sticky.chosen(try KeyPoolFixture.demand(), at: .start) == "a")
        for label in ["b", "c", "a", "b"] {
            #expect(try sticky.rotate().key.text == label)
            #expect(sticky.chosen(try KeyPoolFixture.demand(), at: .start) == label)
            #expect(sticky.chosen(try KeyPoolFixture.demand(), at: .start) == label)
        }
    }

    @Test("however often a person asks for a key, weighted shares begin anew behind it")
    func weightedWithoutDebts() throws {
        var pool = KeyPool(
            keys: [try KeyPoolFixture.key("a") { $0.weight = 2 }, try KeyPoolFixture.key("b")],
            policy: KeyPool.Policy(mode: .weighted))
        for _ in 0..<50 {
            try pool.rotate("b")
            #expect(pool.chosen(try KeyPoolFixture.demand(), at: .start) == "b")
        }
        var order: [String] = []
        for _ in 0..<8 { order.append(try pool.take(try KeyPoolFixture.demand(), at: .start)) }
        // The round that the last of them began, and two whole ones.
        #expect(order == ["a", "a", "a", "b", "a", "a", "b", "a"])
    }

    // MARK: Priorities

    private static func layered(_ mode: RotationMode) throws -> KeyPool {
        KeyPool(
            keys: [
                try KeyPoolFixture.key("high1") { $0.priority = 5 }, try KeyPoolFixture.key("low"),
                try KeyPoolFixture.key("high2") { $0.priority = 5 },
            ], policy: KeyPool.Policy(mode: mode))
    }

    @Test("a person's word beats priority, once; sticky stays", arguments: RotationMode.allCases)
    func beatsPriority(mode: RotationMode) throws {
        var pool = try Self.layered(mode)
        try pool.rotate("low")
        #expect(try pool.nextKey() == "low")
        #expect(pool.chosen(try KeyPoolFixture.demand(), at: .start) == "low")
        let following = try pool.take(try KeyPoolFixture.demand(), at: .start)
        #expect((following == "low") == (mode == .sticky))
    }

    @Test("without a label lower priorities come after all higher ones")
    func ringByPriority() throws {
        var pool = try Self.layered(.sticky)
        #expect(pool.chosen(try KeyPoolFixture.demand(), at: .start) == "high1")
        for label in ["high2", "low", "high1", "high2"] { #expect(try pool.rotate().key.text == label) }
    }

    @Test("sticky stays on a lower key through a pass-over, until that key cannot be used or the mode changes")
    func holdsUntilUnusable() throws {
        var pool = try Self.layered(.sticky)
        try pool.rotate("low")
        let demand = try KeyPoolFixture.demand()
        #expect(pool.chosen(demand, at: .start) == "low")
        #expect(pool.chosen(try KeyPoolFixture.demand(excluded: ["low"]), at: .start) == "high2")
        #expect(pool.chosen(demand, at: .start) == "low")
        var other = pool
        try pool.fail(.providerRateLimited, on: "low", hint: .seconds(5), at: .start)
        #expect(pool.chosen(demand, at: .second(1)) == "high2")
        #expect(pool.chosen(demand, at: .second(6)) == "high2")
        let keys = [
            try KeyPoolFixture.key("high1") { $0.priority = 5 }, try KeyPoolFixture.key("low"),
        ]
        _ = other.reconfigure(keys: keys, policy: KeyPool.Policy(mode: .roundRobin), at: .start)
        #expect(other.chosen(demand, at: .start) == "high1")
        _ = other.reconfigure(keys: keys, policy: KeyPool.Policy(mode: .sticky), at: .start)
        #expect(other.chosen(demand, at: .start) == "high1")
    }

    // MARK: Conversations, pins, models

    @Test("a person's word empties the table: every conversation takes its turn anew and stays there (X-001)")
    func movesConversations() throws {
        for mode in RotationMode.allCases {
            var pool = try Self.pool(mode)
            let mine = try KeyPoolFixture.demand(session: "mine")
            let yours = try KeyPoolFixture.demand(session: "yours")
            let first = try pool.take(mine, at: .start)
            let second = try pool.take(yours, at: .start)
            #expect(pool.chosen(yours, at: .start) == second)
            let wanted = try #require(["a", "b", "c"].first { $0 != first && $0 != second })
            try pool.rotate(wanted)
            #expect(pool.chosen(mine, at: .start) == wanted)
            let other = try pool.take(yours, at: .start)
            if mode == .sticky { #expect(other == wanted) }
            #expect(pool.chosen(yours, at: .start) == other)
            #expect(pool.chosen(mine, at: .start) == wanted)
        }
    }

    @Test("a pinned request leaves the word to the next one without a pin")
    func pinsPass() throws {
        var pool = try Self.pool(.roundRobin)
        try pool.rotate("c")
        #expect(pool.chosen(try KeyPoolFixture.demand(pinned: "b"), at: .start) == "b")
        #expect(pool.chosen(try KeyPoolFixture.demand(pinned: "c"), at: .start) == "c")
        #expect(try pool.nextKey() == "c")
        #expect(pool.chosen(try KeyPoolFixture.demand(), at: .start) == "c")
        #expect(pool.chosen(try KeyPoolFixture.demand(), at: .start) == "a")
    }

    @Test("a request that does not fit the key leaves the word to one that does")
    func waitsForFittingRequest() throws {
        let keys = [
            try KeyPoolFixture.key("a"), try KeyPoolFixture.key("b"),
            try KeyPoolFixture.key("listed") {
                $0.models = [try KeyPoolFixture.model("m1")]
                $0.inFlight = 1
            },
        ]
        var pool = KeyPool(keys: keys, policy: KeyPool.Policy(affinity: false))
        let fitting = try KeyPoolFixture.demand(model: "m1")
        try pool.rotate("listed")
        #expect(pool.chosen(try KeyPoolFixture.demand(), at: .start) == "a")
        #expect(pool.chosen(try KeyPoolFixture.demand(model: "m2"), at: .start) == "b")
        #expect(pool.chosen(try KeyPoolFixture.demand(model: "m1", excluded: ["listed"]), at: .start) == "a")
        #expect(pool.chosen(fitting, at: .start) == "listed")
        // It is full now, which is no reason to forget the word either.
        try pool.rotate("listed")
        #expect(pool.chosen(fitting, at: .start) == "a")
        try pool.release("listed")
        #expect(pool.chosen(fitting, at: .start) == "listed")
        try pool.release("listed")
        // Nor is that the one model rests.
        try pool.rotate("listed")
        try pool.fail(.providerRateLimited, on: "listed", model: "m1", concerning: .model, at: .start)
        #expect(pool.chosen(fitting, at: .second(1)) != "listed")
        #expect(pool.chosen(fitting, at: .second(2)) == "listed")
    }

    @Test("a key that cannot be used when a request comes is passed over for good")
    func dropsUnusable() throws {
        var pool = try Self.pool(.roundRobin)
        try pool.rotate("c")
        try pool.fail(.providerRateLimited, on: "c", hint: .seconds(5), at: .start)
        #expect(try pool.nextKey() == "a")
        #expect(try pool.nextKey(at: .second(6)) == "c")
        #expect(pool.chosen(try KeyPoolFixture.demand(), at: .second(1)) == "a")
        #expect(try pool.nextKey(at: .second(6)) == "b")
    }

    // MARK: Refusals

    @Test("a key that rests, is disabled or belongs elsewhere is refused, and nothing changes")
    func refuses() throws {
        var pool = KeyPool(
            keys: [
                try KeyPoolFixture.key("a"), try KeyPoolFixture.key("tired"),
                try KeyPoolFixture.key("off") { $0.enabled = false }, try KeyPoolFixture.key("x", provider: "openai"),
            ], policy: KeyPool.Policy())
        try pool.fail(.providerBilling, on: "tired", at: .start)
        let revision = pool.memoryRevision
        for label in ["tired", "off"] {
            #expect(throws: KeyRotationRefusal.keyNotUsable(try pool.snapshot(label, at: .start))) {
                try pool.rotate(label)
            }
        }
        #expect(throws: KeyRotationRefusal.wrongProvider) { try pool.rotate("x") }
        #expect(throws: KeyRotationRefusal.wrongProvider) { try pool.rotate("unknown") }
        #expect(throws: KeyRotationRefusal.noKeys) { try pool.rotate("a", of: "gemini") }
        #expect(throws: KeyRotationRefusal.noKeys) { try pool.rotate(of: "gemini") }
        #expect(pool.memoryRevision == revision)
        #expect(try pool.nextKey() == "a")
        // There is one key left to go to, itself.
        #expect(try pool.rotate() == KeyRotation(key: try KeyPoolFixture.label("a"), reason: .only))
        try pool.fail(.providerRateLimited, on: "a", hint: .seconds(9), at: .start)
        let shortage = pool.shortage(for: try KeyPoolFixture.demand(), at: .start)
        #expect(throws: KeyRotationRefusal.noUsableKey(shortage)) { try pool.rotate() }
        #expect(shortage.soonest == .second(9))
    }

    @Test("a full key is passed by where another one has room")
    func prefersRoom() throws {
        var pool = KeyPool(
            keys: [
                try KeyPoolFixture.key("a"), try KeyPoolFixture.key("b") { $0.inFlight = 1 },
                try KeyPoolFixture.key("c"),
            ], policy: KeyPool.Policy(mode: .sticky))
        #expect(pool.chosen(try KeyPoolFixture.demand(), at: .start) == "a")
        #expect(pool.chosen(try KeyPoolFixture.demand(pinned: "b"), at: .start) == "b")
        #expect(try pool.rotate().key.text == "c")
    }

    @Test("keys with model lists only are rotated too")
    func rotatesListedKeys() throws {
        let keys = try ["a", "b"].map { label in
            try KeyPoolFixture.key(label) { $0.models = [try KeyPoolFixture.model("m")] }
        }
        var pool = KeyPool(keys: keys, policy: KeyPool.Policy())
        let demand = try KeyPoolFixture.demand(model: "m")
        #expect(pool.chosen(demand, at: .start) == "a")
        #expect(try pool.nextKey() == nil)
        #expect(try pool.rotate().key.text == "a")
        #expect(pool.chosen(demand, at: .start) == "a")
    }

    @Test("without a label a key that the next ordinary request cannot use is not reported (X-001)")
    func passesListedKeys() throws {
        let keys = [
            try KeyPoolFixture.key("a"),
            try KeyPoolFixture.key("b") { $0.models = [try KeyPoolFixture.model("m")] },
            try KeyPoolFixture.key("c"),
        ]
        var pool = KeyPool(keys: keys, policy: KeyPool.Policy())
        #expect(try pool.rotate().key.text == "c")
        #expect(try pool.nextKey() == "c")
        #expect(try pool.take(try KeyPoolFixture.demand(), at: .start) == "c")
        // By its name it is had all the same, and left behind from there.
        #expect(try pool.rotate("b").key.text == "b")
        #expect(try pool.rotate().key.text == "c")
        var two = KeyPool(keys: Array(keys.prefix(2)), policy: KeyPool.Policy())
        #expect(try two.rotate() == KeyRotation(key: try KeyPoolFixture.label("a"), reason: .only))
        #expect(try two.nextKey() == "a")
    }
}
