extension Migration {
    /// Schema 2: what a pool that heals itself remembers, and why each attempt was made with its key.
    static let healing = Migration(
        number: 2,
        name: "sources of rests, windows of plans, breakers, and reasons of attempts",
        statements: Self.conditionColumns + Self.healingTables + Self.attemptColumns
    )

    private static let conditionColumns = [
        "ALTER TABLE key_conditions ADD COLUMN reset INTEGER",
        "ALTER TABLE key_conditions ADD COLUMN is_guess INTEGER NOT NULL DEFAULT 0 CHECK (is_guess IN (0, 1))",
        "ALTER TABLE key_conditions ADD COLUMN window TEXT",
        "ALTER TABLE key_conditions ADD COLUMN daily_quota TEXT",
        "ALTER TABLE key_conditions ADD COLUMN is_by_panel INTEGER NOT NULL DEFAULT 0 CHECK (is_by_panel IN (0, 1))",
        "ALTER TABLE key_conditions ADD COLUMN is_together INTEGER NOT NULL DEFAULT 0 CHECK (is_together IN (0, 1))",
        "ALTER TABLE key_conditions ADD COLUMN last_check INTEGER",
    ]

    private static let healingTables = [
        // By position, because two windows of a provider may have one name.
        """
        CREATE TABLE key_windows (
            label TEXT NOT NULL,
            provider TEXT NOT NULL,
            position INTEGER NOT NULL CHECK (position >= 0),
            read_at INTEGER NOT NULL,
            name TEXT NOT NULL,
            used REAL,
            most REAL,
            resets_at INTEGER,
            is_inconsistent INTEGER NOT NULL CHECK (is_inconsistent IN (0, 1)),
            source TEXT NOT NULL,
            PRIMARY KEY (label, provider, position)
        ) STRICT, WITHOUT ROWID
        """,
        // An empty model stands for all of them; no model has an empty name.
        """
        CREATE TABLE whole_limits (
            provider TEXT NOT NULL,
            model TEXT NOT NULL,
            until INTEGER NOT NULL,
            step INTEGER NOT NULL CHECK (step >= 0),
            PRIMARY KEY (provider, model)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE breakers (
            provider TEXT NOT NULL PRIMARY KEY,
            retry_at INTEGER NOT NULL,
            failed_probes INTEGER NOT NULL CHECK (failed_probes >= 0)
        ) STRICT, WITHOUT ROWID
        """,
    ]

    // `passed_over` is a list of `label=obstacle/state`, separated by spaces, which none of its parts contains.
    private static let attemptColumns = [
        "ALTER TABLE attempts ADD COLUMN selection TEXT",
        "ALTER TABLE attempts ADD COLUMN is_possibly_billed INTEGER NOT NULL DEFAULT 0 CHECK (is_possibly_billed IN (0, 1))",
        "ALTER TABLE attempts ADD COLUMN decided_by TEXT",
        "ALTER TABLE attempts ADD COLUMN waited_ns INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE attempts ADD COLUMN passed_over TEXT",
    ]
}
