internal import GRDB
internal import ProxyCore

internal import struct Foundation.Data

/// What is made once for an installation: the row of `installation`.
struct Installation: Sendable, Equatable {
    /// 32 random bytes that fingerprints and hashes of tokens are keyed with.
    let key: [UInt8]
    /// 8 random bytes by which cursors of this installation are known; nothing secret.
    let mark: [UInt8]

    /// Makes the row if there is none.
    static func seed(_ database: Database, now: WallTime) throws {
        try database.execute(
            sql: "INSERT OR IGNORE INTO installation (number, key, mark, made_at) VALUES (1, ?, ?, ?)",
            arguments: [Data(Self.random(32)), Data(Self.random(8)), now.microseconds])
    }

    /// Reads the row.
    static func load(_ database: Database) throws -> Installation {
        guard let row = try Row.fetchOne(database, sql: "SELECT key, mark FROM installation"),
            let key = row.bytes("key"), key.count == 32, let mark = row.bytes("mark"), mark.count == 8
        else {
            throw StateStoreError(
                .damaged, "the state database has lost the key of this installation; restore a copy from backups/")
        }
        return Installation(key: key, mark: mark)
    }

    private static func random(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
