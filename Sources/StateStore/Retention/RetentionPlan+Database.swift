internal import GRDB
internal import ProxyCore

extension RetentionPlan.Facts {
    /// Measures a database whose files have these sizes.
    ///
    /// After each transaction: the statements are kept.
    static func measure(_ pool: DatabasePool, _ sizes: StateFiles.Sizes) throws -> RetentionPlan.Facts {
        try pool.writeWithoutTransaction { database in
            func number(_ pragma: String) throws -> Int {
                var statement = try RowStatement(pragma, in: database)
                return Int(clamping: try statement.number())
            }
            var facts = RetentionPlan.Facts()
            facts.pageSize = try number("PRAGMA page_size")
            facts.pages = try number("PRAGMA page_count")
            facts.freePages = try number("PRAGMA freelist_count")
            facts.canGiveBack = try number("PRAGMA auto_vacuum") == 2
            facts.fileBytes = Int(clamping: sizes.database)
            facts.logBytes = Int(clamping: sizes.log)
            return facts
        }
    }
}

extension RetentionPlan.Step {
    /// Takes the step, and returns how many requests or sums it deleted or how many pages it gave back.
    ///
    /// It waits for nobody's lock, and does not wait for the disk either: what is deleted may come back after a loss of power, and the
    /// next step deletes it again. Synced transactions are for what is handed over (K-049).
    func take(on pool: DatabasePool, _ deleted: inout Tally) throws -> Int {
        var tally: Tally = [:]
        let count = try pool.writeWithoutTransaction { database in
            if database.isInsideTransaction { try database.rollback() }
            try database.execute(sql: "PRAGMA busy_timeout = 0")
            try database.execute(sql: "PRAGMA synchronous = NORMAL")
            let result = Result { try self.take(in: database, &tally) }
            if database.isInsideTransaction { try database.rollback() }
            try database.execute(sql: DatabaseOpening.setBusyTimeout)
            try database.execute(sql: DatabaseOpening.setSynchronous)
            return try result.get()
        }
        deleted.add(tally)
        return count
    }

    private func take(in database: Database, _ tally: inout Tally) throws -> Int {
        switch self {
        case .deleteRequests(let before, let count, let pages):
            return try Self.deleteRequests(
                "SELECT number FROM requests INDEXED BY requests_by_time WHERE received_at < ? ORDER BY received_at LIMIT ?",
                [before.microseconds, count], freeing: pages, in: database, &tally)
        case .deleteOldestRequests(let count, let pages):
            return try Self.deleteRequests(
                "SELECT number FROM requests NOT INDEXED ORDER BY number LIMIT ?", [count], freeing: pages,
                in: database, &tally)
        case .deleteSpending(let before):
            var count = 0
            try database.inTransaction(.immediate) {
                try database.cachedStatement(
                    sql: """
                        DELETE FROM spending
                        WHERE hour = (SELECT min(hour) FROM spending) AND hour + 3600000000 <= ?
                        """
                ).execute(arguments: [before.microseconds])
                count = database.changesCount
                return .commit
            }
            if count > 0 { tally.add(.spending, UInt64(count)) }
            return count
        case .deleteAudit(let before, let most):
            var count = 0
            try database.inTransaction(.immediate) {
                count = try AuditTable.delete(before: before, atMost: most, in: database)
                return .commit
            }
            if count > 0 { tally.add(.audit, UInt64(count)) }
            return count
        case .giveBack(let pages):
            let before = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            // A pragma takes no arguments; this is a number of this program, no data. Each of its rows is a page.
            let rows = try Row.fetchCursor(database, sql: "PRAGMA incremental_vacuum(\(pages))")
            while try rows.next() != nil {}
            return before - (try Int.fetchOne(database, sql: "PRAGMA page_count") ?? before)
        case .checkpoint:
            _ = try Row.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            return 0
        }
    }

    private static func deleteRequests(
        _ selection: String, _ arguments: StatementArguments, freeing pages: Int, in database: Database,
        _ tally: inout Tally
    ) throws -> Int {
        var counted: Tally = [:]
        var count = 0
        try database.inTransaction(.immediate) {
            let numbers = try Int64.fetchAll(database.cachedStatement(sql: selection), arguments: arguments)
            // References delete these as well, but do not tell how many they were.
            let statements: [(StoreStatistics.Table, Statement)] = [
                (.bodies, try database.cachedStatement(sql: "DELETE FROM bodies WHERE request = ?")),
                (.attempts, try database.cachedStatement(sql: "DELETE FROM attempts WHERE request = ?")),
                (.requests, try database.cachedStatement(sql: "DELETE FROM requests WHERE number = ?")),
            ]
            // What the header of the database tells, also within a transaction.
            let freePages = try database.cachedStatement(sql: "PRAGMA freelist_count")
            let enough = (try Int.fetchOne(freePages) ?? 0) + pages
            for number in numbers {
                count += 1
                for (table, statement) in statements {
                    try statement.execute(arguments: [number])
                    if database.changesCount > 0 { counted.add(table, UInt64(database.changesCount)) }
                }
                if try Int.fetchOne(freePages) ?? 0 >= enough { break }
            }
            return .commit
        }
        tally.add(counted)
        return count
    }
}
