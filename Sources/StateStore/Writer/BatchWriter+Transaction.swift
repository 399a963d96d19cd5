internal import GRDB
internal import ProxyCore

extension Batch {
    /// Writes everything in one transaction, or nothing.
    ///
    /// Changes that contradict what is stored fail alone, as does a row that can never be written; anything else ends the
    /// whole transaction with an error.
    func write(to pool: DatabasePool, over memory: DispatchMemory) throws(StateStoreError) -> BatchResult {
        do {
            return try self.write(to: pool, over: memory, eachRowAlone: false)
        } catch  where !error.isEnvironmental && !(self.rows.isEmpty && self.audits.isEmpty) {
            // Nothing of it is written. One of the rows may be what cannot be, so that each gets a savepoint of its own,
            // which would cost as much as the row itself with every transaction.
            return try self.write(to: pool, over: memory, eachRowAlone: true)
        }
    }

    private func write(
        to pool: DatabasePool, over memory: DispatchMemory, eachRowAlone: Bool
    ) throws(StateStoreError) -> BatchResult {
        try StateStoreError.describing("writing state") {
            try pool.writeWithoutTransaction { database in
                var result = BatchResult(memory: memory)
                if database.isInsideTransaction { try database.rollback() }
                try database.inKeptTransaction {
                    for group in self.groups {
                        try CountTables.add(group.countsBefore, to: database, &result.writes)
                        try Self.remember(group.memoryBefore, in: database, &result)
                        try group.write(to: database, &result)
                    }
                    try CountTables.add(self.counts, to: database, &result.writes)
                    try SpendingTables.add(self.spending, to: database, &result.writes)
                    try Self.remember(self.memory, in: database, &result)
                    try NonceTable.add(
                        self.nonces.nonces, endedBy: self.nonces.latest, to: database, &result.writes)
                    if eachRowAlone {
                        for event in self.audits { try Self.insert(event, into: database, &result) }
                        for row in self.rows { try Self.insert(row, into: database, &result) }
                    } else {
                        try self.insertRows(into: database, &result)
                    }
                }
                return result
            }
        }
    }

    private func insertRows(into database: Database, _ result: inout BatchResult) throws {
        for event in self.audits { try AuditTable.insert(event, into: database, &result.writes) }
        guard !self.rows.isEmpty else { return }
        var rows = try RequestRows(database)
        var attempts = 0
        for record in self.rows {
            try rows.insert(record, &result.writes)
            attempts += record.attempts.count
        }
        result.writes.add(.requests, UInt64(self.rows.count))
        if attempts > 0 { result.writes.add(.attempts, UInt64(attempts)) }
    }

    fileprivate static func remember(
        _ memory: DispatchMemory?, in database: Database, _ result: inout BatchResult
    ) throws {
        guard let memory else { return }
        try MemoryTables.write(memory, over: result.memory, to: database, &result.writes)
        result.memory = memory
    }

    private static func insert(
        _ event: AuditEvent, into database: Database, _ result: inout BatchResult
    ) throws {
        var writes: Tally = [:]
        do {
            try database.inSavepoint {
                try AuditTable.insert(event, into: database, &writes)
                return .commit
            }
            result.writes.add(writes)
        } catch {
            guard !StateStoreError(error, while: "writing an audit event").isEnvironmental else { throw error }
            result.dropped.add(.audit)
        }
    }

    private static func insert(
        _ record: RequestRecord, into database: Database, _ result: inout BatchResult
    ) throws {
        var writes: Tally = [:]
        do {
            try database.inSavepoint {
                var rows = try RequestRows(database)
                try rows.insert(record, &writes)
                return .commit
            }
            result.writes.add(writes)
            result.writes.add(.requests)
            if !record.attempts.isEmpty { result.writes.add(.attempts, UInt64(record.attempts.count)) }
        } catch {
            guard !StateStoreError(error, while: "writing a request").isEnvironmental else { throw error }
            result.dropped.add(.requests)
            result.dropped.add(.attempts, UInt64(record.attempts.count))
            if record.bodies != nil { result.dropped.add(.bodies) }
        }
    }
}

extension ChangeGroup {
    fileprivate func write(to database: Database, _ result: inout BatchResult) throws {
        var attempt = result
        do {
            try database.inSavepoint {
                for change in self.changes { try change.write(to: database, &attempt) }
                return .commit
            }
            result = attempt
        } catch {
            let failure = StateStoreError(error, while: "changing state")
            guard !failure.isEnvironmental else { throw error }
            result.refused[self.id] = failure
        }
    }
}

extension StateChange {
    fileprivate func write(to database: Database, _ result: inout BatchResult) throws {
        switch self {
        case .override(let subject, let override):
            try ChangeTables.set(subject, to: override, in: database, &result.writes)
        case .prepareKey(let label, let place):
            try ProvisioningTables.prepare(label, storingIn: place, in: database, &result.writes)
        case .addKey(let key): try ChangeTables.add(key, to: database, &result.writes)
        case .changeKey(let key): try ChangeTables.change(key, in: database, &result.writes)
        case .removeKey(let label): try ChangeTables.remove(label, from: database, &result.writes)
        case .forgetSecret(let secret): try ProvisioningTables.forget(secret, in: database, &result.writes)
        case .addProvider(let provider): try ProvisioningTables.add(provider, to: database, &result.writes)
        case .removeProvider(let name): try ProvisioningTables.remove(name, from: database, &result.writes)
        case .addClient(let client): try ChangeTables.add(client, to: database, &result.writes)
        case .removeClient(let name): try ChangeTables.remove(name, from: database, &result.writes)
        case .memory(let memory): try Batch.remember(memory, in: database, &result)
        case .forgetErrors(let labels): try CountTables.forgetErrors(of: labels, in: database, &result.writes)
        case .audit(let event): try AuditTable.insert(event, into: database, &result.writes)
        }
    }
}

extension Database {
    /// Runs `body` in a transaction that takes the lock at once, with statements that are kept.
    func inKeptTransaction(_ body: () throws -> Void) throws {
        try self.cachedStatement(sql: "BEGIN IMMEDIATE TRANSACTION").execute()
        do {
            try body()
            try self.cachedStatement(sql: "COMMIT TRANSACTION").execute()
        } catch {
            // The error may have ended it already; what even this does not end, the next one ends before it begins.
            if self.isInsideTransaction { _ = Result { try self.rollback() } }
            throw error
        }
    }
}
