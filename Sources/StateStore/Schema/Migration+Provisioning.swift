extension Migration {
    /// Schema 5: providers that are added at run time, what the daemon keeps added keys to, whose they are and where their
    /// secrets lie.
    static let provisioning = Migration(
        number: 5,
        name: "added providers, limits and accounts of added keys, and secrets of removed ones",
        statements: Self.addedKeyColumns + Self.provisioningTables
    )

    // NULL is no limit and no account.
    private static let addedKeyColumns = [
        "ALTER TABLE added_keys ADD COLUMN rps INTEGER CHECK (rps > 0)",
        "ALTER TABLE added_keys ADD COLUMN rpm INTEGER CHECK (rpm > 0)",
        "ALTER TABLE added_keys ADD COLUMN tpm INTEGER CHECK (tpm > 0)",
        "ALTER TABLE added_keys ADD COLUMN in_flight INTEGER CHECK (in_flight > 0)",
        "ALTER TABLE added_keys ADD COLUMN account TEXT",
        "ALTER TABLE added_keys ADD COLUMN secret_place TEXT NOT NULL DEFAULT 'files'",
    ]

    private static let provisioningTables = [
        // An address is NULL where it is that of the kind.
        """
        CREATE TABLE added_providers (
            number INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            base_url TEXT,
            anthropic_base_url TEXT,
            added_at INTEGER NOT NULL
        ) STRICT
        """,
        // Secrets lie outside of the database: a removal that is cut off is brought to its end at the next start.
        """
        CREATE TABLE abandoned_secrets (
            label TEXT NOT NULL,
            place TEXT NOT NULL,
            PRIMARY KEY (label, place)
        ) STRICT, WITHOUT ROWID
        """,
    ]
}
