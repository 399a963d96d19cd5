internal import Dispatch
internal import GRDB
internal import Logging
internal import ProxyCore
internal import Synchronization

/// Deletes what is too old or too much, on the writer's queue between its transactions (K-014, K-015).
extension BatchWriter {
    /// At least so long steps are taken before the queue may do something else.
    private static let shortestTurn = Duration.milliseconds(25)

    /// Takes new limits, and begins with them.
    func set(_ retention: Retention, clock: @escaping @Sendable () -> WallTime) {
        let generation = self.retention.withLock { state in
            state.set(retention, clock: clock)
            return state.generation
        }
        self.queue.async {
            self.limitLog(retention)
            self.measure()
            self.retain(for: .zero)
        }
        if retention.isLimited { self.lookLater(generation) }
    }

    /// Takes the next steps, at least for a moment, unless somebody waits for a change to be on disk.
    ///
    /// Sizes that have just been seen are not asked for again. On the writer's queue only.
    func retain(for time: Duration, seen sizes: StateFiles.Sizes? = nil) {
        // Nothing is begun that damage would keep from its end.
        guard self.state.withLock({ $0.statistics.damage == nil }) else { return }
        let started = Self.now()
        let (isResumed, isDoubtful, isLook) = self.retention.withLock { state in
            state.plan.noteWrites()
            let wasLooking = state.isLooking
            return (state.resume(at: RetentionState.bootTime()), state.takeDoubt(), state.isLooking && !wasLooking)
        }
        if isLook {
            let now = self.retentionMoment
            self.state.withLock { $0.statistics.retentionJob.begin(at: now) }
        }
        if isDoubtful {
            self.logger.warning(
                "the machine's clock jumped ahead; what is too old by it is kept for an hour, should it go back",
                metadata: ["event": "state_clock_jumped"])
        }
        guard isResumed else { return }
        self.goOn(until: started + max(time, Self.shortestTurn), seen: sizes)
    }

    private func goOn(until end: Instant, seen: StateFiles.Sizes? = nil) {
        var deleted: Tally = [:]
        var seen = seen
        do {
            while self.mayRetain(isFileKnown: seen != nil) {
                let facts = try RetentionPlan.Facts.measure(self.pool, seen ?? self.files.sizes())
                seen = nil
                guard let step = self.retention.withLock({ $0.plan.next(facts) }) else {
                    self.finishRetention(facts, deleted)
                    return
                }
                let began = Self.now()
                let count = try step.take(on: self.pool, &deleted)
                let now = Self.now()
                self.retention.withLock { $0.plan.took(step, done: count, in: now - began) }
                if now >= end {
                    self.queueRetention()
                    break
                }
            }
            self.state.withLock { $0.statistics.deleted.add(deleted) }
        } catch {
            self.state.withLock { $0.statistics.deleted.add(deleted) }
            self.failRetention(StateStoreError(error, while: "deleting old state"))
        }
    }

    /// Whether nothing else has to come first: a change that a person waits for, a disk that fails already, or damage, of which
    /// more would be lost.
    private func mayRetain(isFileKnown: Bool) -> Bool {
        let now = Self.now()
        let isFree = self.state.withLock { state in
            state.phase == .open && state.pending.groups.isEmpty && state.trouble(at: now) == nil
                && state.statistics.damage == nil
        }
        return isFree && (isFileKnown || self.files.identity() == self.identity)
    }

    private func queueRetention() {
        let isQueued = self.retention.withLock { state in
            defer { state.isQueued = true }
            return state.isQueued
        }
        guard !isQueued else { return }
        self.queue.async {
            self.retention.withLock { $0.isQueued = false }
            self.goOn(until: Self.now() + Self.shortestTurn)
        }
    }

