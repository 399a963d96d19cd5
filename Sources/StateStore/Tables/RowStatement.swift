internal import GRDB
internal import GRDBSQLite

/// A statement that a connection keeps, and that gets its values without detours: for what is written with every request.
///
/// GRDB boxes each value, gathers them in an array, and checks and copies that for each row, which costs more than SQLite's own
/// work. The handle is that of GRDB's statement, which this value holds; it is of use only where its connection is.
struct RowStatement {
    private let statement: Statement
    private let connection: OpaquePointer?
    private var column: CInt = 0
    private var refusal = SQLITE_OK

    /// Takes the statement out of the connection's cache, or prepares it.
    init(_ sql: String, in database: Database) throws {
        self.statement = try database.cachedStatement(sql: sql)
        self.connection = database.sqliteConnection
    }

    // MARK: Values, in the order of their question marks

    /// Gives the next value: a text, which SQLite copies.
    mutating func bind(_ text: String) {
        var text = text
        text.withUTF8 { self.bindText($0) }
    }

    /// Gives the next value: a text by its bytes, which SQLite copies, or NULL for none.
    mutating func bind(utf8 bytes: [UInt8]) {
        if bytes.isEmpty { self.bindNothing() } else { bytes.withUnsafeBufferPointer { self.bindText($0) } }
    }

    private mutating func bindText(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.column += 1
        let result = bytes.withMemoryRebound(to: CChar.self) { characters in
            sqlite3_bind_text(
                self.statement.sqliteStatement, self.column, characters.baseAddress, CInt(clamping: characters.count),
                Self.copied)
        }
        self.note(result)
    }

    /// Gives the next value: a text, or NULL.
    mutating func bind(_ text: String?) {
        if let text { self.bind(text) } else { self.bindNothing() }
    }

    /// Gives the next value: a number.
    mutating func bind(_ number: Int64) {
        self.column += 1
        self.note(sqlite3_bind_int64(self.statement.sqliteStatement, self.column, number))
    }

    /// Gives the next value: a number, or NULL.
    mutating func bind(_ number: Int64?) {
        if let number { self.bind(number) } else { self.bindNothing() }
    }

    /// Gives the next value: a number, or NULL.
    mutating func bind(_ number: (some FixedWidthInteger)?) {
        if let number { self.bind(Int64(clamping: number)) } else { self.bindNothing() }
    }

    /// Gives the next value: 1 or 0.
    mutating func bind(_ flag: Bool) {
        self.bind(Int64(flag ? 1 : 0))
    }

    private mutating func bindNothing() {
        self.column += 1
        self.note(sqlite3_bind_null(self.statement.sqliteStatement, self.column))
    }

    // MARK: Running it

    /// Runs it with the values that it was given.
    mutating func run() throws {
        _ = try self.step(to: SQLITE_DONE) { _ in }
    }

    /// Runs it with the values that it was given; tells the number in the first column of its first row.
    mutating func number() throws -> Int64 {
        try self.step(to: SQLITE_ROW) { sqlite3_column_int64($0, 0) }
    }

    private mutating func step<Value>(to expected: CInt, _ read: (OpaquePointer) -> Value) throws -> Value {
        let handle = self.statement.sqliteStatement
        var result = self.refusal
        if result == SQLITE_OK { result = sqlite3_step(handle) }
        defer {
            // It tells again what the step has told.
            sqlite3_reset(handle)
            self.column = 0
            self.refusal = SQLITE_OK
        }
        guard result == expected else {
            throw DatabaseError(
                resultCode: ResultCode(rawValue: result),
                message: sqlite3_errmsg(self.connection).map { String(cString: $0) })
        }
        return read(handle)
    }

    private mutating func note(_ result: CInt) {
        if result != SQLITE_OK, self.refusal == SQLITE_OK { self.refusal = result }
    }

    /// SQLITE_TRANSIENT, which Swift does not see: SQLite copies the value before the call returns.
    private static var copied: sqlite3_destructor_type {
        unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    }
}
