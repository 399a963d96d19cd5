/// The first 100 bytes of a database of this program (SQLite's file format, section 1.3), as far as they matter.
struct DatabaseHeader {
    /// How many bytes it has.
    static let length = 100

    /// The version of the schema.
    let version: Int

    /// Reads it; `nil` if the file is no database, or another program's.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.length, bytes.starts(with: Array("SQLite format 3\u{0}".utf8)) else { return nil }
        func number(at offset: Int) -> Int { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
        guard number(at: 68) == Migrator.applicationID else { return nil }
        self.version = number(at: 60)
    }
}
