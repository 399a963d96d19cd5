import ProxyCore

/// What the daemon does by itself: it asks providers about keys, as they are used up, refused, or simply from time to time.
struct FleetDaemon {
    /// A question under way.
    struct Flight {
        let begun: Int64
        var isRefresh: Bool
        let isProbe: Bool
    }

    private(set) var schedule: CheckSchedule
    var flights: [Int: Flight] = [:]
    /// Tells the present waking from earlier ones.
    var serial: UInt64 = 0
    /// Tells the questions of this daemon from those of earlier ones.
    var epoch: UInt64 = 0
    var wakesAt = Int64.max

    init(world: FleetWorld, seed: UInt64) {
        self.schedule = CheckSchedule(seed: seed)
    }

    mutating func restart(world: FleetWorld, seed: UInt64) {
        let (epoch, serial) = (self.epoch + 1, self.serial + 1)
        self = FleetDaemon(world: world, seed: seed)
        (self.epoch, self.serial) = (epoch, serial)
    }

    mutating func change<Result>(_ body: (inout CheckSchedule) -> Result) -> Result {
        body(&self.schedule)
    }
}

extension Fleet {
    private static let usageRefresh = Duration.seconds(1800)

    /// Something has changed: the daemon is to look at once.
    func wakeDaemon() {
        self.planDaemon(at: self.now)
    }

    private func planDaemon(at time: Int64) {
        guard time < self.daemon.wakesAt else { return }
        self.daemon.serial += 1
        self.daemon.wakesAt = time
        self.queue.plan(.daemon, at: time, serial: self.daemon.serial)
    }

    func lookWhatIsDue() {
        let now = self.moment
        self.daemon.wakesAt = .max
        self.dispatcher.expire(at: now)
        if self.daemon.schedule.count == 0 { self.tellKeys(at: now.instant) }
        for grant in self.dispatcher.pool.refreshesWanted {
            _ = self.daemon.change { $0.want(grant.label, by: .daemon, at: now.instant) }
        }
        for grant in self.daemon.change({ $0.takeDue(at: now.instant) }) {
            if self.daemon.flights[self.world.place(of: grant.label)] != nil
                || self.dispatcher.beginCheck(grant, at: now)
            {
                self.ask(grant, isRefresh: true, isProbe: false)
            } else {
                self.daemon.change { $0.ended(grant, .abandoned, at: now.instant) }
            }
        }
        if self.sabotage != .checksNothing {
            for grant in self.dispatcher.pool.checksDue(at: now.instant, atMost: 64)
            where self.daemon.flights[self.world.place(of: grant.label)] == nil
                && self.dispatcher.beginCheck(grant, at: now)
            {
                self.ask(grant, isRefresh: false, isProbe: true)
            }
        }
        var next = self.now + FleetTime.minute
        if let due = self.daemon.schedule.next { next = min(next, max(self.time(of: due), self.now + 1000)) }
        if let due = self.dispatcher.pool.nextCheck {
            next = min(next, max(self.time(of: due) + 1000, self.now + FleetTime.second))
        }
        self.planDaemon(at: next)
    }

    /// Has the schedule know the keys whose usage can be asked for.
    private func tellKeys(at now: Instant) {
        let targets = self.world.keys.compactMap { key in
            self.world.providers[key.provider].kind == .hinting
                ? nil
                : self.dispatcher.pool.grant(of: key.label).map {
                    CheckSchedule.Target(
                        grant: $0, provider: key.configuration.provider, interval: Self.usageRefresh)
                }
        }
        self.daemon.change { $0.update(targets, at: now) }
    }

    private func ask(_ grant: KeyGrant, isRefresh: Bool, isProbe: Bool) {
        let key = self.world.place(of: grant.label)
        if var flight = self.daemon.flights[key] {
            flight.isRefresh = flight.isRefresh || isRefresh
            self.daemon.flights[key] = flight
            return
        }
        self.daemon.flights[key] = FleetDaemon.Flight(begun: self.now, isRefresh: isRefresh, isProbe: isProbe)
        self.queue.plan(
            .checked(key: key, begun: self.now),
            at: self.now + Int64.random(in: 100_000...1_500_000, using: &self.random), serial: self.daemon.epoch)
    }

    func checked(_ key: Int, begun: Int64) {
        guard let flight = self.daemon.flights.removeValue(forKey: key),
            let grant = self.dispatcher.pool.grant(of: self.world.keys[key].label)
        else { return }
        let now = self.moment
        let result = self.world.check(key, at: self.now)
        if flight.isRefresh {
            let end: CheckSchedule.End = if case .accepted = result { .succeeded } else { .failed(retryAfter: nil) }
            self.daemon.change { $0.ended(grant, end, at: now.instant) }
        }
        // Where only the usage was wanted nothing is refused.
        let told: KeyCheckResult = if case .refused = result, !flight.isProbe { .inconclusive } else { result }
        self.dispatcher.endCheck(grant, told, at: now)
        self.judgeCheck(key, told, begun: begun)
        self.wakeDaemon()
    }
}
