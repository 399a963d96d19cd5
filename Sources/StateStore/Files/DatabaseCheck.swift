internal import GRDB

/// What is looked at of a database before it is used, and what of a large one only while it is.
enum DatabaseCheck {
    /// A database of at most so many pages (8 MiB) is looked at as a whole before it is used; that takes some 30 ms.
    static let wholePages = 2_048

    /// What grows with the number of requests, and is not needed to serve any.
    static let history: Set<String> = ["requests", "attempts", "bodies", "spending", "audit"]

    /// What to do about a database that nothing has opened for writing yet.
    static let advice = "it was left as it is. Restore a copy from backups/"

    /// Checks pages, types, constraints and references of everything.
    ///
    /// `quick_check` leaves out only what takes longest: that each index entry has its row, and that unique columns are.
    static func verify(_ database: Database, advice: String = Self.advice) throws {
        try Self.require(String.fetchOne(database, sql: "PRAGMA quick_check(1)"), advice)
        if try Row.fetchOne(database, sql: "PRAGMA foreign_key_check") != nil {
            throw StateStoreError(
                .damaged, "rows of the state database refer to rows that are gone; \(advice)")
        }
    }

    /// Checks pages, types and constraints of everything but the history, of which it sees only that it can be read.
    static func verifyWithoutHistory(_ database: Database) throws {
        for table in try String.fetchAll(database, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'") {
            if Self.history.contains(table) {
                // A name of the set above, no data.
                _ = try Row.fetchOne(database, sql: "SELECT * FROM \(table) LIMIT 1")
            } else {
                try Self.require(
                    String.fetchOne(database, sql: "SELECT * FROM pragma_quick_check(?)", arguments: [table]),
                    Self.advice)
            }
        }
    }

    private static func require(_ answer: String?, _ advice: String) throws {
        let problem = answer ?? "no answer"
        guard problem == "ok" else {
            throw StateStoreError(.damaged, "the state database is damaged (\(problem)); \(advice)")
        }
    }
}
