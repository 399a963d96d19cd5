import GRDB
import ProxyCore
import TestSupport
import Testing

@testable import StateStore

struct RowStatementTests {
    @Test("values arrive as they were given, whatever they are")
    func bindsValues() throws {
        let texts = ["", "short", "größer als ASCII", String(repeating: "long ", count: 2_000), "'; --"]
        try Self.withTable { database in
            var insertion = try RowStatement("INSERT INTO t (number, text) VALUES (?, ?)", in: database)
            for (number, text) in zip([0, 1, -1, Int64.max, .min], texts) {
                insertion.bind(number)
                insertion.bind(text)
                try insertion.run()
            }
            let rows = try Row.fetchAll(database, sql: "SELECT number, text FROM t ORDER BY rowid")
            #expect(rows.map { $0["number"] as Int64 } == [0, 1, -1, .max, .min])
            #expect(rows.map { $0["text"] as String } == texts)
            #expect(try Int.fetchOne(database, sql: "SELECT count(*) FROM t WHERE typeof(text) <> 'text'") == 0)
        }
    }

    @Test("what is unknown is NULL, also after a row where it was known")
    func bindsNothing() throws {
        try Self.withTable { database in
            var insertion = try RowStatement("INSERT INTO t (number, text) VALUES (?, ?)", in: database)
            insertion.bind(UInt64.max as UInt64?)
            insertion.bind("text" as String?)
            try insertion.run()
            insertion.bind(nil as Int32?)
            insertion.bind(nil as String?)
            try insertion.run()
            insertion.bind(true)
            insertion.bind(nil as String?)
            try insertion.run()
            let rows = try Row.fetchAll(database, sql: "SELECT number, text FROM t ORDER BY rowid")
            #expect(rows.map { $0["number"] as Int64? } == [.max, nil, 1], "what does not fit is the largest number")
            #expect(rows.map { $0["text"] as String? } == ["text", nil, nil])
        }
    }

    @Test("a row that is refused says why, and leaves the statement fit for the next one")
    func survivesRefusals() throws {
        try Self.withTable { database in
            var insertion = try RowStatement("INSERT INTO t (number, text) VALUES (?, ?)", in: database)
            insertion.bind(7 as Int64)
            insertion.bind("never")
            let refusal = #expect(throws: DatabaseError.self) { try insertion.run() }
            #expect(refusal?.resultCode == .SQLITE_CONSTRAINT)
            #expect(refusal?.extendedResultCode == .SQLITE_CONSTRAINT_CHECK)
            // One value too many.
            for _ in 0..<3 { insertion.bind(8 as Int64) }
            let misuse = #expect(throws: DatabaseError.self) { try insertion.run() }
            #expect(misuse?.resultCode == .SQLITE_RANGE)
            insertion.bind(9 as Int64)
            insertion.bind("kept")
            try insertion.run()
            #expect(try String.fetchAll(database, sql: "SELECT number || text FROM t") == ["9kept"])
        }
    }

    @Test("a number is read, as often as it is asked for")
    func readsNumbers() throws {
        try Self.withTable { database in
            var count = try RowStatement("SELECT count(*) FROM t WHERE number = ?", in: database)
            for expected: Int64 in 0..<3 {
                count.bind(5 as Int64)
                #expect(try count.number() == expected)
                try database.execute(sql: "INSERT INTO t (number) VALUES (5)")
            }
        }
    }

    private static func withTable(_ body: (Database) throws -> Void) throws {
        let queue = try DatabaseQueue()
        try queue.write { database in
            try database.execute(
                sql: "CREATE TABLE t (number INTEGER, text TEXT CHECK (text <> 'never')) STRICT")
            try body(database)
        }
    }
}
