extension Migration {
    /// Schema 9: attempts by key, block by block (see ``RequestBlock``).
    static let keyBlocks = Migration(
        number: 9,
        name: "attempts by key in blocks of requests",
        statements: [
            "DROP INDEX attempts_by_key",
            "CREATE INDEX attempts_by_key ON attempts (request >> 12, key, request)",
        ]
    )
}
