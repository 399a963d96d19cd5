internal import ProxyCore

/// What the writer knows: work, time table, who waits for what, and what became of it.
///
/// Decisions only, no I/O.
struct WriterState: Sendable {
    /// An answer that a caller of `commit` waits for.
    typealias Answer = CheckedContinuation<Result<Void, StateStoreError>, Never>
    /// Somebody who waits until what was handed over is on disk, or until the wait is over.
    struct Waiter: Sendable {
        let sequence: UInt64
        let continuation: CheckedContinuation<Void, Never>
    }

    /// Whether the store takes anything.
    enum Phase: Sendable {
        case open
        case closing
        case closed
    }

    /// Something to tell the log.
    enum Report: Sendable, Equatable {
        case failing(StateStoreError)
        case recovered
        case dropped
    }

    /// A failure is reported once in so long.
    static let reportInterval = Duration.seconds(30)
    /// A transaction that takes longer than this is trouble.
    static let stallLimit = Duration.seconds(5)

    var pending: PendingWork
    var schedule = WriterSchedule()
    var phase = Phase.open
    var answers: [UInt64: Answer] = [:]
    var waiters: [UInt64: Waiter] = [:]
    var closers: [CheckedContinuation<Void, Never>] = []
    var statistics = StoreStatistics()
    /// What is remembered on disk.
    var memory: DispatchMemory
    /// Everything up to this number is on disk, or was tried.
    var settled: UInt64 = 0
    /// When a wake-up is set for.
    var alarm: Instant?
    var lastNumber: UInt64 = 0

    private var failure: StateStoreError?
    private var runningSince: Instant?
    private var lastReport: Instant?
    private var reportedDrops: UInt64 = 0

    init(rowLimit: Int, memory: DispatchMemory) {
        self.pending = PendingWork(rowLimit: rowLimit)
        self.memory = memory
    }

    /// When the writer has to be woken, unless a wake-up is set for then or before.
    mutating func nextAlarm() -> Instant? {
        guard self.phase == .open, self.runningSince == nil,
            let due = self.schedule.due(
                waitingSince: self.pending.waitingSince, isUrgent: !self.pending.groups.isEmpty),
            self.alarm.map({ due < $0 }) ?? true
        else { return nil }
        self.alarm = due
        return due
    }

    /// The next transaction, if its time has come.
    mutating func begin(at now: Instant) -> Batch? {
        guard self.runningSince == nil, self.phase != .closed else { return nil }
        self.alarm = nil
        let due = self.schedule.due(
            waitingSince: self.pending.waitingSince, isUrgent: !self.pending.groups.isEmpty)
        guard let due, due <= now || self.phase == .closing else { return nil }
        let batch = self.pending.take()
        guard !batch.isIdle(over: self.memory) else {
            self.settled = batch.sequence
            return nil
        }
        self.schedule.began(at: now)
        self.runningSince = now
        return batch
    }

    /// The transaction ended; returns what callers are to be told, and what the log.
    mutating func end(
        _ batch: Batch, _ outcome: Result<BatchResult, StateStoreError>, bytes: UInt64, at now: Instant
    ) -> (answers: [(Answer, Result<Void, StateStoreError>)], report: Report?) {
        self.runningSince = nil
        self.settled = batch.sequence
        self.statistics.bytes = bytes
        var results: [(Answer, Result<Void, StateStoreError>)] = []
        for group in batch.groups {
            guard let answer = self.answers.removeValue(forKey: group.id) else { continue }
            switch outcome {
            case .success(let result):
                results.append((answer, result.refused[group.id].map { .failure($0) } ?? .success(())))
            case .failure(let error): results.append((answer, .failure(error)))
            }
        }
        switch outcome {
        case .success(let result):
            self.pending.finish()
            self.schedule.succeeded()
            self.memory = result.memory
            self.statistics.transactions += 1
            self.statistics.writes.add(result.writes)
            self.statistics.dropped.add(result.dropped)
        case .failure:
            self.schedule.failed(at: now)
            for table in batch.tables { self.statistics.errors.add(table) }
            self.drop(self.pending.putBack(batch, now: now))
        }
        return (results, self.report(on: outcome, at: now))
    }

    /// Counts request rows that had to go.
    mutating func drop(_ rows: Int) {
        if rows > 0 { self.statistics.dropped.add(.requests, UInt64(rows)) }
    }

    /// One word for what is wrong; `nil` if the last write worked and none hangs.
    func trouble(at now: Instant) -> String? {
        if let failure = self.failure { return failure.troubleWord }
        if let since = self.runningSince, now - since > Self.stallLimit { return "io" }
        return nil
    }

    /// A number for an answer or a waiter.
    mutating func number() -> UInt64 {
        self.lastNumber += 1
        return self.lastNumber
    }

    /// Those whose wait is over, because what they wait for was written or tried.
    mutating func takeSettledWaiters() -> [Waiter] {
        let settled = self.waiters.filter { $0.value.sequence <= self.settled }
        for number in settled.keys { self.waiters[number] = nil }
        return Array(settled.values)
    }

    private mutating func report(on outcome: Result<BatchResult, StateStoreError>, at now: Instant) -> Report? {
        let drops = self.statistics.dropped[.requests] ?? 0
        switch outcome {
        case .failure(let error):
            self.failure = error
            if let last = self.lastReport, now - last < Self.reportInterval { return nil }
            self.lastReport = now
            self.reportedDrops = drops
            return .failing(error)
        case .success:
            let wasFailing = self.failure != nil
            self.failure = nil
            if wasFailing {
                self.lastReport = nil
                self.reportedDrops = drops
                return .recovered
            }
            if drops > self.reportedDrops, self.lastReport.map({ now - $0 >= Self.reportInterval }) ?? true {
                self.lastReport = now
                self.reportedDrops = drops
                return .dropped
            }
            return nil
        }
    }
}

extension Batch {
    /// Whether nothing of it is new to the disk.
    func isIdle(over memory: DispatchMemory) -> Bool {
        self.rows.isEmpty && self.audits.isEmpty && self.nonces.nonces.isEmpty && self.groups.isEmpty
            && self.counts.isEmpty && self.spending.isEmpty && (self.memory.map { $0 == memory } ?? true)
    }
}
