internal import GRDB
public import Logging
public import ProxyCore
internal import Synchronization

/// What the daemon knows across restarts: one SQLite database with one writer and several readers (K-017, T-032).
///
/// The caller owns and has locked the directory; one store at a time. Counts and memory are as durable as the last
/// committed batch: 50 ms and a write after they were handed over (K-049). Whatever happens to the disk, handing over
/// neither waits nor fails (K-034, T-011).
public final class StateStore: Sendable {
    /// How many request rows may wait for the disk.
    public static let rowLimit = 8192
    /// How long a reader waits for rows that are on their way to the disk.
    public static let settleLimit = Duration.milliseconds(200)

    /// The version of SQLite that is linked.
    public let sqliteVersion: String

    /// The files that were open to others until ``open(directory:logger:now:)`` closed them.
    public let repairedFiles: [String]

    let writer: BatchWriter
    private let settleLimit: Duration
    private let backups: BackupMaker
    /// What the start has left out; `nil` if it looked at everything.
    private let check: HistoryCheck?
    private let installation: Installation

    /// Opens the database in a directory, makes it if there is none, and migrates it if it is older.
    ///
    /// Blocks: for the start only. A database that is newer, foreign or damaged is refused and left as it is (K-037);
    /// before a migration a copy goes to `backups/`. The history in a large one is only looked at by
    /// ``checkInBackground()``.
    public static func open(
        directory: String, logger: Logger, now: WallTime
    ) throws(StateStoreError) -> StateStore {
        try Self.open(
            directory: directory, logger: logger, now: now, migrations: Migration.all, rowLimit: Self.rowLimit)
    }

    /// As ``open(directory:logger:now:)``, with other migrations and other bounds.
    static func open(
        directory: String, logger: Logger, now: WallTime, migrations: [Migration], rowLimit: Int,
        settleLimit: Duration = StateStore.settleLimit, wholePages: Int = DatabaseCheck.wholePages
    ) throws(StateStoreError) -> StateStore {
        let opening = DatabaseOpening(
            files: StateFiles(directory: directory), migrator: Migrator(migrations: migrations), logger: logger,
            now: now, wholePages: wholePages)
        let opened = try opening.open()
        return try StateStoreError.describing("reading state") {
            try StateStore(opened, opening, rowLimit: rowLimit, settleLimit: settleLimit)
        }
    }

    private init(
        _ opened: DatabaseOpening.Opened, _ opening: DatabaseOpening, rowLimit: Int, settleLimit: Duration
    ) throws {
        let pool = opened.pool
        self.repairedFiles = opened.repaired
        self.settleLimit = settleLimit
        var malformed: Tally = [:]
        let (installation, memory, version) = try pool.read { database in
            (
                try Installation.load(database), try MemoryTables.load(database, &malformed),
                try String.fetchOne(database, sql: "SELECT sqlite_version()")
            )
        }
        self.sqliteVersion = version ?? "unknown"
        self.installation = installation
        self.writer = BatchWriter(
            pool: pool, files: opening.files, logger: opening.logger, rowLimit: rowLimit, memory: memory)
        self.backups = BackupMaker(writer: self.writer, version: opening.migrator.newest)
        self.check = opened.isChecked ? nil : HistoryCheck(writer: self.writer)
        let lastBackup = try opening.files.newestRegularBackup(before: opening.now)
        self.writer.state.withLock { state in
            state.statistics.lastBackup = lastBackup
            let sizes = opening.files.sizes()
            state.statistics.bytes = sizes.database + sizes.log
            state.statistics.walBytes = sizes.log
        }
    }

    /// Reads what the daemon knew when it last ran; malformed rows are counted and passed over.
    ///
    /// Blocks: for the start only.
    public func load() throws(StateStoreError) -> StoredState {
        var malformed: Tally = [:]
        let state = try StateStoreError.describing("reading state") {
            try self.writer.pool.read { database in
                var state = StoredState(installationKey: self.installation.key)
                state.counts = try CountTables.load(database, &malformed)
                state.memory = try MemoryTables.load(database, &malformed)
                state.changes = try ChangeTables.load(database, &malformed)
                state.nonces = try NonceTable.load(database, &malformed)
                return state
            }
        }
        self.writer.quarantine(malformed)
        return state
    }

