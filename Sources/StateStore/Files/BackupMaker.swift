internal import Dispatch
internal import GRDB
internal import Logging
internal import ProxyCore
internal import Synchronization

/// Makes copies while the daemon runs, one at a time, over a connection of its own: the writer writes on meanwhile, only the
/// log is not emptied beyond what the copy began with.
final class BackupMaker: Sendable {
    private struct State {
        var isClosed = false
        /// Whether it was told that the copies cannot be listed.
        var isListingTold = false
        /// How many copies are made, or wait for their turn.
        var running = 0
        /// The connections to interrupt when the store is closed.
        var open: [DatabaseQueue] = []
    }

    /// The longest that ``close()`` waits for a copy that was interrupted.
    private static let closeLimit = Duration.seconds(2)

    private let writer: BatchWriter
    private let version: Int
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "kmi.state.backup", qos: .utility)

    init(writer: BatchWriter, version: Int) {
        self.writer = writer
        self.version = version
    }

    /// Makes a copy, removes regular ones beyond a number, and returns the name of the new one.
    ///
    /// Whoever does not wait for others gets an error while one is made.
    func make(keeping count: Int?, waitingForOthers: Bool = true) async throws(StateStoreError) -> String {
        let isFree = self.state.withLock { state in
            guard state.running == 0 || waitingForOthers else { return false }
            state.running += 1
            return true
        }
        guard isFree else { throw Self.busy }
        defer { self.state.withLock { $0.running -= 1 } }
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<BackupName, StateStoreError>, Never>) in
            self.queue.async { continuation.resume(returning: self.result(keeping: count)) }
        }
        return try result.get().text
    }

    private static let busy = StateStoreError(
        .locked, "a copy of the state is being made already; try again when it is complete")

    /// When the newest copy that is not from the future was made.
    ///
    /// A failure is counted, and told of once until it works again.
    func newest(before now: WallTime) async throws(StateStoreError) -> WallTime? {
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<WallTime?, StateStoreError>, Never>) in
            self.queue.async { continuation.resume(returning: self.listed(before: now)) }
        }
        return try result.get()
    }

    /// On the queue of copies only.
    private func listed(before now: WallTime) -> Result<WallTime?, StateStoreError> {
        do throws(StateStoreError) {
            let times = try self.writer.files.backupNames().map(\.time).filter { $0 <= now }
            self.state.withLock { $0.isListingTold = false }
            return .success(times.max())
        } catch {
            self.writer.state.withLock { $0.statistics.backupFailures += 1 }
            let isTold = self.state.withLock { state in
                defer { state.isListingTold = true }
                return state.isListingTold
            }
            if !isTold {
                self.writer.logger.error(
                    "copies of the state database not listed, so none is made; it is tried again",
                    metadata: ["event": "state_backup_failed", "reason": "\(error)"])
            }
            return .failure(error)
        }
    }

    /// Interrupts the copy that is being made, and makes no other.
    func close() async {
        let open = self.state.withLock { state in
            state.isClosed = true
            return state.open
        }
        guard !open.isEmpty else { return }
        for connection in open { connection.interrupt() }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let waiter = Waiter(continuation)
            self.queue.async { waiter.resume() }
            self.writer.after(Self.closeLimit) { waiter.resume() }
        }
    }

    /// On the queue of copies only.
    private func result(keeping count: Int?) -> Result<BackupName, StateStoreError> {
        let clock = self.writer.retention.withLock { $0.clock }
        do throws(StateStoreError) {
            let name = try self.copy(at: clock(), isRegular: count != nil)
            self.writer.state.withLock { state in
                state.statistics.backups += 1
                state.statistics.lastBackup = clock()
            }
            self.writer.logger.notice(
                "copied the state database",
                metadata: ["event": "state_backup", "file": "\(name.text)", "schema": "\(self.version)"])
            if let count { try self.writer.files.removeSurplus(keeping: count, besides: name) }
            return .success(name)
        } catch {
            // Damage of the database is told of as such, once.
            let isTold = error.code == .damaged && self.writer.state.withLock { $0.statistics.damage != nil }
            if error.code != .closed, error.code != .cancelled, !isTold {
                self.writer.state.withLock { $0.statistics.backupFailures += 1 }
                self.writer.logger.error(
                    "state database not copied",
                    metadata: ["event": "state_backup_failed", "reason": "\(error)"])
            }
            return .failure(error)
        }
    }

    private func copy(at now: WallTime, isRegular: Bool) throws(StateStoreError) -> BackupName {
        guard self.writer.files.identity() == self.writer.identity else { throw BatchWriter.removed }
        // A copy of it would take the place of a sound one.
        if let damage = self.writer.state.withLock({ $0.statistics.damage }) {
            throw StateStoreError(
                .damaged, "\(damage); a damaged database is not copied; \(Self.advice)", finding: damage)
        }
        defer { self.state.withLock { $0.open = [] } }
        let doing = "copying the state database"
        let source = try self.onDatabase(doing) {
            try DatabaseQueue(path: self.writer.files.database, configuration: DatabaseOpening.configuration())
        }
        try StateStoreError.describing(doing) { try self.note(source) }
        do throws(StateStoreError) {
            let name = try Backup(files: self.writer.files).make(
                source, version: self.version, now: now, isRegular: isRegular, open: self.note)
            try StateStoreError.describing(doing) { try source.close() }
            return name
        } catch {
            // It may be the copy alone that is not sound.
            if error.code == .damaged { try self.examine(source) }
            throw error
        }
    }

    /// Looks at the whole database itself.
    private func examine(_ source: DatabaseQueue) throws(StateStoreError) {
        if self.state.withLock({ $0.isClosed }) { throw BatchWriter.closed }
        try self.onDatabase("checking the state database") {
            try source.read { try DatabaseCheck.verify($0, isThorough: true, advice: Self.advice) }
        }
    }

    /// Does something with the database itself, and notes damage that is met there.
    private func onDatabase<Value>(_ doing: String, _ body: () throws -> Value) throws(StateStoreError) -> Value {
        do throws(StateStoreError) {
            return try StateStoreError.describing(doing, body)
        } catch {
            if error.code == .damaged { self.writer.note(damage: error) }
            throw error
        }
    }

    /// What to do about damage that is met while the daemon runs.
    private static let advice = "stop the daemon and restore a copy with `kmid restore`"

    private func note(_ connection: DatabaseQueue) throws {
        let isClosed = self.state.withLock { state in
            state.open.append(connection)
            return state.isClosed
        }
        if isClosed { throw BatchWriter.closed }
    }

    /// Whoever waits is told once.
    private final class Waiter: Sendable {
        private let continuation: Mutex<CheckedContinuation<Void, Never>?>

        init(_ continuation: CheckedContinuation<Void, Never>) {
            self.continuation = Mutex(continuation)
        }

        func resume() {
            self.continuation.withLock { continuation in
                defer { continuation = nil }
                return continuation
            }?.resume()
        }
    }
}
