extension Migration {
    /// Schema 4: what was done to the daemon, and what it refused.
    static let audit = Migration(
        number: 4,
        name: "audit events",
        statements: [
            // AUTOINCREMENT, because a cursor names a number: it may not come again after rows were deleted.
            """
            CREATE TABLE audit (
                number INTEGER PRIMARY KEY AUTOINCREMENT,
                at INTEGER NOT NULL,
                last_at INTEGER NOT NULL,
                actor TEXT NOT NULL,
                action TEXT NOT NULL,
                target TEXT NOT NULL,
                result TEXT NOT NULL,
                detail TEXT NOT NULL,
                count INTEGER NOT NULL CHECK (count >= 1),
                fold INTEGER
            ) STRICT
            """,
            "CREATE INDEX audit_by_time ON audit (last_at)",
            "CREATE INDEX audit_by_action ON audit (action)",
            "CREATE UNIQUE INDEX audit_by_fold ON audit (fold) WHERE fold IS NOT NULL",
        ]
    )
}