    /// Hands over a request that has ended; never waits.
    ///
    /// If ``rowLimit`` rows wait already, the oldest of them is given up and counted; its part of the counts is not.
    public func append(_ record: RequestRecord) {
        self.writer.append(record)
    }

    /// Hands over an event for the audit; never waits.
    ///
    /// One with a ``AuditEvent/fold`` replaces what was handed over of it before. If 4,096 wait already, it is given up, counted and
    /// told to the log.
    public func append(_ event: AuditEvent) {
        self.writer.append(event)
    }

    /// Hands over the nonce of a signed request that was let through; never waits.
    ///
    /// If 65,536 wait already, because the disk has failed for long, it is given up and counted.
    public func append(_ nonce: UsedNonce, at now: WallTime) {
        self.writer.append(nonce, at: now)
    }

    /// Hands over what is to be remembered of the pool, instead of what was; never waits.
    public func remember(_ memory: DispatchMemory) {
        self.writer.remember(memory)
    }

    /// Makes changes together or not at all, and returns when they are on disk (K-013).
    ///
    /// A failure of the disk is reported at once, the change is then not kept. Only an error of code `timedOut`, after
    /// 10 s, may leave it open whether it is.
    public func commit(_ changes: [StateChange]) async throws(StateStoreError) {
        try await self.writer.commit(changes)
    }

    /// Reads requests, the newest first, and where the next page begins; empty if this one is the last.
    ///
    /// Rows that wait for the writer are waited for, at most ``settleLimit``. A page may be short, or empty, although it is not
    /// the last: malformed rows are counted and passed over, and at most 100,000 candidates are looked at.
    public func requests(
        _ query: RequestQuery
    ) async throws(StateStoreError) -> (records: [RequestRecord], next: String) {
        guard (1...1000).contains(query.limit) else {
            throw StateStoreError(.invalidLimit, "a page has 1 to 1,000 requests, not \(query.limit)")
        }
        let before =
            query.cursor.isEmpty
            ? nil : try RequestCursor(query.cursor, mark: self.installation.mark).number
        let page = try await self.read("reading requests") { database, malformed in
            try RequestTables.page(query, before: before, in: database, &malformed)
        }
        let next = page.next.map { RequestCursor(number: $0).text(mark: self.installation.mark) }
        return (page.records, next ?? "")
    }

    /// Reads events of the audit, the newest first, and where the next page begins; empty if this one is the last.
    ///
    /// What waits for the writer is waited for, at most ``settleLimit``. Malformed rows are counted and passed over.
    public func audit(_ query: AuditQuery) async throws(StateStoreError) -> (records: [AuditRecord], next: String) {
        guard (1...1000).contains(query.limit) else {
            throw StateStoreError(.invalidLimit, "a page has 1 to 1,000 events, not \(query.limit)")
        }
        let mark = AuditCursor.mark(of: self.installation.mark)
        let before = query.cursor.isEmpty ? nil : try RequestCursor(query.cursor, mark: mark).number
        let page = try await self.read("reading the audit") { database, malformed in
            try AuditTable.page(query, before: before, in: database, &malformed)
        }
        return (page.records, page.next.map { RequestCursor(number: $0).text(mark: mark) } ?? "")
    }

    /// Reads the newest request of that id; `nil` if there is none.
    public func request(id: String) async throws(StateStoreError) -> RequestRecord? {
        try await self.read("reading a request") { database, malformed in
            try RequestTables.newest(id, in: database, &malformed)
        }
    }

    /// Counts the requests that a query lets through by the key that they used last; its limit and cursor do not matter.
    public func summary(_ query: RequestQuery) async throws(StateStoreError) -> [RequestTally] {
        try await self.read("counting requests") { database, malformed in
            try RequestTables.summary(query, in: database, &malformed)
        }
    }

    /// Sums what was used and spent, in the order of the axes that it is told apart by.
    ///
    /// Rows that wait for the writer are waited for, at most ``settleLimit``. Malformed rows are counted and passed over. More than
    /// ``SpendingQuery/rowLimit`` sums are an error of code `invalidLimit`.
    public func spending(_ query: SpendingQuery) async throws(StateStoreError) -> [SpendingRow] {
        try await self.read("summing what was spent") { database, malformed in
            try SpendingTables.sums(query, in: database, &malformed)
        }
    }

