import ProxyCore
import Testing

/// Failures that turn out to be nobody's fault, or everybody's.
struct KeyPoolEventTests {
    // MARK: Forgiven

    @Test("the same failure on a second key clears the first (provider facts, section 11.1)")
    func forgives() throws {
        var pool = try KeyPool.make(["a", "b"])
        try pool.fail(.providerAuthFailed, on: "a", request: 7, at: .start)
        let told = pool.forgive(7, on: try pool.present("a"), model: nil, at: .at(.second(1)))
        #expect(told.map(\.old) == [.suspect])
        #expect(told.map(\.new) == [.usable])
        #expect(pool.expire(at: .second(1000)).isEmpty)
        #expect(try !pool.snapshot("a", at: .second(1)).isOnTrial)
        #expect(pool.memory(at: .second(1), wallTime: .second(1)).conditions.isEmpty)
    }

    @Test("only what this request did is undone, and only if nothing bore it out")
    func forgivesOnlyItsOwn() throws {
        var pool = try KeyPool.make(["a"])
        try pool.fail(.providerAuthFailed, on: "a", request: 7, begun: .start, at: .start)
        #expect(pool.forgive(8, on: try pool.present("a"), model: nil, at: .at(.start)).isEmpty)
        try pool.fail(.providerAuthFailed, on: "a", request: 8, begun: .start, at: .second(1))
        for request in [7, 8] as [UInt64] {
            #expect(pool.forgive(request, on: try pool.present("a"), model: nil, at: .at(.second(1))).isEmpty)
        }
        #expect(pool.state(of: "a", at: .second(1)) == .suspect)
    }

    @Test("what held before comes back: the step of the ladder, and a rest of another kind")
    func restoresFormer() throws {
        var pool = try KeyPool.make(["a"])
        try pool.fail(.providerAuthFailed, on: "a", request: 1, at: .start)
        try pool.fail(.providerAuthFailed, on: "a", request: 2, at: .second(40))
        #expect(pool.usableAt("a", at: .second(40)) == .second(160))
        #expect(pool.forgive(2, on: try pool.present("a"), model: nil, at: .at(.second(41))).map(\.new) == [.usable])
        #expect(try pool.snapshot("a", at: .second(41)).isOnTrial)
        try pool.fail(.providerAuthFailed, on: "a", request: 3, at: .second(42))
        #expect(pool.usableAt("a", at: .second(42)) == .second(162))

        var other = try KeyPool.make(["a"])
        try other.fail(.providerRateLimited, on: "a", hint: .seconds(100), request: 1, begun: .start, at: .start)
        try other.fail(.providerBilling, on: "a", request: 2, begun: .start, at: .second(1))
        let told = other.forgive(2, on: try other.present("a"), model: nil, at: .at(.second(2)))
        #expect(told.map(\.old) == [.billing])
        #expect(told.map(\.new) == [.cooling])
        #expect(told.map(\.usableAt) == [.second(100)])
        #expect(other.expire(at: .second(100)).map(\.old) == [.cooling])
    }

    @Test("the failure of one model is undone alone")
    func forgivesModel() throws {
        var pool = try KeyPool.make(["a"])
        try pool.fail(.providerForbidden, on: "a", model: "m", concerning: .model, request: 5, at: .start)
        let told = pool.forgive(5, on: try pool.present("a"), model: try KeyPoolFixture.model("m"), at: .at(.second(1)))
        #expect(told.map(\.model?.text) == ["m"])
        #expect(pool.canServe(try KeyPoolFixture.demand(model: "m"), at: .second(1)))
    }

    // MARK: All limited together

    private static let labels = ["a", "b", "c"]

