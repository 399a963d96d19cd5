import ProxyCore
import Testing

/// A pool to which everything happens at random, and a listener who believes what is told.
struct KeyPoolWalk {
    struct Running {
        let grant: KeyGrant
        let begun: Instant
        let model: ModelName?
        let request: UInt64
    }

    var generator: SeededGenerator
    var pool: KeyPool
    let keys: [Configuration.Key]
    let policy: KeyPool.Policy
    let kimi: ProviderName
    let models: [ModelName?]
    var now = Instant.start
    /// By how much the time of day is ahead.
    var ahead = Duration.zero
    var running: [Running] = []
    var checking: [KeyGrant] = []
    var believed: [String: KeyState] = [:]
    var deadlines: [KeyLabel: Instant] = [:]
    var lastRequest: UInt64 = 0
    /// How many transitions were told, trials begun and checks ended.
    var told = 0
    var trials = 0
    var checks = 0
    /// How many decisions were certain without a look at every key.
    var certain = 0

    init(seed: UInt64) throws {
        self.generator = SeededGenerator(seed: seed)
        self.kimi = try KeyPoolFixture.provider("kimi")
        self.models = [nil, try KeyPoolFixture.model("m1"), try KeyPoolFixture.model("m2")]
        let modes = RotationMode.allCases
        self.policy = KeyPool.Policy(
            mode: modes[Int(seed) % modes.count], includeWarn: seed.isMultiple(of: 2),
            probes: [self.kimi: seed.isMultiple(of: 2) ? [.billing, .suspect, .invalid] : [.suspect]], seed: seed)
        self.keys = try (0..<6).map { index in
            try KeyPoolFixture.key("k\(index)") { key in
                // Of some all are of the same rank.
                key.priority = seed > 4 ? 0 : index / 3
                key.weight = index + 1
                key.inFlight = index == 0 ? nil : index
                if index == 1 { key.rps = 2 }
                if index == 2 { key.rpm = 30 }
                if index == 5 { key.models = [try KeyPoolFixture.model("m1")] }
            }
        }
        self.pool = KeyPool(keys: self.keys, policy: self.policy)
    }

    var moment: Moment {
        Moment(instant: self.now, wallTime: Moment.at(self.now).wallTime + self.ahead)
    }

    mutating func listen(_ transitions: [KeyTransition]) {
        for transition in transitions {
            let name = "\(transition.key) \(transition.model?.text ?? "")"
            #expect(self.believed[name, default: .usable] == transition.old)
            #expect((transition.new == .usable) == (transition.usableAt == nil))
            self.believed[name] = transition.new
            self.told += 1
        }
    }

    private mutating func chance(_ of: Int) -> Bool { Int.random(in: 0..<of, using: &self.generator) == 0 }

    // MARK: What happens

    mutating func step() throws {
        switch Int.random(in: 0..<100, using: &self.generator) {
        case 0..<40: try self.choose()
        case 40..<72: self.end()
        case 72..<86:
            let longest: Int64 = self.chance(20) ? 9_000_000_000_000 : 4_000_000_000
            self.now = self.now + .nanoseconds(Int64.random(in: 0..<longest, using: &self.generator))
            if self.chance(2) { self.listen(self.pool.expire(at: self.now)) }
        case 86..<90: self.beginChecks()
        case 90..<94: self.endCheck()
        case 94..<96:
            guard let attempt = self.running.randomElement(using: &self.generator) else { return }
            let windows = self.windows(.headers)
            self.deadlines[attempt.grant.label] = nil
            self.listen(self.pool.note(windows, of: attempt.grant, begun: attempt.begun, at: self.moment))
        case 96:
            guard let attempt = self.running.randomElement(using: &self.generator) else { return }
            self.deadlines = [:]
            self.listen(
                self.pool.forgive(attempt.request, on: attempt.grant, model: attempt.model, at: self.moment))
        case 97:
            self.ahead = .milliseconds(Int64.random(in: -5_000_000...5_000_000, using: &self.generator))
            self.deadlines = [:]
            _ = self.pool.noteClock(at: self.moment)
        case 98:
            guard self.chance(20), let key = self.keys.randomElement(using: &self.generator) else { return }
            self.deadlines = [:]
            self.listen(self.pool.reset(key.label, at: self.now))
        default:
            self.listen(self.pool.reconfigure(keys: self.keys, policy: self.policy, at: self.now))
        }
    }

