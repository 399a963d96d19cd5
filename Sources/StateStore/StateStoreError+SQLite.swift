internal import GRDB

extension StateStoreError {
    /// Tells in the words of this program what SQLite reported.
    ///
    /// The text is SQLite's own message with its code; no value of a statement is in it.
    init(_ error: any Error, while doing: String) {
        if let error = error as? StateStoreError {
            self = error
            return
        }
        guard let error = error as? DatabaseError else {
            self =
                error is CancellationError
                ? StateStoreError(.cancelled, "\(doing): nobody waits for the answer any more")
                : StateStoreError(.internalFault, "\(doing): \(error)")
            return
        }
        let detail = "\(error.message ?? "no message") (SQLite \(error.extendedResultCode.rawValue))"
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(.full, "\(doing): no space left for the state database; free some space. \(detail)")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            self.init(
                .readOnly,
                "\(doing): the state database cannot be written to; make its directory and file system writable. "
                    + detail)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(
                .damaged, "\(doing): the state database is damaged; restore a copy from backups/. \(detail)",
                finding: "\(doing): the state database is damaged. \(detail)")
        case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_RANGE, .SQLITE_TOOBIG:
            self.init(.conflict, "\(doing): it contradicts what is stored. \(detail)")
        case .SQLITE_INTERRUPT:
            self.init(.cancelled, "\(doing): interrupted. \(detail)")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(
                .locked,
                "\(doing): another process holds the state database; end it (`fuser state.sqlite` names it). \(detail)")
        case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_NOMEM, .SQLITE_PROTOCOL, .SQLITE_NOLFS:
            self.init(
                .inputOutput, "\(doing): the state database cannot be read or written; look at its disk. \(detail)")
        default:
            self.init(.internalFault, "\(doing): \(detail)")
        }
    }

    /// Runs something that may throw anything, and throws an error of this type instead.
    static func describing<Value>(
        _ doing: String, _ body: () throws -> Value
    ) throws(StateStoreError) -> Value {
        do {
            return try body()
        } catch {
            throw StateStoreError(error, while: doing)
        }
    }
}