    @Test("all keys limited within a second are one event: one deadline, no step of theirs (X-068)")
    func together() throws {
        var pool = try KeyPool.make(Self.labels)
        let kimi = try KeyPoolFixture.provider("kimi")
        var now = Instant.start
        for rest in [2.0, 5, 15] {
            for (index, label) in Self.labels.enumerated() {
                let at = now + .milliseconds(300 * index)
                try pool.fail(.providerRateLimited, on: label, begun: at, at: at)
                #expect(pool.isLimitedAsAWhole(kimi, at: at) == (index == 2))
            }
            let end = now + .milliseconds(600) + .milliseconds(Int64(rest * 1000))
            for label in Self.labels {
                #expect(pool.state(of: label, at: now + .seconds(1)) == .cooling)
                #expect(pool.usableAt(label, at: now + .seconds(1)) == end)
            }
            now = end
            #expect(!pool.isLimitedAsAWhole(kimi, at: now))
        }
        // Their own ladders have not moved.
        var own = pool
        try own.fail(.providerRateLimited, on: "a", at: now)
        #expect(own.usableAt("a", at: now) == now + .seconds(2))
        // A success begins the provider's ladder anew.
        try pool.succeed(on: "b", at: now)
        for label in Self.labels { try pool.fail(.providerRateLimited, on: label, at: now) }
        #expect(pool.usableAt("c", at: now) == now + .seconds(2))
    }

    @Test("of several hints the longest holds for all; hints that differ show that each key has a limit of its own")
    func hints() throws {
        var pool = try KeyPool.make(Self.labels)
        for (label, hint) in zip(Self.labels, [29, 30, 28] as [Int64]) {
            try pool.fail(.providerRateLimited, on: label, hint: .seconds(hint), at: .start)
        }
        for label in Self.labels { #expect(pool.usableAt(label, at: .start) == .second(30)) }
        var apart = try KeyPool.make(Self.labels)
        for (label, hint) in zip(Self.labels, [5, 30, 10] as [Int64]) {
            try apart.fail(.providerRateLimited, on: label, hint: .seconds(hint), at: .start)
        }
        #expect(!apart.isLimitedAsAWhole(try KeyPoolFixture.provider("kimi"), at: .start))
        #expect(Self.labels.map { apart.usableAt($0, at: .start) } == [.second(5), .second(30), .second(10)])
    }

    @Test("it is none if a key can still serve, if it took longer than a second, or if there is one key only")
    func notTogether() throws {
        let kimi = try KeyPoolFixture.provider("kimi")
        var pool = try KeyPool.make(Self.labels)
        for label in ["a", "b"] { try pool.fail(.providerRateLimited, on: label, at: .start) }
        #expect(!pool.isLimitedAsAWhole(kimi, at: .start))
        try pool.fail(.providerRateLimited, on: "c", at: .second(1.5))
        #expect(!pool.isLimitedAsAWhole(kimi, at: .second(1.5)))
        #expect(pool.usableAt("c", at: .second(1.5)) == .second(3.5))
        var single = try KeyPool.make(["a"])
        try single.fail(.providerRateLimited, on: "a", at: .start)
        #expect(!single.isLimitedAsAWhole(kimi, at: .start))
    }

    @Test("keys that could not serve anyway do not count; a limit of one model is one of that model")
    func countsUsable() throws {
        let kimi = try KeyPoolFixture.provider("kimi")
        var pool = KeyPool(
            keys: try Self.labels.map { try KeyPoolFixture.key($0) } + [
                try KeyPoolFixture.key("off") { $0.enabled = false }
            ],
            policy: KeyPool.Policy())
        try pool.fail(.providerBilling, on: "c", at: .start)
        var models = pool
        for label in ["a", "b"] { try pool.fail(.providerRateLimited, on: label, at: .second(5)) }
        #expect(pool.isLimitedAsAWhole(kimi, at: .second(5)))
        #expect(pool.state(of: "c", at: .second(5)) == .billing)
        for label in ["a", "b"] {
            try models.fail(.providerRateLimited, on: label, model: "m", concerning: .model, at: .second(5))
        }
        #expect(models.isLimitedAsAWhole(kimi, at: .second(5)))
        #expect(models.canServe(try KeyPoolFixture.demand(model: "n"), at: .second(5)))
    }
}
