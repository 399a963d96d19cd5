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
    /// Only where it is thorough it looks at what takes longest as well: that each index entry has its row, and that unique
    /// columns are. The connection must be one that could write, for others know no CHECK constraints.
    static func verify(_ database: Database, isThorough: Bool = false, advice: String = Self.advice) throws {
        let check = isThorough ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)"
        try Self.require(String.fetchOne(database, sql: check), advice)
        if try Row.fetchOne(database, sql: "PRAGMA foreign_key_check") != nil {
            throw Self.damage("rows of the state database refer to rows that are gone", advice)
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
            throw Self.damage("the state database is damaged (\(problem))", advice)
        }
    }

    private static func damage(_ finding: String, _ advice: String) -> StateStoreError {
        StateStoreError(.damaged, "\(finding); \(advice)", finding: finding)
    }
}