    /// Limits from now on what is kept; what is over the limits goes in small steps, between transactions (K-014, K-015).
    ///
    /// Never waits. The clock tells ages; without one it is the machine's. It is called on the writer's thread.
    public func setRetention(_ retention: Retention, clock: (@Sendable () -> WallTime)? = nil) {
        self.writer.set(retention, clock: clock ?? RetentionState.machineClock)
    }

    /// Makes a consistent, verified copy in `backups/` while requests go on, and returns the name of the file.
    ///
    /// With a number it is one of the regular copies, of which only so many of the newest are kept, those from the future going
    /// first; without one it stays until a person removes it. Copies from before a migration stay too. One is made at a time. An error of code `cancelled` or
    /// `closed` means that the store was closed meanwhile.
    ///
    /// Whoever does not wait for others gets an error of code `locked` while a copy is made.
    public func backUp(keeping count: Int?, waitingForOthers: Bool = true) async throws(StateStoreError) -> String {
        await self.writer.settle(within: self.settleLimit)
        return try await self.backups.make(keeping: count, waitingForOthers: waitingForOthers)
    }

    /// Where copies lie.
    public var backupDirectory: String { self.writer.files.backups }

    /// When the newest copy in `backups/` that is not from the future was made; `nil` if there is none.
    ///
    /// A failure is counted as one of copies, and told of once until it works again.
    public func newestBackup(before now: WallTime) async throws(StateStoreError) -> WallTime? {
        try await self.backups.newest(before: now)
    }

    /// Looks in the background at what the opening has left out: the history in a database of more than 8 MiB.
    ///
    /// Never waits. Damage that is found is told to the log and by ``trouble``; nothing is deleted or copied from then on, and the
    /// next opening looks at everything and refuses the database (K-037).
    public func checkInBackground() {
        self.check?.begin()
    }

    /// What the store did since it was opened.
    public var statistics: StoreStatistics { self.writer.statistics() }

    /// One word for why state is not written: `full`, `read_only`, `locked` or `io`; when the last write worked `damaged` if
    /// damage of the database was found, else `nil`.
    public var trouble: String? { self.writer.trouble() }

    /// Has a closure called when writing fails and when it works again; it may also be called when nothing has changed.
    ///
    /// It must not wait. It runs on the writer's thread, or on that of whatever has found damage: the look at the whole database,
    /// or a copy.
    public func onTrouble(_ body: @escaping @Sendable () -> Void) {
        self.writer.troubleObserver.withLock { $0 = body }
    }

    /// Has a closure called on the writer's thread when its turn comes, after what is being written.
    ///
    /// Never waits.
    public func giveSign(_ sign: @escaping @Sendable () -> Void) {
        self.writer.giveSign(sign)
    }

    /// Ends a copy and a look at the whole database that are under way, writes what waits and closes the database; every change
    /// that waits is answered.
    ///
    /// It waits up to 2 s for the copy, 2 s for the look and 5 s for the disk. What is handed over once the writer is closed is
    /// given up.
    public func close() async {
        await self.backups.close()
        await self.check?.close()
        await self.writer.close()
    }

    private func read<Value: Sendable>(
        _ doing: String, _ body: @escaping @Sendable (Database, inout Tally) throws -> Value
    ) async throws(StateStoreError) -> Value {
        await self.writer.settle(within: self.settleLimit)
        guard self.writer.state.withLock({ $0.phase != .closed }) else { throw BatchWriter.closed }
        do {
            let (value, malformed) = try await self.writer.pool.read { database in
                var malformed: Tally = [:]
                return (try body(database, &malformed), malformed)
            }
            self.writer.quarantine(malformed)
            return value
        } catch {
            guard self.writer.state.withLock({ $0.phase != .closed }) else { throw BatchWriter.closed }
            let failure = StateStoreError(error, while: doing)
            // Where waiting for the disk holds up nobody who asks.
            if failure.code == .damaged { self.writer.giveSign { self.writer.note(damage: failure) } }
            throw failure
        }
    }
}
