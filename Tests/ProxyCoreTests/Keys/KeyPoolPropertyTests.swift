import ProxyCore
import Testing

/// What holds whatever happens, in random order.
struct KeyPoolPropertyTests {
    private struct Running {
        let grant: KeyGrant
        let begun: Instant
        let model: ModelName?
    }

    @Test(
        "no unusable key is chosen, no limit is passed and no count is wrong (K-026)", arguments: 1...20,
        RotationMode.allCases)
    func invariants(seed: UInt64, mode: RotationMode) throws {
        var generator = SeededGenerator(seed: seed)
        let policy = KeyPool.Policy(mode: mode)
        let keys = try (0..<5).map { index in
            try KeyPoolFixture.key("k\(index)") { key in
                key.priority = index % 2
                key.weight = index + 1
                key.inFlight = index == 4 ? nil : 2 + index
            }
        }
        var pool = KeyPool(keys: keys, policy: policy)
        let limits = Dictionary(uniqueKeysWithValues: keys.map { ($0.label, $0.inFlight ?? .max) })
        let models = [nil, try KeyPoolFixture.model("m1"), try KeyPoolFixture.model("m2")]
        let reasons = ErrorClass.allCases
        var now = Instant.start
        var running: [Running] = []
        var deadlines: [KeyLabel: Instant] = [:]

        for _ in 0..<1500 {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<5:
                let demand = KeyDemand(
                    provider: try KeyPoolFixture.provider("kimi"),
                    model: models.randomElement(using: &generator) ?? nil,
                    conversation: Bool.random(using: &generator)
                        ? Conversation(id: "s\(Int.random(in: 0..<4, using: &generator))") : nil,
                    excluded: Bool.random(using: &generator) ? [keys[0].label] : [])
                let could = pool.canServe(demand, at: now)
                let present = pool.shortage(for: demand, at: now).keys
                switch pool.choose(demand, at: now) {
                case .chosen(let grant, _):
                    #expect(could)
                    #expect(present.first { $0.label == grant.label }?.state == .usable)
                    #expect(!demand.excluded.contains(grant.label))
                    running.append(Running(grant: grant, begun: now, model: demand.model))
                case .none(let shortage):
                    #expect(!could)
                    let free = shortage.keys.filter { $0.state == .usable && !demand.excluded.contains($0.label) }
                    #expect(free.allSatisfy { $0.inFlight >= limits[$0.label] ?? .max })
                    #expect(shortage.isBusy == !free.isEmpty)
                }
            case 5..<9:
                guard let index = running.indices.randomElement(using: &generator) else { continue }
                let attempt = running.remove(at: index)
                let outcome: KeyOutcome =
                    switch Int.random(in: 0..<4, using: &generator) {
                    case 0: .succeeded
                    case 1: .neutral
                    default:
                        .failed(
                            KeyFailure(
                                reasons.randomElement(using: &generator) ?? .daemonInternal,
                                scope: Bool.random(using: &generator) ? .model : .wholeKey,
                                recovery: Bool.random(using: &generator)
                                    ? .after(.seconds(Int.random(in: 0..<60, using: &generator))) : .unknown))
                    }
                _ = pool.record(
                    outcome, on: attempt.grant, request: 0, model: attempt.model, begun: attempt.begun, at: .at(now))
                // The provider's own word may be earlier than our guess.
                if case .failed(let failure) = outcome, failure.recovery != .unknown {
                    deadlines[attempt.grant.label] = nil
                }
                if pool.isLimitedAsAWhole(try KeyPoolFixture.provider("kimi"), at: now) { deadlines = [:] }
                pool.release(attempt.grant)
            default:
                now = now + .milliseconds(Int.random(in: 0..<20_000, using: &generator))
            }
            for snapshot in pool.snapshots(at: now) {
                #expect(snapshot.inFlight == running.count { $0.grant.label == snapshot.label })
                #expect(snapshot.inFlight <= limits[snapshot.label] ?? .max)
                #expect((snapshot.state == .usable) == (snapshot.usableAt == nil))
                if let usableAt = snapshot.usableAt { #expect(usableAt > now) }
                // While a rest lasts its end only moves away, but by the provider's word.
                if let former = deadlines[snapshot.label], former > now {
                    #expect(try #require(snapshot.usableAt) >= former)
                }
                deadlines[snapshot.label] = snapshot.usableAt
            }
        }
    }

    @Test("keys that are always usable get the same share, whatever happens to the others", arguments: 1...20)
    func fairness(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var pool = try KeyPool.make(["good1", "bad1", "good2", "bad2", "good3"])
        let demand = try KeyPoolFixture.demand()
        var counts = ["good1": 0, "good2": 0, "good3": 0]
        var now = Instant.start
        for _ in 0..<2000 {
            let label = try pool.take(demand, at: now)
            if counts[label] != nil {
                counts[label, default: 0] += 1
            } else if Bool.random(using: &generator) {
                try pool.fail(.providerRateLimited, on: label, at: now)
            }
            try pool.release(label)
            now = now + .milliseconds(Int.random(in: 0..<2000, using: &generator))
            let shares = counts.values
            #expect((shares.max() ?? 0) - (shares.min() ?? 0) <= 1)
        }
        #expect(counts.values.allSatisfy { $0 > 300 })
    }
}
