import NIOCore
import ProxyCore

/// What people ask of the checks, and wait for.
extension KeyCheckRunner {
    /// Finds out now whether a key is taken, whatever its state is; shares a check that is under way.
    ///
    /// Succeeds with what the pool was told, and with `nil` if nobody could be asked.
    func probe(_ label: KeyLabel, _ promise: EventLoopPromise<KeyCheckResult?>) {
        guard self.isRunning, self.askers[label, default: []].count < Self.mostAskers else {
            return promise.succeed(nil)
        }
        self.askers[label, default: []].append(promise)
        self.beginProbe(of: label, asking: nil)
    }

    /// At most so many wait for one check.
    private static let mostAskers = 64

    /// Begins to check a key, unless it is being asked about already.
    func beginProbe(of label: KeyLabel, asking question: CheckQuestion?) {
        let snapshot = self.surroundings.host.snapshot
        guard self.isRunning, !snapshot.isDryRun, let generation = snapshot.generations[label] else {
            return self.answer(label, with: nil)
        }
        let grant = KeyGrant(label: label, generation: generation)
        guard self.flights[grant] == nil else { return }
        guard let provider = snapshot.provider(checking: grant),
            self.surroundings.host.beginCheck(grant, at: self.now)
        else { return self.answer(label, with: nil) }
        self.begin(
            KeyCheckFlight(grant: grant, provider: provider, isRefresh: false, isProbe: true, question: question),
            snapshot)
    }

    func answer(_ label: KeyLabel, with result: KeyCheckResult?) {
        for promise in self.askers.removeValue(forKey: label) ?? [] { promise.succeed(result) }
    }

    /// Asks for the usage of these keys, of all for `nil`; what is under way already is shared.
    ///
    /// Succeeds with their number when they are known, or cannot be, or have taken too long.
    func refresh(_ labels: [KeyLabel]?, _ promise: EventLoopPromise<UInt32>) {
        let snapshot = self.surroundings.host.snapshot
        guard self.isRunning, !snapshot.isDryRun else { return promise.succeed(0) }
        let now = self.now
        let targets = snapshot.checkTargets
        self.schedule.update(targets, at: now)
        let wanted = labels.map { Set($0) }
        let asked = targets.map(\.grant).filter { grant in
            wanted?.contains(grant.label) ?? true
                && self.schedule.want(grant.label, by: .person, at: now) != .refused
        }
        guard !asked.isEmpty else { return promise.succeed(0) }
        let id = self.nextWaiter
        self.nextWaiter += 1
        let timer = self.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(Self.patience)) { [weak self] in
            self?.release(id)
            return
        }
        self.waiters[id] = Waiter(
            left: Set(asked), count: UInt32(clamping: asked.count), promise: promise, timer: timer)
        self.step()
    }

    func release(_ id: UInt64) {
        guard let waiter = self.waiters.removeValue(forKey: id) else { return }
        waiter.timer.cancel()
        waiter.promise.succeed(waiter.count)
    }
}
