import ProxyCore
import Testing

/// What a pool remembers across a restart (K-013).
struct KeyPoolMemoryTests {
    /// A time of day at the beginning, and at a later instant of a machine that has started anew.
    private static let wall = WallTime(microseconds: 1_700_000_000_000_000)
    private static let rebooted = Instant(nanoseconds: 5_000_000_007)

    private static func wall(plus seconds: Int64) -> WallTime {
        WallTime(microseconds: Self.wall.microseconds + seconds * 1_000_000)
    }

    private static func condition(
        _ label: String, provider: String = "kimi", model: String? = nil, state: KeyState = .cooling,
        until seconds: Int64, step: Int = 0
    ) throws -> KeyMemory.Condition {
        KeyMemory.Condition(
            label: try KeyPoolFixture.label(label), provider: try KeyPoolFixture.provider(provider),
            model: try model.map(KeyPoolFixture.model), state: state,
            reason: state == .cooling ? .providerRateLimited : .providerAuthFailed,
            until: Self.wall(plus: seconds), step: step)
    }

    @Test("rests go on where they were, on another clock, and end once (K-013)")
    func goesOn() throws {
        var pool = try KeyPool.make(["b", "a"])
        try pool.fail(.providerBilling, on: "a", at: .start)
        try pool.fail(.providerRateLimited, on: "b", model: "z", hint: .seconds(50), concerning: .model, at: .start)
        try pool.fail(.providerRateLimited, on: "b", model: "m", hint: .seconds(40), concerning: .model, at: .start)
        let memory = pool.memory(at: .second(10), wallTime: Self.wall)
        #expect(memory.conditions.map(\.label.text) == ["b", "b", "a"])
        #expect(memory.conditions.map(\.model?.text) == ["m", "z", nil])
        #expect(memory.conditions.map(\.until) == [30, 40, 3590].map(Self.wall(plus:)))
        // Twenty seconds go by while nothing runs.
        var next = try KeyPool.make(["b", "a"])
        next.restore(memory, at: Self.rebooted, wallTime: Self.wall(plus: 20))
        #expect(next.state(of: "a", at: Self.rebooted) == .billing)
        #expect(next.usableAt("a", at: Self.rebooted) == Self.rebooted + .seconds(3570))
        #expect(
            try next.snapshot("b", at: Self.rebooted).modelStates.map(\.usableAt)
                == [Self.rebooted + .seconds(10), Self.rebooted + .seconds(20)])
        #expect(next.expire(at: Self.rebooted + .seconds(10)).map(\.model?.text) == ["m"])
        #expect(next.expire(at: Self.rebooted + .seconds(4000)).map(\.key.text) == ["b", "a"])
    }

    @Test("a suspect key that is refused again after a restart climbs on (contract 7, K-013)", arguments: [10, 500])
    func keepsStep(seconds: Int64) throws {
        var pool = try KeyPool.make(["a"])
        try pool.fail(.providerAuthFailed, on: "a", at: .start)
        let memory = pool.memory(at: .start, wallTime: Self.wall)
        var next = try KeyPool.make(["a"])
        next.restore(memory, at: Self.rebooted, wallTime: Self.wall(plus: seconds))
        #expect(next.state(of: "a", at: Self.rebooted) == (seconds < 30 ? .suspect : .usable))
        // Of a rest that ended while nothing ran nobody is told; it is remembered further.
        let later = Self.rebooted + .seconds(60)
        #expect(next.expire(at: later).count == (seconds < 30 ? 1 : 0))
        #expect(next.memory(at: Self.rebooted, wallTime: Self.wall(plus: seconds)) == memory)
        try next.fail(.providerAuthFailed, on: "a", at: later)
        #expect(next.usableAt("a", at: later) == later + .seconds(120))
    }

    @Test("conditions of keys that are gone or moved, and words that are no rest, are dropped")
    func drops() throws {
        var pool = try KeyPool.make(["a", "b"])
        pool.restore(
            KeyMemory(
                conditions: [
                    try Self.condition("gone", until: 100), try Self.condition("a", provider: "openai", until: 100),
                    try Self.condition("b", state: .usable, until: 100),
                    try Self.condition("b", model: "m", state: .disabled, until: 100),
                ],
                turns: [
                    KeyMemory.Turn(
                        provider: try KeyPoolFixture.provider("openai"), last: try KeyPoolFixture.label("a"), next: nil),
                    KeyMemory.Turn(
                        provider: try KeyPoolFixture.provider("kimi"), last: try KeyPoolFixture.label("gone"),
                        next: try KeyPoolFixture.label("gone")),
                ]), at: .start, wallTime: Self.wall)
        #expect(pool.memory(at: .start, wallTime: Self.wall) == KeyMemory())
        #expect(try pool.nextKey() == "a")
    }

    @Test(
        "whatever the wall clock says, no rest is longer than a day",
        arguments: [(100_000, 86_400), (86_400, 86_400), (86_399, 86_399), (9_000_000_000, 86_400)] as [(Int64, Int64)])
    func clamps(until: Int64, rest: Int64) throws {
        var pool = try KeyPool.make(["a"])
        pool.restore(
            KeyMemory(conditions: [try Self.condition("a", until: until, step: 2)]), at: .start, wallTime: Self.wall)
        #expect(pool.usableAt("a", at: .start) == .second(Double(rest)))
    }

    @Test("a longer rest that the configuration asks for is kept whole")
    func keepsConfiguredRest() throws {
        var cooldown = Configuration.Cooldown()
        cooldown.billing = .seconds(200_000)
        var pool = try KeyPool.make(["a"], KeyPool.Policy(cooldown: cooldown))
        try pool.fail(.providerBilling, on: "a", at: .start)
        let memory = pool.memory(at: .start, wallTime: Self.wall)
        var next = try KeyPool.make(["a"], KeyPool.Policy(cooldown: cooldown))
        next.restore(memory, at: Self.rebooted, wallTime: Self.wall)
        #expect(next.usableAt("a", at: Self.rebooted) == Self.rebooted + .seconds(200_000))
    }

    @Test(
        "the ends of both clocks harm nothing", arguments: [Int64.min, .min + 1, -1, 0, 1, .max],
        [Int64.min, -1, 0, .max])
    func extremes(until: Int64, wall: Int64) throws {
        var pool = try KeyPool.make(["a"])
        var condition = try Self.condition("a", state: .invalid, until: 0, step: .max)
        condition.until = WallTime(microseconds: until)
        let wallTime = WallTime(microseconds: wall)
        pool.restore(KeyMemory(conditions: [condition]), at: Self.rebooted, wallTime: wallTime)
        #expect((pool.state(of: "a", at: Self.rebooted) == .usable) == (until <= wall))
        for instant in [Int64.min, 0, .max] {
            _ = pool.memory(at: Instant(nanoseconds: instant), wallTime: wallTime)
        }
        let later = Self.rebooted + .seconds(90_000)
        try pool.fail(.providerAuthFailed, on: "a", at: later)
        #expect(pool.usableAt("a", at: later) == later + .seconds(21_600))
    }

    @Test("of too many models of a key those that rest longest are kept (K-031)")
    func boundsModels() throws {
        var pool = try KeyPool.make(["a"])
        let conditions = try (0..<500).map { try Self.condition("a", model: "m\($0)", until: Int64($0)) }
        pool.restore(KeyMemory(conditions: conditions), at: .start, wallTime: Self.wall)
        #expect(try pool.snapshot("a", at: .start).modelStates.count == 64)
        #expect(!pool.canServe(try KeyPoolFixture.demand(model: "m436"), at: .start))
        #expect(pool.canServe(try KeyPoolFixture.demand(model: "m435"), at: .start))
        #expect(pool.expire(at: .second(1000)).count == 64)
    }

    // MARK: Turns

    @Test("whose turn it is survives a restart (K-013)", arguments: RotationMode.allCases)
    func keepsTurn(mode: RotationMode) throws {
        for used in 0..<4 {
            for wanted in [nil, "a", "b", "c"] {
                for isTaken in [false, true] {
                    var pool = KeyPool(keys: try Self.keys(), policy: KeyPool.Policy(mode: mode))
                    for _ in 0..<used { try pool.release(try pool.take(try KeyPoolFixture.demand(), at: .start)) }
                    if let wanted {
                        try pool.rotate(wanted)
                        if isTaken { try pool.release(try pool.take(try KeyPoolFixture.demand(), at: .start)) }
                    }
                    let memory = pool.memory(at: .start, wallTime: Self.wall)
                    var next = KeyPool(keys: try Self.keys(), policy: KeyPool.Policy(mode: mode))
                    next.restore(memory, at: Self.rebooted, wallTime: Self.wall)
                    #expect(next.memory(at: Self.rebooted, wallTime: Self.wall) == memory)
                    // The savings of the weighted mode begin anew; a person's word does not.
                    if mode == .weighted, wanted == nil || isTaken { continue }
                    #expect(try next.nextKey(at: Self.rebooted) == pool.nextKey())
                    let session = try KeyPoolFixture.demand(session: "s")
                    #expect(next.chosen(session, at: Self.rebooted) == pool.chosen(session, at: .start))
                }
            }
        }
    }

    private static func keys() throws -> [Configuration.Key] {
        try [("a", 0), ("b", 1), ("c", 1)].map { label, priority in
            try KeyPoolFixture.key(label) { $0.priority = priority }
        }
    }

    @Test("a word for the very key that was used last still moves a conversation after a restart (X-001)")
    func keepsWaitingWord() throws {
        var pool = try KeyPool.make(["a", "b"], KeyPool.Policy(mode: .sticky))
        #expect(pool.chosen(try KeyPoolFixture.demand(), at: .start) == "a")
        try pool.rotate("a")
        let memory = pool.memory(at: .start, wallTime: Self.wall)
        #expect(memory.turns.map(\.next?.text) == ["a"])
        var next = try KeyPool.make(["a", "b"], KeyPool.Policy(mode: .sticky))
        next.restore(memory, at: .start, wallTime: Self.wall)
        #expect(next.chosen(try KeyPoolFixture.demand(), at: .start) == "a")
        #expect(next.memory(at: .start, wallTime: Self.wall).turns.map(\.last?.text) == ["a"])
    }

    @Test("a new configuration forgets turns of providers and keys that are gone")
    func prunes() throws {
        var keys = try ["b", "a"].map { try KeyPoolFixture.key($0) }
        keys.append(try KeyPoolFixture.key("x", provider: "anthropic"))
        var pool = KeyPool(keys: keys, policy: KeyPool.Policy())
        for _ in 0..<2 { _ = pool.chosen(try KeyPoolFixture.demand(), at: .start) }
        _ = pool.chosen(try KeyPoolFixture.demand("anthropic"), at: .start)
        _ = pool.chosen(try KeyPoolFixture.demand("nobody"), at: .start)
        try pool.rotate("b")
        var turns = pool.memory(at: .start, wallTime: Self.wall).turns
        #expect(turns.map(\.provider.text) == ["anthropic", "kimi"])
        #expect(turns.map(\.last?.text) == ["x", "a"])
        #expect(turns.map(\.next?.text) == [nil, "b"])
        _ = pool.reconfigure(keys: [try KeyPoolFixture.key("a")], policy: KeyPool.Policy(), at: .start)
        turns = pool.memory(at: .start, wallTime: Self.wall).turns
        #expect(turns.map(\.provider.text) == ["kimi"])
        #expect(turns.map(\.last?.text) == ["a"])
        #expect(turns.map(\.next) == [nil])
    }
}
