internal import Dispatch
internal import GRDB
internal import Logging
internal import ProxyCore
internal import Synchronization

/// The one that writes: collects what is handed over and commits it in batches on a queue of its own.
///
/// Nobody who hands something over waits for the disk; whoever wants to know that it is there awaits it.
final class BatchWriter: Sendable {
    /// The longest that a caller of ``commit(_:)`` waits.
    static let answerLimit = Duration.seconds(10)
    /// The longest that ``close()`` waits for the disk.
    static let closeLimit = Duration.seconds(5)

    let pool: DatabasePool
    let files: StateFiles
    let logger: Logger
    /// The file that the connections have open.
    let identity: StateFiles.Identity?
    let state: Mutex<WriterState>
    /// Who hears that writing begins or ceases to fail.
    let troubleObserver = Mutex<(@Sendable () -> Void)?>(nil)
    /// What is kept how long; used between transactions.
    let retention = Mutex(RetentionState())
    // Transactions run here, one after the other; deadlines elsewhere, for when a transaction hangs.
    let queue = DispatchQueue(label: "kmi.state.writer", qos: .userInitiated)
    let deadlines = DispatchQueue(label: "kmi.state.deadlines")

    init(pool: DatabasePool, files: StateFiles, logger: Logger, rowLimit: Int, memory: DispatchMemory) {
        self.pool = pool
        self.files = files
        self.identity = files.identity()
        self.logger = logger
        self.state = Mutex(WriterState(rowLimit: rowLimit, memory: memory))
    }

    func append(_ record: RequestRecord) {
        let now = Self.now()
        let alarm: Instant? = self.state.withLock { state in
            guard state.phase == .open else {
                state.drop(1)
                return nil
            }
            state.drop(state.pending.append(record, now: now))
            return state.nextAlarm()
        }
        self.set(alarm, now)
    }

    func append(_ event: AuditEvent) {
        let now = Self.now()
        let (isTaken, alarm): (Bool, Instant?) = self.state.withLock { state in
            guard state.phase == .open, state.pending.append(event, now: now) else {
                state.statistics.dropped.add(.audit)
                return (false, nil)
            }
            return (true, state.nextAlarm())
        }
        self.set(alarm, now)
        guard !isTaken else { return }
        self.logger.error(
            "an audit event is not kept, because the state is closed or too many wait for its disk",
            metadata: [
                "event": "audit_dropped", "action": "\(event.action)", "actor": "\(event.actor)",
                "target": "\(event.target)",
            ])
    }

    func append(_ nonce: UsedNonce, at time: WallTime) {
        let now = Self.now()
        let alarm: Instant? = self.state.withLock { state in
            guard state.phase == .open, state.pending.append(nonce, at: time, now: now) else {
                state.statistics.dropped.add(.nonces)
                return nil
            }
            return state.nextAlarm()
        }
        self.set(alarm, now)
    }

    func remember(_ memory: DispatchMemory) {
        let now = Self.now()
        let alarm: Instant? = self.state.withLock { state in
            guard state.phase == .open else { return nil }
            state.pending.remember(memory, now: now)
            return state.nextAlarm()
        }
        self.set(alarm, now)
    }

    func commit(_ changes: [StateChange]) async throws(StateStoreError) {
        guard !changes.isEmpty else { return }
        let result = await withCheckedContinuation { (answer: WriterState.Answer) in
            let now = Self.now()
            let (id, refusal, alarm) = self.state.withLock { state -> (UInt64, StateStoreError?, Instant?) in
                let id = state.number()
                guard state.phase == .open else { return (id, Self.closed, nil) }
                guard state.pending.add(changes, id: id, now: now) else { return (id, Self.crowded, nil) }
                state.answers[id] = answer
                return (id, nil, state.nextAlarm())
            }
            if let refusal {
                answer.resume(returning: .failure(refusal))
                return
            }
            self.set(alarm, now)
            self.after(Self.answerLimit) { self.expire(id) }
        }
        try result.get()
    }