    private mutating func choose() throws {
        self.lastRequest += 1
        var demand = KeyDemand(
            provider: self.kimi, model: self.models.randomElement(using: &self.generator) ?? nil,
            request: self.lastRequest)
        if self.chance(8) { demand.pinned = self.keys.randomElement(using: &self.generator)?.label }
        if self.chance(3) { demand.excluded = [self.keys[Int.random(in: 0..<6, using: &self.generator)].label] }
        if self.chance(2) {
            demand.conversation = Conversation(
                id: "s\(Int.random(in: 0..<5, using: &self.generator))", isLookedUp: !self.chance(4),
                isBound: self.chance(3))
        }
        if self.chance(40) {
            do throws(KeyRotationRefusal) {
                let rotation = try self.pool.rotate(to: nil, of: self.kimi, at: self.now)
                let next = self.pool.explain(KeyDemand(provider: self.kimi), at: self.now)
                let verdict = next.verdicts.first { $0.label == rotation.key }
                let isBusy = [.inFlight, .rate, .trial, .model].contains(verdict?.obstacle)
                #expect(next.chosen == rotation.key || rotation.reason == .only || isBusy)
                #expect(self.pool.nextKey(of: self.kimi, at: self.now) == next.chosen)
            } catch {
                #expect(error != .wrongProvider)
            }
        }
        self.checkDecision(demand)
        // Explaining is choosing.
        let explanation = self.pool.explain(demand, at: self.now)
        let could = self.pool.canServe(demand, at: self.now)
        switch self.pool.choose(demand, at: self.now) {
        case .chosen(let grant, let reason):
            #expect(explanation.chosen == grant.label)
            #expect(explanation.selection == reason.selection)
            #expect(could)
            for verdict in explanation.verdicts { #expect((verdict.obstacle == nil) == (verdict.label == grant.label)) }
            #expect(reason.others == explanation.verdicts.filter { $0.label != grant.label })
            #expect(!demand.excluded.contains(grant.label))
            if reason.isTrial { self.trials += 1 }
            self.running.append(Running(grant: grant, begun: self.now, model: demand.model, request: self.lastRequest))
        case .none(let shortage):
            #expect(explanation.chosen == nil)
            #expect(!could)
            #expect(explanation.verdicts.allSatisfy { $0.obstacle != nil })
            if let room = shortage.limitedUntil { #expect(room > self.now) }
        }
    }

    private mutating func end() {
        guard let index = self.running.indices.randomElement(using: &self.generator) else { return }
        let attempt = self.running.remove(at: index)
        let outcome: KeyOutcome
        switch Int.random(in: 0..<10, using: &self.generator) {
        case 0..<5: outcome = .succeeded
        case 5: outcome = .neutral
        default: outcome = .failed(self.failure())
        }
        // The provider's own word may be earlier than our guess, and an answer to a real request ends what it disproves.
        if outcome != .neutral { self.deadlines[attempt.grant.label] = nil }
        self.listen(
            self.pool.record(
                outcome, on: attempt.grant, request: attempt.request, model: attempt.model, begun: attempt.begun,
                at: self.moment))
        if self.pool.isLimitedAsAWhole(self.kimi, at: self.now) { self.deadlines = [:] }
        self.pool.release(attempt.grant)
    }

    private mutating func failure() -> KeyFailure {
        let reasons: [ErrorClass] = [
            .providerRateLimited, .providerRateLimited, .providerAuthFailed, .providerForbidden, .providerBilling,
            .providerQuotaExhausted, .providerServerError,
        ]
        var failure = KeyFailure(
            reasons.randomElement(using: &self.generator) ?? .daemonInternal, scope: self.chance(2) ? .model : .wholeKey
        )
        switch Int.random(in: 0..<4, using: &self.generator) {
        case 0: failure.recovery = .after(.milliseconds(Int64.random(in: 0..<90_000, using: &self.generator)))
        case 1:
            failure.recovery = .at(
                self.moment.wallTime + .milliseconds(Int64.random(in: -9_000..<900_000, using: &self.generator)))
        default: break
        }
        if self.chance(2) { failure.window = ["5h", "7d"].randomElement(using: &self.generator) }
        if self.chance(4) {
            failure.daily = AnswerClassification.DailyQuota(id: "d", reset: self.moment.wallTime + .seconds(20_000))
        }
        return failure
    }

    private mutating func windows(_ source: UsageWindow.Source) -> [UsageWindow] {
        ["5h", "7d", UsageWindow.balanceName].filter { _ in self.chance(2) }.map { name in
            let reset = self.moment.wallTime + .seconds(Int64.random(in: -99..<9_999, using: &self.generator))
            return UsageWindow(
                name: name, used: Double(Int.random(in: 0...10, using: &self.generator)),
                limit: Double(Int.random(in: 0...10, using: &self.generator)),
                resetsAt: self.chance(3) ? nil : reset, source: source)
        }
    }

    private mutating func beginChecks() {
        var due = self.pool.checksDue(at: self.now, atMost: 2)
        if self.chance(3), let key = self.keys.randomElement(using: &self.generator) {
            due += [self.pool.grant(of: key.label)].compactMap(\.self)
        }
        for grant in due where self.pool.beginCheck(grant, at: self.now) {
            self.checking.removeAll { $0 == grant }
            self.checking.append(grant)
        }
    }

    private mutating func endCheck() {
        guard !self.checking.isEmpty else { return }
        let grant = self.checking.removeFirst()
        let result: KeyCheckResult
        switch Int.random(in: 0..<4, using: &self.generator) {
        case 0: result = .inconclusive
        case 1: result = .refused(self.failure())
        default: result = .accepted(windows: self.windows(.panel))
        }
        self.deadlines[grant.label] = nil
        self.checks += 1
        self.listen(self.pool.endCheck(grant, result, at: self.moment))
    }
}
