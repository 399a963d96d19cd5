internal import GRDB
internal import ProxyCore

/// Writes requests that have ended and their attempts, with statements that serve for a whole transaction.
struct RequestRows {
    private let database: Database
    private var request: RowStatement
    private var attempt: RowStatement

    init(_ database: Database) throws {
        self.database = database
        self.request = try RowStatement(Self.insertRequest, in: database)
        self.attempt = try RowStatement(Self.insertAttempt, in: database)
    }

    /// Writes a record, as the newest one.
    mutating func insert(_ record: RequestRecord, _ tally: inout Tally) throws {
        self.request.bind(record.id)
        self.request.bind(record.receivedAt.microseconds)
        self.request.bind(record.client?.text)
        self.request.bind(record.project)
        self.request.bind(record.dialect.rawValue)
        self.request.bind(record.model?.text)
        self.request.bind(record.provider?.text)
        self.request.bind(record.key?.text)
        self.request.bind(Int64(record.status))
        self.request.bind(record.errorClass?.rawValue)
        self.request.bind(record.isStream)
        self.request.bind(record.outcome.rawValue)
        self.request.bind(record.duration.nanoseconds)
        self.request.bind(record.firstByte?.nanoseconds)
        self.request.bind(record.caller?.userID)
        self.request.bind(record.caller?.user)
        self.request.bind(record.caller?.processID)
        self.request.bind(record.caller?.process)
        self.request.bind(record.caller?.unit)
        try self.request.run()
        let number = self.database.lastInsertedRowID
        for (position, attempt) in record.attempts.enumerated() {
            try self.insert(attempt, at: position, of: number)
        }
        if let bodies = record.bodies { try BodyTable.insert(bodies, of: number, into: self.database, &tally) }
    }

    private mutating func insert(_ attempt: RequestRecord.Attempt, at position: Int, of request: Int64) throws {
        self.attempt.bind(request)
        self.attempt.bind(Int64(position))
        self.attempt.bind(attempt.key.text)
        self.attempt.bind(attempt.provider.text)
        self.attempt.bind(attempt.errorClass?.rawValue)
        self.attempt.bind(attempt.status)
        self.attempt.bind(attempt.duration.nanoseconds)
        self.attempt.bind(attempt.selection?.rawValue)
        self.attempt.bind(attempt.isPossiblyBilled)
        self.attempt.bind(attempt.decidedBy)
        self.attempt.bind(attempt.waited.nanoseconds)
        self.attempt.bind(utf8: PassedOverList.bytes(of: attempt.passedOver))
        AttemptUsage.bind(attempt, to: &self.attempt)
        try self.attempt.run()
    }

    private static let insertRequest = """
        INSERT INTO requests (
            id, received_at, client, project, dialect, model, provider, key, status, error_class, is_stream,
            outcome, duration_ns, first_byte_ns, caller_uid, caller_user, caller_pid, caller_process, caller_unit
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    private static let insertAttempt = """
        INSERT INTO attempts (
            request, position, key, provider, error_class, status, duration_ns, selection,
            is_possibly_billed, decided_by, waited_ns, passed_over, \(AttemptUsage.columns)
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, \(AttemptUsage.placeholders))
        """
}
