import ProxyCore
import Testing

/// Random lives of a pool: what it remembers, and what it tells.
struct KeyPoolMemoryPropertyTests {
    /// A pool that lives at random.
    private struct Life {
        var generator: SeededGenerator
        var pool: KeyPool
        var now = Instant.start
        var running: [(grant: KeyGrant, begun: Instant, model: ModelName?)] = []
        /// What a listener believes of each key and model, from transitions alone.
        var believed: [String: KeyState] = [:]
        /// Rests that began and ended by what was told.
        var begun = 0
        var ended = 0
        let policy: KeyPool.Policy
        let labels: [KeyLabel]

        init(seed: UInt64, mode: RotationMode) throws {
            self.generator = SeededGenerator(seed: seed)
            self.policy = KeyPool.Policy(mode: mode)
            self.labels = try (0..<5).map { try KeyPoolFixture.label("k\($0)") }
            self.pool = KeyPool(keys: try Self.keys(Array(0..<5)), policy: self.policy)
        }

        static func keys(_ indices: [Int], disabled: Int? = nil) throws -> [Configuration.Key] {
            try indices.map { index in
                try KeyPoolFixture.key("k\(index)") { key in
                    key.priority = index % 2
                    key.inFlight = index == 4 ? nil : 3
                    key.enabled = index != disabled
                    if index == 3 { key.models = [try KeyPoolFixture.model("m1")] }
                }
            }
        }

        mutating func listen(_ transitions: [KeyTransition]) {
            for transition in transitions {
                let name = "\(transition.key) \(transition.model?.text ?? "")"
                #expect(self.believed[name, default: .usable] == transition.old)
                self.believed[name] = transition.new
                if transition.old == .usable, transition.new != .disabled { self.begun += 1 }
                if transition.new == .usable, transition.old != .disabled { self.ended += 1 }
            }
        }

        mutating func step() throws {
            let models = [nil, try KeyPoolFixture.model("m1"), try KeyPoolFixture.model("m2")]
            switch Int.random(in: 0..<24, using: &self.generator) {
            case 0..<9:
                let demand = KeyDemand(
                    provider: try KeyPoolFixture.provider("kimi"),
                    model: models.randomElement(using: &self.generator) ?? nil,
                    conversation: Int.random(in: 0..<4, using: &self.generator) == 0 ? Conversation(id: "s") : nil)
                if case .chosen(let grant, _) = self.pool.choose(demand, at: self.now) {
                    self.running.append((grant, self.now, demand.model))
                }
            case 9..<17:
                guard let index = self.running.indices.randomElement(using: &self.generator) else { return }
                let attempt = self.running.remove(at: index)
                self.listen(self.pool.expire(at: self.now))
                self.listen(
                    self.pool.record(
                        self.outcome(), on: attempt.grant, request: UInt64.random(in: 0..<3, using: &self.generator),
                        model: attempt.model, begun: attempt.begun, at: .at(self.now)))
                self.pool.release(attempt.grant)
            case 17..<21:
                self.now = self.now + .nanoseconds(Int.random(in: 0..<30_000_000_000, using: &self.generator))
                if Bool.random(using: &self.generator) { self.listen(self.pool.expire(at: self.now)) }
            case 21:
                let label = self.labels.randomElement(using: &self.generator)
                do throws(KeyRotationRefusal) {
                    let rotation = try self.pool.rotate(
                        to: Bool.random(using: &self.generator) ? label : nil, of: self.provider(), at: self.now)
                    #expect(label == nil || self.labels.contains(rotation.key))
                } catch {
                    #expect(error != .wrongProvider || label.map(self.pool.contains) == false)
                }
            case 22:
                if let label = self.labels.randomElement(using: &self.generator), Bool.random(using: &self.generator) {
                    self.listen(self.pool.reset(label, at: self.now))
                }
            default:
                try self.reconfigure()
            }
        }

        private func provider() -> ProviderName {
            self.pool.snapshots(at: self.now)[0].provider
        }

        private mutating func outcome() -> KeyOutcome {
            guard Int.random(in: 0..<3, using: &self.generator) > 0 else { return .succeeded }
            let reasons: [ErrorClass] = [
                .providerRateLimited, .providerAuthFailed, .providerForbidden, .providerBilling,
                .providerQuotaExhausted,
                .providerServerError,
            ]
            return .failed(
                KeyFailure(
                    reasons.randomElement(using: &self.generator) ?? .daemonInternal,
                    scope: Bool.random(using: &self.generator) ? .model : .wholeKey,
                    recovery: Bool.random(using: &self.generator)
                        ? .after(.nanoseconds(Int.random(in: 0..<60_000_000_000, using: &self.generator))) : .unknown))
        }

