extension Migration {
    /// Schema 6: the project of a client's requests that name none.
    static let clientProject = Migration(
        number: 6,
        name: "projects of clients",
        statements: ["ALTER TABLE created_clients ADD COLUMN project TEXT"]
    )
}
