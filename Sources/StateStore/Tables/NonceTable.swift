internal import GRDB
internal import ProxyCore

internal import struct Foundation.Data

/// The nonces of signed requests: `nonces`.
enum NonceTable {
    /// At most so many that have ended go with each transaction.
    private static let sweep = 4_096

    /// Keeps nonces, and forgets some of those that have ended by a time.
    static func add(
        _ nonces: [UsedNonce], endedBy now: WallTime?, to database: Database, _ tally: inout Tally
    ) throws {
        guard !nonces.isEmpty else { return }
        let statement = try database.cachedStatement(
            sql: "INSERT OR REPLACE INTO nonces (digest, client, expires_at) VALUES (?, ?, ?)")
        for nonce in nonces {
            try statement.execute(
                arguments: [Data(nonce.digest), nonce.client.text, nonce.expires.microseconds])
            tally.add(.nonces)
        }
        guard let now else { return }
        // The last that has ended stays: it tells up to when others were forgotten, should the clock be set back.
        try database.cachedStatement(
            sql: """
                DELETE FROM nonces WHERE digest IN (
                    SELECT digest FROM nonces
                    WHERE expires_at < (SELECT max(expires_at) FROM nonces WHERE expires_at <= ?)
                    ORDER BY expires_at LIMIT ?
                )
                """
        ).execute(arguments: [now.microseconds, Self.sweep])
    }

    /// Reads all; malformed rows are counted and passed over.
    static func load(_ database: Database, _ malformed: inout Tally) throws -> [UsedNonce] {
        var nonces: [UsedNonce] = []
        // All of them: one that were left out could pass once more.
        let rows = try Row.fetchCursor(database, sql: "SELECT digest, client, expires_at FROM nonces")
        while let row = try rows.next() {
            guard let client = row.text("client").flatMap(ClientName.init), let digest = row.bytes("digest"),
                let expires = row.large("expires_at"),
                let nonce = UsedNonce(client: client, digest: digest, expires: WallTime(microseconds: expires))
            else {
                malformed.add(.nonces)
                continue
            }
            nonces.append(nonce)
        }
        return nonces
    }
}
