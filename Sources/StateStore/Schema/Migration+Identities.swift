extension Migration {
    /// Schema 7: nonces of signed requests, and what the tokens of clients are good for in full.
    static let identities = Migration(
        number: 7,
        name: "nonces and routes, projects and limits of clients",
        statements: [
            // A nonce is known by a digest; it goes when no request with its timestamp is taken any more.
            """
            CREATE TABLE nonces (
                digest BLOB NOT NULL PRIMARY KEY,
                client TEXT NOT NULL,
                expires_at INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX nonces_by_end ON nonces (expires_at)",
            "ALTER TABLE created_clients ADD COLUMN routes TEXT",
            "ALTER TABLE created_clients ADD COLUMN projects TEXT",
            "ALTER TABLE created_clients ADD COLUMN rps INTEGER",
            "ALTER TABLE created_clients ADD COLUMN rpm INTEGER",
            "ALTER TABLE created_clients ADD COLUMN tpm INTEGER",
            "ALTER TABLE created_clients ADD COLUMN in_flight INTEGER",
        ]
    )
}
