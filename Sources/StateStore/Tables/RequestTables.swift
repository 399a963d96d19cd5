internal import GRDB
internal import ProxyCore

/// Requests that have ended and their attempts: `requests` and `attempts`.
enum RequestTables {
    /// Reads a page, the newest record first.
    ///
    /// `next` is the number before which the next page begins; `nil` if there is none. Not all candidates may be looked
    /// at, so that a page may be short, or empty, although it is not the last. Bodies are not read.
    static func page(
        _ query: RequestQuery, before number: Int64?, limits: RequestSearch.Limits = RequestSearch.Limits(),
        in database: Database, _ malformed: inout Tally
    ) throws -> (records: [RequestRecord], next: Int64?) {
        guard var plan = try RequestSearch(query, before: number, limits: limits, in: database) else {
            return ([], nil)
        }
        let end = try plan.narrow(in: database)
        let rows = try plan.page(of: query.limit + 1, in: database)
        var records: [RequestRecord] = []
        for row in rows.prefix(query.limit) {
            if let record = try Self.record(row, in: database, &malformed) { records.append(record) }
        }
        let isFull = rows.count > query.limit
        return (records, isFull ? rows[query.limit - 1].large("number") : end)
    }

    /// The newest record of that id, with its bodies.
    static func newest(
        _ id: String, in database: Database, _ malformed: inout Tally
    ) throws -> RequestRecord? {
        let rows = try Row.fetchCursor(
            database, sql: "SELECT * FROM requests WHERE id = ? ORDER BY number DESC", arguments: [id])
        while let row = try rows.next() {
            let row = row.copy()
            guard var record = try Self.record(row, in: database, &malformed), let number = row.large("number")
            else { continue }
            record.bodies = try BodyTable.load(of: number, in: database, &malformed)
            return record
        }
        return nil
    }

    /// A record with its attempts; `nil` if one of them is malformed.
    private static func record(
        _ row: Row, in database: Database, _ malformed: inout Tally
    ) throws -> RequestRecord? {
        guard var record = Self.head(row), let number = row.large("number") else {
            malformed.add(.requests)
            return nil
        }
        let attempts = try Row.fetchAll(
            database.cachedStatement(
                sql: """
                    SELECT * FROM attempts WHERE request = ? ORDER BY position
                    """), arguments: [number])
        for row in attempts {
            guard let attempt = Self.attempt(row) else {
                malformed.add(.attempts)
                return nil
            }
            record.attempts.append(attempt)
        }
        return record
    }

    private static func head(_ row: Row) -> RequestRecord? {
        guard let id = row.text("id"), let receivedAt = row.large("received_at"),
            let dialect = row.text("dialect").flatMap(Dialect.init(rawValue:)),
            let client = row.optional("client", ClientName.init),
            let model = row.optional("model", ModelName.init),
            let provider = row.optional("provider", ProviderName.init),
            let key = row.optional("key", KeyLabel.init),
            let errorClass = row.optional("error_class", ErrorClass.init(rawValue:)),
            let status = row.integer("status"),
            let isStream = row.flag("is_stream"),
            let outcome = row.text("outcome").flatMap(RequestRecord.Outcome.init(rawValue:)),
            let duration = row.large("duration_ns")
        else { return nil }
        var record = RequestRecord(id: id, receivedAt: WallTime(microseconds: receivedAt), dialect: dialect)
        record.client = client
        record.project = row.text("project")
        record.model = model
        record.provider = provider
        record.key = key
        record.status = status
        record.errorClass = errorClass
        record.isStream = isStream
        record.outcome = outcome
        record.duration = .nanoseconds(duration)
        record.firstByte = row.large("first_byte_ns").map { .nanoseconds($0) }
        record.caller = ObservedCaller(row)
        return record
    }

    private static func attempt(_ row: Row) -> RequestRecord.Attempt? {
        guard let key = row.text("key").flatMap(KeyLabel.init),
            let provider = row.text("provider").flatMap(ProviderName.init),
            let errorClass = row.optional("error_class", ErrorClass.init(rawValue:)),
            let duration = row.large("duration_ns"),
            let selection = row.optional("selection", KeySelection.init(rawValue:)),
            let isPossiblyBilled = row.flag("is_possibly_billed"), let waited = row.large("waited_ns"),
            let passedOver = row.optional("passed_over", PassedOverList.read)
        else { return nil }
        var attempt = RequestRecord.Attempt(
            key: key, provider: provider, errorClass: errorClass, status: row.integer("status"),
            duration: .nanoseconds(duration))
        attempt.selection = selection
        attempt.isPossiblyBilled = isPossiblyBilled
        attempt.decidedBy = row.text("decided_by")
        attempt.waited = .nanoseconds(waited)
        attempt.passedOver = passedOver ?? []
        return AttemptUsage.read(row, into: &attempt) ? attempt : nil
    }
}
