import ProxyCore

/// Two hundred callers, a daemon and three providers in virtual time: everything that a ``Dispatcher`` decides is looked at
/// by a ``FleetJudge`` that counts for itself.
///
/// Nothing in it reads a clock, and all chance comes from one seed.
final class Fleet {
    /// What is made wrong on purpose, to see that the judge sees it.
    enum Sabotage: String, CaseIterable {
        case refusesAtRandom, promisesLate, triesTooOften, repeatsTooOften, hidesRefusals, checksNothing, forgets
        case exceedsLimits
    }

    let seed: UInt64
    let sabotage: Sabotage?
    let length: Int64
    /// The present, in microseconds since the fleet began.
    var now: Int64 = 0
    var random: SeededGenerator
    var world: FleetWorld
    var queue = FleetQueue()
    var callers: [FleetCaller]
    var dispatcher: Dispatcher
    let policy: Dispatcher.Policy
    var judge: FleetJudge
    var daemon: FleetDaemon
    /// What the machine's clock shows is so much later than this.
    private var bootedAt: Int64 = -1000 * FleetTime.second
    /// By how much the time of day is wrong.
    private(set) var skew: Int64 = 0
    private(set) var restarts: UInt64 = 0

    static let maxAttempts = 4

    init(
        seed: UInt64, length: Int64 = 14 * FleetTime.day, callers: Int = 200, mode: RotationMode = .roundRobin,
        sabotage: Sabotage? = nil
    ) throws {
        (self.seed, self.length, self.sabotage) = (seed, length, sabotage)
        self.random = SeededGenerator(seed: seed)
        self.world = try FleetWorld(random: &self.random, length: length)
        self.callers = FleetCaller.all(callers, in: self.world)
        var policy = Dispatcher.Policy(pool: KeyPool.Policy(mode: mode))
        policy.pool.probes = Dictionary(
            uniqueKeysWithValues: self.world.providers.map { ($0.name, $0.checkedStates) })
        if sabotage == .repeatsTooOften { policy.retry.budget = 1 }
        self.policy = policy
        self.dispatcher = Dispatcher(keys: Self.keys(of: self.world, sabotage), policy: policy, seed: seed)
        self.judge = FleetJudge(seed: seed, world: self.world, budget: Configuration.Retry().budget)
        self.daemon = FleetDaemon(world: self.world, seed: seed)
        self.planWhatHappens()
    }

    private static func keys(of world: FleetWorld, _ sabotage: Sabotage?) -> [Configuration.Key] {
        world.keys.map { key in
            var configuration = key.configuration
            if sabotage == .exceedsLimits { (configuration.inFlight, configuration.rpm) = (nil, nil) }
            return configuration
        }
    }

    private func planWhatHappens() {
        for caller in self.callers.indices {
            self.queue.plan(.send(caller: caller), at: Int64.random(in: 0..<2 * FleetTime.hour, using: &self.random))
        }
        self.queue.plan(.daemon, at: 0)
        let days = max(1, Int(self.length / FleetTime.day))
        for day in 0..<days {
            let begin = Int64(day) * FleetTime.day
            func time() -> Int64 { begin + Int64.random(in: 0..<FleetTime.day, using: &self.random) }
            self.queue.plan(.restart(isReboot: self.random.happens(0.25)), at: time())
            self.queue.plan(.herd(callers: Int.random(in: 20...120, using: &self.random)), at: time())
            let wrong = time()
            let skew = Int64.random(in: -2 * FleetTime.hour...2 * FleetTime.hour, using: &self.random)
            let right = wrong + Int64.random(in: FleetTime.minute..<90 * FleetTime.minute, using: &self.random)
            self.queue.plan(.clock(skew: skew), at: wrong)
            self.queue.plan(.clock(skew: 0), at: right)
        }
    }

    // MARK: Time

    /// The present on the machine's clocks.
    var moment: Moment {
        Moment(
            instant: Instant(nanoseconds: (self.now - self.bootedAt) * 1000),
            wallTime: WallTime(microseconds: FleetTime.epoch + self.now + self.skew))
    }

    /// When the machine's clock shows this; never earlier.
    func time(of instant: Instant) -> Int64 {
        let (whole, rest) = instant.nanoseconds.quotientAndRemainder(dividingBy: 1000)
        return self.bootedAt + whole + (rest > 0 ? 1 : 0)
    }

    func instant(of time: Int64) -> Instant {
        Instant(nanoseconds: (time - self.bootedAt) * 1000)
    }

    // MARK: Running