    private func finishRetention(_ facts: RetentionPlan.Facts, _ deleted: Tally) {
        let time = self.retention.withLock { $0.finish() ? $0.clock() : nil }
        self.state.withLock { state in
            state.statistics.deleted.add(deleted)
            state.statistics.usedBytes = UInt64(clamping: facts.usedBytes)
            state.statistics.bytes = UInt64(clamping: facts.fileBytes + facts.logBytes)
            state.statistics.walBytes = UInt64(clamping: facts.logBytes)
            guard let time else { return }
            state.statistics.lastRetention = time
            let now = Moment(instant: Self.now(), wallTime: time)
            state.statistics.retentionJob.succeed(at: now)
            // While requests come it is sooner.
            state.statistics.retentionJob.plan(
                after: RetentionPlan.idleInterval, every: RetentionPlan.idleInterval, at: now)
        }
    }

    /// Damage was found, so nothing is deleted any more; a look at ages that is under way has no end.
    ///
    /// On the writer's queue only.
    func endRetention() {
        let now = self.retentionMoment
        self.state.withLock { state in
            state.statistics.retentionJob.abandon(at: now)
            state.statistics.retentionJob.plan(after: nil, every: nil, at: now)
        }
    }

    private func failRetention(_ error: StateStoreError) {
        if error.code == .damaged { self.note(damage: error) }
        let isTold = self.retention.withLock { $0.fail(at: RetentionState.bootTime()) }
        let now = self.retentionMoment
        let failures = self.state.withLock { state in
            state.statistics.retentionFailures += 1
            state.statistics.retentionJob.fail(error.message, at: now)
            let isOver = state.statistics.damage != nil
            state.statistics.retentionJob.plan(
                after: isOver ? nil : RetentionPlan.interval, every: isOver ? nil : RetentionPlan.idleInterval, at: now)
            return state.statistics.retentionFailures
        }
        // Damage is told of as such, and it is not tried again.
        guard isTold, error.code != .damaged else { return }
        self.logger.warning(
            "old state not deleted; it is tried again",
            metadata: ["event": "state_retention_failed", "reason": "\(error)", "failures": "\(failures)"])
    }

    /// The present time, on the clock that ages are told by as well.
    private var retentionMoment: Moment {
        let clock = self.retention.withLock { $0.clock }
        return Moment(instant: Self.now(), wallTime: clock())
    }

    /// What is in use is told also where nothing is limited, and so never measured again.
    private func measure() {
        do {
            let facts = try RetentionPlan.Facts.measure(self.pool, self.files.sizes())
            self.state.withLock { $0.statistics.usedBytes = UInt64(clamping: facts.usedBytes) }
        } catch {
            self.failRetention(StateStoreError(error, while: "measuring the state database"))
        }
    }

    /// With a limit the log is emptied by retention, after rows were deleted, so that what comes in does not make the
    /// database larger.
    ///
    /// SQLite does it by itself without one, or when the log has 64 MiB because retention does not get on.
    private func limitLog(_ retention: Retention) {
        do {
            try self.pool.writeWithoutTransaction { database in
                // Pragmas take no arguments; these are numbers of this program, no data.
                if retention.maxBytes == nil {
                    try database.execute(sql: "PRAGMA wal_autocheckpoint = 1000")
                    try database.execute(sql: DatabaseOpening.setLogLimit)
                } else {
                    try database.execute(sql: "PRAGMA wal_autocheckpoint = 16384")
                    try database.execute(
                        sql: "PRAGMA journal_size_limit = \(RetentionPlan.logLimit(of: retention))")
                }
            }
        } catch {
            self.failRetention(StateStoreError(error, while: "limiting the log of the state database"))
        }
    }

    /// Looks at ages now and then although nothing is written.
    private func lookLater(_ generation: UInt64) {
        let wait = Int(clamping: RetentionPlan.idleInterval.nanoseconds)
        self.deadlines.asyncAfter(deadline: .now() + .nanoseconds(wait)) { [weak self] in
            guard let self, self.state.withLock({ $0.phase == .open }) else { return }
            let isCurrent = self.retention.withLock { state in
                if state.generation == generation { state.lookAgain() }
                return state.generation == generation
            }
            guard isCurrent else { return }
            self.queue.async { self.retain(for: .zero) }
            self.lookLater(generation)
        }
    }
}
