extension Migration {
    /// Schema 8: when a key was last used stands beside its counts, which the same transactions raise.
    static let keyUse = Migration(
        number: 8,
        name: "last use of keys beside their counts",
        statements: [
            "ALTER TABLE key_counts ADD COLUMN last_used_at INTEGER",
            """
            UPDATE key_counts SET last_used_at = (
                SELECT last_used_at FROM key_use WHERE key_use.label = key_counts.label
                AND key_use.provider = key_counts.provider)
            """,
            "DROP TABLE key_use",
        ]
    )
}