    /// Lets the time pass.
    func run() {
        while let entry = self.queue.next(), entry.time < self.length, self.judge.faults.count < 20 {
            self.now = max(self.now, entry.time)
            self.judge.now = self.now
            self.happen(entry.event, serial: entry.serial)
        }
        self.judge.digest.note(0xE0D, self.now)
    }

    private func happen(_ event: FleetQueue.Event, serial: UInt64) {
        switch event {
        case .send(let caller):
            if self.callers[caller].serial == serial { self.send(caller) }
        case .resume(let caller):
            if self.callers[caller].serial == serial { self.resume(caller) }
        case .answered(let caller):
            if self.callers[caller].serial == serial { self.answered(caller) }
        case .ended(let caller):
            if self.callers[caller].serial == serial { self.ended(caller) }
        case .left(let caller):
            if self.callers[caller].serial == serial { self.leave(caller) }
        case .daemon:
            if self.daemon.serial == serial { self.lookWhatIsDue() }
        case .checked(let key, let begun):
            if self.daemon.epoch == serial { self.checked(key, begun: begun) }
        case .clock(let skew):
            self.skew = skew
            self.judge.clockStepped()
            self.lookWhatIsDue()
        case .restart(let isReboot):
            self.restart(isReboot: isReboot)
        case .herd(let count):
            for caller in self.callers.indices.shuffled(using: &self.random).prefix(count)
            where self.callers[caller].plan == nil {
                // Earlier than they were told, those who were told to wait.
                self.callers[caller].promise = nil
                self.callers[caller].serial += 1
                self.plan(
                    .send(caller: caller), of: caller, after: Int64.random(in: 0..<2_000_000, using: &self.random))
            }
        case .recovered(let key, let model):
            self.judgeRecovery(key, model: model, serial: serial)
        case .windowBegun(let key, let reset):
            self.judgeWindow(key, reset: reset)
        }
        if !self.dispatcher.news.isEmpty { self.takeNews() }
    }

    func plan(_ event: FleetQueue.Event, of caller: Int, after wait: Int64) {
        self.queue.plan(event, at: self.now + max(0, wait), serial: self.callers[caller].serial)
    }

    private func takeNews() {
        let news = self.dispatcher.news
        self.dispatcher.news.removeAll(keepingCapacity: true)
        for one in news {
            switch one {
            case .key(let transition): self.take(transition)
            case .breaker(let provider, let old, let new, _):
                self.judge.breakerChanged(self.world.place(of: provider), from: old, to: new)
            case .limitedAsAWhole: self.judge.wholeLimits += 1
            case .agentRefused, .conversationMoved, .ended, .overloaded, .refusedAlike: break
            }
        }
        self.wakeDaemon()
    }

    private func take(_ transition: KeyTransition) {
        let key = self.world.place(of: transition.key)
        let serial = self.judge.keyChanged(
            key, transition, model: transition.model.flatMap { self.world.modelNames.firstIndex(of: $0) },
            isClockRight: self.skew == 0)
        guard transition.new != .usable, let usableAt = transition.usableAt else { return }
        let model = transition.model.flatMap { self.world.modelNames.firstIndex(of: $0) }
        self.queue.plan(
            .recovered(key: key, model: model), at: self.time(of: usableAt) + FleetJudge.patience,
            serial: serial)
    }

    // MARK: Restarts

    /// The daemon ends, and another one goes on with what it wrote down.
    private func restart(isReboot: Bool) {
        self.dispatcher.expire(at: self.moment)
        if !self.dispatcher.news.isEmpty { self.takeNews() }
        let before = FleetPicture(of: self.dispatcher, in: self.world, at: self.moment.instant)
        let memory = self.sabotage == .forgets ? DispatchMemory() : self.dispatcher.memory(at: self.moment)
        if isReboot { self.bootedAt = self.now - Int64.random(in: 1...FleetTime.minute, using: &self.random) }
        self.restarts += 1
        self.dispatcher = Dispatcher(
            keys: Self.keys(of: self.world, self.sabotage), policy: self.policy, seed: self.seed &+ self.restarts)
        self.dispatcher.restore(memory, providers: Set(self.world.providers.map(\.name)), at: self.moment)
        let after = FleetPicture(of: self.dispatcher, in: self.world, at: self.moment.instant)
        self.judge.restarted(before, after)
        self.daemon.restart(world: self.world, seed: self.seed &+ self.restarts)
        self.wakeDaemon()
        // Those who were on their way see their connection end, and try again.
        for caller in self.callers.indices where self.callers[caller].plan != nil {
            self.callers[caller].serial += 1
            self.callers[caller].plan = nil
            self.plan(
                .send(caller: caller), of: caller,
                after: Int64.random(in: 2_000_000..<10_000_000, using: &self.random))
        }
    }
}
