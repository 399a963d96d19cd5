internal import ProxyCore

/// What retention does next: small steps, chosen by what the database measures and by the time.
///
/// Decisions only, no I/O.
struct RetentionPlan: Sendable {
    /// One step: a transaction of some milliseconds.
    enum Step: Sendable, Equatable {
        /// Deletes the requests that came in before, at most so many, until so many pages became free.
        case deleteRequests(before: WallTime, count: Int, pages: Int)
        /// Deletes the oldest requests, at most so many, until so many pages became free.
        case deleteOldestRequests(count: Int, pages: Int)
        /// Deletes the sums of the oldest hour, if it ended before.
        case deleteSpending(before: WallTime)
        /// Deletes the audit events that last happened before, at most so many.
        case deleteAudit(before: WallTime, count: Int)
        /// Gives so many free pages at the end of the file back.
        case giveBack(pages: Int)
        /// Moves what is in the log to the database.
        case checkpoint
    }

    /// What the database measures.
    struct Facts: Sendable, Equatable {
        /// The bytes of a page.
        var pageSize = 4_096
        /// The pages of the database, those in its log included.
        var pages = 0
        /// The pages of them that hold nothing.
        var freePages = 0
        /// The bytes of the file: the log may hold more pages, or fewer.
        var fileBytes = 0
        /// The bytes of the log.
        var logBytes = 0
        /// Whether free pages can be given back: not in a database that something else has rebuilt.
        var canGiveBack = true

        /// The bytes that are in use.
        var usedBytes: Int { (self.pages - self.freePages) * self.pageSize }
    }

    /// Ages are looked at so often while rows are written.
    static let interval = Duration.seconds(60)
    /// Ages are looked at so often while nothing is written.
    static let idleInterval = Duration.seconds(3600)
    /// How long a step is meant to take; the next one is larger or smaller.
    static let stepTarget = Duration.milliseconds(5)
    /// A step ends when so many pages became free: requests with bodies are a hundred times as large as others, and the size of
    /// a step may have been found with those.
    static let stepPages = 256
    /// A step deletes so many audit events at most.
    static let auditStep = 256
    /// The log of a database without a limit is emptied by SQLite at 1,000 pages of 4 KiB.
    static let largestLog = 4_096_000

    /// The limits.
    let retention: Retention
    private var requestsBefore: WallTime?
    private var spendingBefore: WallTime?
    private var auditBefore: WallTime?
    private var isShrinking = false
    // Whether the last step of its kind found nothing to do, so that only new rows can change that.
    private var isDrained = false
    private var isStuck = false
    private var isCheckpointed = false
    private var stepSize = 32

    init(_ retention: Retention) {
        self.retention = retention
    }

    /// How large the log may become before it is emptied: a 32nd of the limit, 128 KiB to 4 MB.
    static func logLimit(of retention: Retention) -> Int {
        guard let most = retention.maxBytes else { return Self.largestLog }
        return min(Self.largestLog, max(131_072, max(most, Retention.leastBytes) / 32))
    }

    /// Ages are to be looked at.
    mutating func look(at now: WallTime) {
        self.requestsBefore = self.retention.keep.map { now.before($0) }
        self.spendingBefore = self.retention.spendingKeep.map { now.before($0) }
        self.auditBefore = self.retention.auditKeep.map { now.before($0) }
        self.noteWrites()
    }

    /// Something was written.
    mutating func noteWrites() {
        self.isDrained = false
        self.isStuck = false
        self.isCheckpointed = false
    }

    /// The next step; `nil` if everything is within its limits, as far as that can be.
    mutating func next(_ facts: Facts) -> Step? {
        let logLimit = Self.logLimit(of: self.retention)
        if self.retention.maxBytes != nil, !self.isCheckpointed, facts.logBytes > 40 << 20 {
            // A log that much work has made long is emptied first.
            return .checkpoint
        }
        if let before = self.requestsBefore {
            return .deleteRequests(before: before, count: self.stepSize, pages: Self.stepPages)
        }
        if let before = self.spendingBefore { return .deleteSpending(before: before) }
        if let before = self.auditBefore { return .deleteAudit(before: before, count: Self.auditStep) }
        if let most = self.retention.maxBytes {
            // The log has its part of the limit; what is deleted down to leaves room for some transactions.
            let most = max(most, Retention.leastBytes) - logLimit
            if facts.usedBytes > most { self.isShrinking = true }
            let surplus = facts.usedBytes - (most - most / 32)
            if surplus <= 0 { self.isShrinking = false }
            if self.isShrinking, !self.isDrained {
                let pages = (surplus + facts.pageSize - 1) / facts.pageSize
                return .deleteOldestRequests(count: self.stepSize, pages: min(pages, Self.stepPages))
            }
            if let step = self.giveBack(facts, downTo: most / facts.pageSize) { return step }
            // What was given back is so only when the log has been moved to the database.
            let isTooLong = facts.fileBytes > max(most, facts.pages * facts.pageSize) && facts.logBytes > 0
            if facts.logBytes > logLimit || isTooLong, !self.isCheckpointed { return .checkpoint }
        } else if let step = self.giveBack(facts, downTo: .max) {
            return step
        }
        return nil
    }

    /// A step was taken: rows that it deleted or pages that it gave back, and how long it took.
    mutating func took(_ step: Step, done count: Int, in time: Duration) {
        switch step {
        case .deleteRequests:
            if count == 0 { self.requestsBefore = nil }
            self.adapt(to: time)
        case .deleteOldestRequests:
            if count == 0 { self.isDrained = true }
            self.adapt(to: time)
        case .deleteSpending: if count == 0 { self.spendingBefore = nil }
        case .deleteAudit: if count == 0 { self.auditBefore = nil }
        case .giveBack: if count == 0 { self.isStuck = true }
        case .checkpoint:
            self.isCheckpointed = true
            return
        }
        if count > 0 { self.isCheckpointed = false }
    }

    /// Nothing more is done until something is written, or ages are looked at again.
    mutating func rest() {
        self.requestsBefore = nil
        self.spendingBefore = nil
        self.auditBefore = nil
        self.isDrained = true
        self.isStuck = true
        self.isCheckpointed = true
    }

    /// Pages are given back if the file is larger than it may be, or a quarter of what is used lies idle.
    private func giveBack(_ facts: Facts, downTo pages: Int) -> Step? {
        guard facts.canGiveBack, !self.isStuck, facts.freePages > 0 else { return nil }
        let used = facts.pages - facts.freePages
        let surplus = max(facts.pages - max(pages, used), facts.freePages - max(1_024, used / 4))
        return surplus > 0 ? .giveBack(pages: min(surplus, 128)) : nil
    }

    private mutating func adapt(to time: Duration) {
        if time < Self.stepTarget / 2 {
            self.stepSize = min(self.stepSize * 2, 1_024)
        } else if time > Self.stepTarget * 2 {
            self.stepSize = max(self.stepSize / 2, 4)
        }
    }
}

extension WallTime {
    /// An earlier time; before the beginning of the range the first one.
    fileprivate func before(_ duration: Duration) -> WallTime {
        let (difference, overflow) = self.microseconds.subtractingReportingOverflow(duration.nanoseconds / 1_000)
        return WallTime(microseconds: overflow ? .min : difference)
    }
}
