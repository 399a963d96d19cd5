internal import GRDB
internal import ProxyCore

/// What was done to the daemon, and what it refused: `audit`.
enum AuditTable {
    /// Writes an event; one that happened again takes the place of its earlier row.
    static func insert(_ event: AuditEvent, into database: Database, _ tally: inout Tally) throws {
        try database.cachedStatement(
            sql: """
                INSERT INTO audit (at, last_at, actor, action, target, result, detail, count, fold)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (fold) WHERE fold IS NOT NULL
                DO UPDATE SET last_at = excluded.last_at, count = excluded.count
                """
        ).execute(
            arguments: [
                event.at.microseconds, event.lastAt.microseconds, event.actor, event.action, event.target,
                event.result.rawValue, event.detail, max(1, event.count), event.fold,
            ])
        tally.add(.audit)
    }

    /// Reads a page, the newest event first; malformed rows are counted and passed over.
    ///
    /// `next` is the number before which the next page begins; `nil` if there is none.
    static func page(
        _ query: AuditQuery, before number: Int64?, in database: Database, _ malformed: inout Tally
    ) throws -> (records: [AuditRecord], next: Int64?) {
        var values: [(any DatabaseValueConvertible)?] = [
            number ?? .max, query.since?.microseconds ?? .min, query.until?.microseconds ?? .max,
        ]
        if let action = query.action { values.append(action) }
        values.append(query.limit + 1)
        let statement = try database.cachedStatement(sql: query.action == nil ? Self.all : Self.ofAction)
        let rows = try Row.fetchAll(statement, arguments: StatementArguments(values))
        var records: [AuditRecord] = []
        for row in rows.prefix(query.limit) {
            if let record = Self.record(row) { records.append(record) } else { malformed.add(.audit) }
        }
        return (records, rows.count > query.limit ? rows[query.limit - 1].large("number") : nil)
    }

    /// Deletes the oldest events of those that last happened before; returns how many.
    static func delete(before time: WallTime, atMost count: Int, in database: Database) throws -> Int {
        try database.cachedStatement(
            sql: """
                DELETE FROM audit WHERE number IN (
                    SELECT number FROM audit INDEXED BY audit_by_time WHERE last_at < ? ORDER BY last_at LIMIT ?)
                """
        ).execute(arguments: [time.microseconds, count])
        return database.changesCount
    }

    private static let all = """
        SELECT * FROM audit WHERE number < ? AND last_at >= ? AND at < ? ORDER BY number DESC LIMIT ?
        """

    private static let ofAction = """
        SELECT * FROM audit WHERE number < ? AND last_at >= ? AND at < ? AND action = ? ORDER BY number DESC LIMIT ?
        """

    private static func record(_ row: Row) -> AuditRecord? {
        guard let number = row.large("number"), let at = row.large("at"), let last = row.large("last_at"),
            let actor = row.text("actor"), let action = row.text("action"), let target = row.text("target"),
            let result = row.text("result").flatMap(AuditEvent.Result.init(rawValue:)),
            let detail = row.text("detail"), let count = row.large("count"), count >= 1
        else { return nil }
        var event = AuditEvent(
            at: WallTime(microseconds: at), actor: actor, action: action, target: target, result: result,
            detail: detail)
        event.lastAt = WallTime(microseconds: last)
        event.count = count
        event.fold = row.large("fold")
        return AuditRecord(number: number, event: event)
    }
}