        private mutating func reconfigure() throws {
            let gone = Int.random(in: 1..<10, using: &self.generator)
            let disabled = Int.random(in: 0..<10, using: &self.generator)
            let renewed = Int.random(in: 0..<10, using: &self.generator)
            let keys = try Self.keys((0..<5).filter { $0 != gone }.shuffled(using: &self.generator), disabled: disabled)
            for name in self.believed.keys where name.hasPrefix("k\(gone) ") { self.believed[name] = nil }
            // A key that is added begins as its configuration says.
            for key in keys where !self.pool.contains(key.label) {
                self.believed["\(key.label) "] = key.enabled ? .usable : .disabled
            }
            self.listen(
                self.pool.reconfigure(
                    keys: keys, policy: self.policy, renewed: renewed < 5 ? [self.labels[renewed]] : [], at: self.now))
        }
    }

    private static let wall = WallTime(microseconds: 1_700_000_000_000_000)

    @Test(
        "a pool that is remembered and restored stands and goes on as before, on any clock (K-013, A-031)",
        arguments: 1...8, RotationMode.allCases)
    func roundTrips(seed: UInt64, mode: RotationMode) throws {
        var life = try Life(seed: seed, mode: mode)
        for step in 0..<400 {
            try life.step()
            guard step % 5 == 0 else { continue }
            let now = life.now
            let memory = life.pool.memory(at: now, wallTime: Self.wall)
            let other = Instant(nanoseconds: Int64.random(in: 0..<1_000_000_000_000, using: &life.generator))
            let keys = try life.pool.snapshots(at: now).map { snapshot in
                try KeyPoolFixture.key(snapshot.label.text) { key in
                    key.priority = snapshot.priority
                    key.inFlight = snapshot.label.text == "k4" ? nil : 3
                    key.enabled = snapshot.isEnabled
                    if snapshot.label.text == "k3" { key.models = [try KeyPoolFixture.model("m1")] }
                }
            }
            var next = KeyPool(keys: keys, policy: life.policy)
            next.restore(memory, at: other, wallTime: Self.wall)
            #expect(next.memory(at: other, wallTime: Self.wall) == memory)
            for (before, after) in zip(life.pool.snapshots(at: now), next.snapshots(at: other)) {
                #expect(before.label == after.label)
                #expect(before.state == after.state)
                #expect(before.reason == after.reason)
                #expect(before.modelStates.map(\.model) == after.modelStates.map(\.model))
                #expect(before.modelStates.map(\.state) == after.modelStates.map(\.state))
                if let left = before.usableAt, let right = after.usableAt {
                    // A rest does not get shorter, and longer by less than the wall clock's grain.
                    #expect((.zero..<Duration.microseconds(1)).contains((right - other) - (left - now)))
                }
            }
            // Requests in flight and weighted savings are not remembered; without them the turn is the same.
            if mode != .weighted {
                var idle = life.pool
                for attempt in life.running { idle.release(attempt.grant) }
                let provider = try KeyPoolFixture.provider("kimi")
                #expect(idle.nextKey(of: provider, at: now) == next.nextKey(of: provider, at: other))
            }
        }
    }

    @Test(
        "transitions tell the whole story: what a listener believes is so, and each rest ends once", arguments: 1...20)
    func tellsEverything(seed: UInt64) throws {
        var life = try Life(seed: seed, mode: .roundRobin)
        for _ in 0..<1500 {
            try life.step()
            // Whoever sleeps until the next deadline never has to look earlier.
            if let next = life.pool.nextDeadline, next > life.now {
                var early = life.pool
                #expect(early.expire(at: Instant(nanoseconds: next.nanoseconds - 1)).isEmpty)
                #expect(!early.expire(at: next).isEmpty)
            }
            var told = life
            told.listen(told.pool.expire(at: told.now))
            for snapshot in told.pool.snapshots(at: told.now) {
                #expect(told.believed["\(snapshot.label) ", default: .usable] == snapshot.state)
                for model in ["m1", "m2"] {
                    let state = snapshot.modelStates.first { $0.model.text == model }?.state
                    #expect(told.believed["\(snapshot.label) \(model)", default: .usable] == state ?? .usable)
                }
            }
            #expect(told.pool.expire(at: told.now).isEmpty)
        }
        #expect(life.begun > 20)
        #expect(life.ended <= life.begun + life.labels.count)
    }

    @Test("the revision changes whenever the memory does (K-013)", arguments: 1...10, RotationMode.allCases)
    func revision(seed: UInt64, mode: RotationMode) throws {
        var life = try Life(seed: seed, mode: mode)
        for _ in 0..<500 {
            let former = life.pool
            try life.step()
            if former.memory(at: .start, wallTime: Self.wall) != life.pool.memory(at: .start, wallTime: Self.wall) {
                #expect(former.memoryRevision != life.pool.memoryRevision)
            }
        }
        let idle = life.pool.memoryRevision
        let provider = try KeyPoolFixture.provider("kimi")
        _ = life.pool.nextKey(of: provider, at: life.now)
        _ = life.pool.expire(at: life.now + .seconds(100_000))
        _ = life.pool.choose(KeyDemand(provider: provider, pinned: life.labels[0]), at: life.now)
        #expect(life.pool.memoryRevision == idle)
    }
}
