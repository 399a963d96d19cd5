internal import GRDB
internal import Glibc
internal import Logging
internal import ProxyCore
internal import Synchronization
internal import Threads

/// Looks at the whole of a large database while the daemon runs, once, on a thread and a connection of its own.
///
/// It reads one moment of the database. Meanwhile the writer writes on, only the log is not emptied beyond that moment: it is
/// given up, and begun again later, when the log has become long or it has taken too long.
final class HistoryCheck: Sendable {
    private struct State {
        var isRunning = false
        var isClosed = false
        /// What is interrupted to end it.
        var connection: DatabaseQueue?
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// How much it may add to the log, and how long it may take.
    struct Limits {
        var logBytes: UInt64 = 64 << 20
        var time = Duration.seconds(600)
        /// How long after it was given up it is begun again.
        var pause = Duration.seconds(900)
        /// How often it is looked whether it has to be given up.
        var interval = Duration.seconds(1)
    }

    /// How often it is interrupted when the store is closed: what has not begun yet hears nothing of the first time.
    private static let insistence = Duration.milliseconds(20)
    /// The longest that ``close()`` waits for it.
    private static let closeLimit = Duration.seconds(2)

    private let writer: BatchWriter
    private let limits: Limits
    private let verify: @Sendable (Database) throws -> Void
    private let state = Mutex(State())

    init(
        writer: BatchWriter, limits: Limits = Limits(),
        verify: @escaping @Sendable (Database) throws -> Void = HistoryCheck.verify
    ) {
        self.writer = writer
        self.limits = limits
        self.verify = verify
    }

    /// Begins, unless it has begun already; never waits.
    func begin() {
        let isFirst = self.state.withLock { state in
            guard !state.isRunning, !state.isClosed else { return false }
            state.isRunning = true
            return true
        }
        guard isFirst else { return }
        let failure = DetachedThread.start(named: "kmi-state-check") {
            // The units that are shipped forbid it (SystemCallFilter=~@resources): there it has the daemon's own priority.
            setpriority(.init(PRIO_PROCESS.rawValue), 0, 19)
            self.run()
        }
        guard failure != 0 else { return }
        self.finish(.failure(StateStoreError(.internalFault, "there is no thread: error \(failure)")), after: .zero)
    }

    /// Gives it up, within two seconds, and begins no other.
    func close() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isRunning = self.state.withLock { state in
                state.isClosed = true
                if state.isRunning { state.waiters.append(continuation) }
                return state.isRunning
            }
            guard isRunning else {
                continuation.resume()
                return
            }
            self.interruptUntilEnded()
            self.writer.after(Self.closeLimit) { self.resumeWaiters() }
        }
    }

    private func run() {
        let started = BatchWriter.now()
        let result: Result<Void, StateStoreError>
        do throws(StateStoreError) {
            try self.check(from: started)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        self.finish(result, after: BatchWriter.now() - started)
    }

    private func check(from started: Instant) throws(StateStoreError) {
        guard self.writer.files.identity() == self.writer.identity else { throw BatchWriter.removed }
        try StateStoreError.describing("checking the state database") {
            let connection = try DatabaseQueue(
                path: self.writer.files.database, configuration: DatabaseOpening.configuration())
            let result = Result { try self.look(over: connection, from: started) }
            // Whatever came of it, and before anybody hears of it: only the last connection to go tidies up the write-ahead
            // log, and the writer's is to be that.
            let end = Result { try connection.close() }
            try result.get()
            try end.get()
        }
    }

    private func look(over connection: DatabaseQueue, from started: Instant) throws {
        let isClosed = self.state.withLock { state in
            if !state.isClosed { state.connection = connection }
            return state.isClosed
        }
        if isClosed { throw BatchWriter.closed }
        // One that is closed must not be interrupted any more.
        defer { self.state.withLock { $0.connection = nil } }
        self.watch(
            connection, until: started + self.limits.time, log: self.writer.files.sizes().log + self.limits.logBytes)
        try connection.read { try self.verify($0) }
    }

    /// Interrupts it when it has to be given up.
    private func watch(_ connection: DatabaseQueue, until end: Instant, log: UInt64) {
        self.writer.after(self.limits.interval) { [weak self, weak connection] in
            guard let self, let connection else { return }
            let isOver = BatchWriter.now() >= end || self.writer.files.sizes().log > log
            let isOpen = self.state.withLock { state in
                guard state.connection === connection else { return false }
                if isOver { connection.interrupt() }
                return true
            }
            if isOpen { self.watch(connection, until: end, log: log) }
        }
    }

    private func interruptUntilEnded() {
        let isRunning = self.state.withLock { state in
            state.connection?.interrupt()
            return state.isRunning
        }
        if isRunning { self.writer.after(Self.insistence) { self.interruptUntilEnded() } }
    }

    private func finish(_ result: Result<Void, StateStoreError>, after time: Duration) {
        switch result {
        case .success:
            self.writer.logger.info(
                "looked at the whole state database",
                metadata: ["event": "state_checked", "duration_ms": "\(time.nanoseconds / 1_000_000)"])
        case .failure(let error) where error.code == .damaged: self.writer.note(damage: error)
        case .failure: break
        }
        self.state.withLock { $0.isRunning = false }
        self.resumeWaiters()
        // Now it can begin again.
        if case .failure(let error) = result, error.code != .damaged { self.postpone(error) }
    }

    private func postpone(_ error: StateStoreError) {
        guard self.state.withLock({ !$0.isClosed }) else { return }
        let reason =
            error.code == .cancelled ? "it took too long, or the log has become too long meanwhile" : error.message
        self.writer.logger.warning(
            "the whole state database could not be looked at; it is tried again",
            metadata: ["event": "state_check_failed", "reason": "\(reason)"])
        self.writer.after(self.limits.pause) { [weak self] in self?.begin() }
    }

    private func resumeWaiters() {
        let waiters = self.state.withLock { state in
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Looks at everything.
    static let verify: @Sendable (Database) throws -> Void = { database in
        try DatabaseCheck.verify(database, advice: "stop the daemon and restore a copy with `kmid restore`")
    }
}

extension BatchWriter {
    /// Damage of the database was found: nothing is deleted or copied any more, and the next start looks at all of it first.
    ///
    /// What is handed over is written on, as far as that can be done. Called on any thread that may wait for the disk.
    func note(damage error: StateStoreError) {
        let isFirst = self.state.withLock { state in
            defer { state.statistics.damage = state.statistics.damage ?? error.finding }
            return state.statistics.damage == nil
        }
        guard isFirst else { return }
        self.giveSign { self.endRetention() }
        var metadata: Logger.Metadata = ["event": "state_damaged", "reason": "\(error)"]
        do throws(StateStoreError) {
            try self.files.suspect()
        } catch {
            metadata["not_remembered"] = "\(error)"
        }
        self.logger.error(
            "the state database is damaged; requests go on, and the next start looks at all of it first",
            metadata: metadata)
        self.troubleObserver.withLock { $0 }?()
    }
}
