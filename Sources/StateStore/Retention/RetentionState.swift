internal import Glibc
internal import ProxyCore

/// What the writer knows of retention: the plan, and when it was last busy with it.
struct RetentionState: Sendable {
    /// A failure is told of once in so long.
    static let reportInterval = Duration.seconds(600)

    /// The steps.
    var plan = RetentionPlan(Retention())
    /// What tells ages.
    var clock: @Sendable () -> WallTime = RetentionState.machineClock
    /// When ages were last looked at.
    private(set) var lastLook: Instant?
    private var watch = ClockWatch()
    private var isDoubtTold = false
    /// Whether the writer's queue has been asked to go on.
    var isQueued = false
    /// Which limits hold: what was begun for others ends.
    var generation: UInt64 = 0
    private var pausedUntil: Instant?
    private var lastReport: Instant?
    /// Whether ages are being looked at.
    private(set) var isLooking = false

    /// The machine's clock.
    static let machineClock: @Sendable () -> WallTime = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    /// The time since the machine's start, suspension included: against it the machine's clock is held.
    static func bootTime() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// Begins, or goes on; false if there is nothing to do for now.
    ///
    /// The caller has noted in the plan what it wrote.
    mutating func resume(at now: Instant) -> Bool {
        guard self.plan.retention.isLimited else { return false }
        if let pausedUntil = self.pausedUntil, now < pausedUntil { return false }
        self.pausedUntil = nil
        if self.lastLook.map({ now - $0 >= RetentionPlan.interval }) ?? true {
            self.lastLook = now
            let time = self.clock()
            if self.watch.trusts(time, at: now) {
                self.isDoubtTold = false
                self.isLooking = true
                self.plan.look(at: time)
            }
        }
        return true
    }

    /// Whether there is a doubt about the clock that has not been told of yet.
    mutating func takeDoubt() -> Bool {
        guard self.watch.isDoubting, !self.isDoubtTold else { return false }
        self.isDoubtTold = true
        return true
    }

    /// Everything is within its limits; true if ages were looked at for that.
    mutating func finish() -> Bool {
        defer { self.isLooking = false }
        return self.isLooking
    }

    /// A step failed; true if that is to be told.
    mutating func fail(at now: Instant) -> Bool {
        self.plan.rest()
        self.lastLook = nil
        self.isLooking = false
        self.pausedUntil = now + RetentionPlan.interval
        if let last = self.lastReport, now - last < Self.reportInterval { return false }
        self.lastReport = now
        return true
    }

    /// Takes new limits.
    mutating func set(_ retention: Retention, clock: @escaping @Sendable () -> WallTime) {
        self.plan = RetentionPlan(retention)
        self.clock = clock
        self.lastLook = nil
        self.isLooking = false
        self.pausedUntil = nil
        self.generation += 1
    }

    /// Ages are to be looked at as soon as possible.
    mutating func lookAgain() {
        self.lastLook = nil
    }
}