    /// Waits until what was handed over before is on disk or was tried, at most so long.
    func settle(within limit: Duration) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let now = Self.now()
            let number: UInt64? = self.state.withLock { state in
                // What cannot be written at the moment is not waited for.
                guard state.phase == .open, state.settled < state.pending.sequence, state.trouble(at: now) == nil
                else { return nil }
                let number = state.number()
                state.waiters[number] = WriterState.Waiter(
                    sequence: state.pending.sequence, continuation: continuation)
                return number
            }
            guard let number else {
                continuation.resume()
                return
            }
            self.after(limit) {
                self.state.withLock { $0.waiters.removeValue(forKey: number) }?.continuation.resume()
            }
        }
    }

    /// Writes what waits, answers whoever waits, and closes the database; any number of callers.
    func close() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let phase = self.state.withLock { state in
                let phase = state.phase
                if phase != .closed { state.closers.append(continuation) }
                if phase == .open { state.phase = .closing }
                return phase
            }
            switch phase {
            case .closed: continuation.resume()
            case .closing: break
            case .open:
                self.queue.async { self.finish() }
                self.after(Self.closeLimit) { self.end("the disk did not answer in time") }
            }
        }
    }

    /// Has a closure called when the queue comes to it.
    func giveSign(_ sign: @escaping @Sendable () -> Void) {
        self.queue.async { sign() }
    }

    func trouble() -> String? {
        let now = Self.now()
        return self.state.withLock { $0.trouble(at: now) ?? ($0.statistics.damage == nil ? nil : "damaged") }
    }

    func statistics() -> StoreStatistics {
        self.state.withLock { state in
            var statistics = state.statistics
            statistics.waitingRows = state.pending.waitingRows
            if state.pending.lostBodies > 0 { statistics.dropped.add(.bodies, state.pending.lostBodies) }
            return statistics
        }
    }

    /// Counts rows that were passed over when they were read; each table is told of once.
    func quarantine(_ malformed: Tally) {
        let fresh = self.state.withLock { state in
            let fresh = malformed.keys.filter { state.statistics.quarantined[$0] == nil }
            state.statistics.quarantined.add(malformed)
            return fresh
        }
        for table in fresh {
            self.logger.error(
                "malformed rows of the state are passed over; they stay where they are",
                metadata: [
                    "event": "state_quarantined", "table": "\(table.rawValue)", "rows": "\(malformed[table] ?? 0)",
                ])
        }
    }

    /// Writes the next batch if its time has come.
    ///
    /// On the writer's queue only.
    private func run() {
        let now = Self.now()
        let (batch, memory, waiters) = self.state.withLock { state in
            (state.begin(at: now), state.memory, state.takeSettledWaiters())
        }
        for waiter in waiters { waiter.continuation.resume() }
        let sizes = batch.map { self.write($0, over: memory) }
        let alarm = self.state.withLock { $0.nextAlarm() }
        self.set(alarm, Self.now())
        // Deleting gets twice the time of writing, so that it keeps up.
        if let sizes { self.retain(for: (Self.now() - now) * 2, seen: sizes) }
    }

    /// Returns how large the files are now.
    private func write(_ batch: Batch, over memory: DispatchMemory) -> StateFiles.Sizes {
        let outcome: Result<BatchResult, StateStoreError>
        do throws(StateStoreError) {
            // What went to a file without a name would be gone with the process.
            guard self.files.identity() == self.identity else { throw Self.removed }
            outcome = .success(try batch.write(to: self.pool, over: memory))
        } catch {
            outcome = .failure(error)
        }
        let sizes = self.files.sizes()
        let now = Self.now()
        let (answers, report, waiters, statistics) = self.state.withLock { state in
            state.statistics.walBytes = sizes.log
            let (answers, report) = state.end(batch, outcome, bytes: sizes.database + sizes.log, at: now)
            return (answers, report, state.takeSettledWaiters(), state.statistics)
        }
        if let report {
            self.log(report, statistics)
            if report != .dropped { self.troubleObserver.withLock { $0 }?() }
        }
        if case .failure(let error) = outcome, error.code == .damaged { self.note(damage: error) }
        for (answer, result) in answers { answer.resume(returning: result) }
        for waiter in waiters { waiter.continuation.resume() }
        return sizes
    }

    /// The last batch, and the end.
    ///
    /// On the writer's queue only.
    private func finish() {
        self.run()
        let lost = self.state.withLock { $0.pending.waitingSince != nil }
        self.end(lost ? "it could not be written" : nil)
        do {
            // Readers first: only a writer that is the last to go tidies up the write-ahead log, and a log that stays could
            // be taken for that of a copy that is put back.
            self.pool.releaseMemory()
            try self.pool.close()
        } catch {
            let failure = StateStoreError(error, while: "closing")
            self.logger.warning(
                "state database not closed", metadata: ["event": "state_close_failed", "reason": "\(failure)"])
        }
        let closers = self.state.withLock { state in
            defer { state.closers = [] }
            return state.closers
        }
        for closer in closers { closer.resume() }
    }

    /// Answers whoever still waits for something that will not be done now.
    private func end(_ loss: String?) {
        let (answers, waiters, closers, rows) = self.state.withLock { state in
            let isFirst = state.phase != .closed
            state.phase = .closed
            defer {
                state.answers = [:]
                state.waiters = [:]
                // With a loss that is a deadline, nobody waits for the disk any longer.
                if loss != nil { state.closers = [] }
            }
            return (
                Array(state.answers.values), Array(state.waiters.values), loss == nil ? [] : state.closers,
                isFirst ? state.pending.waitingRows + state.pending.waitingAudits : 0
            )
        }
        if let loss, rows > 0 || !answers.isEmpty {
            self.logger.error(
                "state lost at the end",
                metadata: ["event": "state_lost", "rows": "\(rows)", "reason": "\(loss)"])
        }
        for answer in answers { answer.resume(returning: .failure(Self.closed)) }
        for waiter in waiters { waiter.continuation.resume() }
        for closer in closers { closer.resume() }
    }

    /// The wait of a caller is over.
    private func expire(_ id: UInt64) {
        let answer = self.state.withLock { state in
            _ = state.pending.withdraw(id)
            return state.answers.removeValue(forKey: id)
        }
        answer?.resume(returning: .failure(Self.late))
    }

    private func set(_ alarm: Instant?, _ now: Instant) {
        guard let alarm else { return }
        if alarm <= now {
            self.queue.async { self.run() }
        } else {
            let wait = Int(clamping: (alarm - now).nanoseconds)
            self.queue.asyncAfter(deadline: .now() + .nanoseconds(wait)) { self.run() }
        }
    }

    func after(_ wait: Duration, _ body: @escaping @Sendable () -> Void) {
        self.deadlines.asyncAfter(
            deadline: .now() + .nanoseconds(Int(clamping: wait.nanoseconds)), execute: body)
    }

    private func log(_ report: WriterState.Report, _ statistics: StoreStatistics) {
        var metadata: Logger.Metadata = [
            "rows_waiting": "\(self.statistics().waitingRows)",
            "rows_dropped": "\(statistics.dropped[.requests] ?? 0)",
        ]
        switch report {
        case .failing(let error):
            let errors = statistics.errors.sorted { $0.key.rawValue < $1.key.rawValue }
            metadata["event"] = "state_write_failed"
            metadata["reason"] = "\(error)"
            metadata["failed_writes"] = "\(errors.map { "\($0.key.rawValue)=\($0.value)" }.joined(separator: " "))"
            self.logger.error("state not written; requests go on and it is tried again", metadata: metadata)
        case .recovered:
            metadata["event"] = "state_write_recovered"
            self.logger.notice("state is written again", metadata: metadata)
        case .dropped:
            metadata["event"] = "state_rows_dropped"
            self.logger.warning("request rows were not kept, because too many waited", metadata: metadata)
        }
    }

    /// The time since the machine's start, as dispatch's own timers count it.
    static func now() -> Instant {
        Instant(nanoseconds: Int64(clamping: DispatchTime.now().uptimeNanoseconds))
    }

    /// What is answered when the store is closed.
    static let closed = StateStoreError(.closed, "the state is closed, because the daemon ends")
    static let removed = StateStoreError(
        .inputOutput, "state.sqlite was moved or deleted: put it back, or restart the daemon to begin anew")
    private static let crowded = StateStoreError(
        .timedOut, "too many changes wait for the disk of the state directory; try again")
    private static let late = StateStoreError(
        .timedOut,
        "the disk of the state directory does not answer; whether the change is kept will show when it does. "
            + "Look at the disk, then try again")
}
