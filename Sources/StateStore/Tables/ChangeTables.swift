internal import GRDB
internal import ProxyCore

internal import struct Foundation.Data

/// What a person changed: `overrides`, `added_keys` and `created_clients`; the rest is in ``ProvisioningTables``.
enum ChangeTables {
    /// Changes a setting, or returns it to the configuration file.
    static func set(
        _ subject: RuntimeChanges.Subject, to override: RuntimeChanges.Override?, in database: Database,
        _ tally: inout Tally
    ) throws {
        if let override {
            try database.cachedStatement(
                sql: """
                    INSERT INTO overrides (subject, value, file_value) VALUES (?, ?, ?)
                    ON CONFLICT (subject) DO UPDATE SET value = excluded.value, file_value = excluded.file_value
                    """
            ).execute(arguments: [subject.text, override.value, override.fileValue])
        } else {
            try database.cachedStatement(sql: "DELETE FROM overrides WHERE subject = ?")
                .execute(arguments: [subject.text])
        }
        tally.add(.overrides)
    }

    /// Adds a key; a secret that lay in its place before is its own now.
    static func add(_ key: RuntimeChanges.AddedKey, to database: Database, _ tally: inout Tally) throws {
        try database.cachedStatement(
            sql: """
                INSERT INTO added_keys (
                    label, provider, priority, weight, enabled, models, rps, rpm, tpm, in_flight, account, secret_place,
                    added_at
                ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                key.label.text, key.provider.text, key.priority, key.weight, key.enabled ? 1 : 0,
                key.models.map(\.text).joined(separator: " "), key.limits[.rps], key.limits[.rpm], key.limits[.tpm],
                key.limits[.inFlight], key.account, key.secretPlace.rawValue, key.addedAt.microseconds,
            ])
        tally.add(.addedKeys)
        let secret = RuntimeChanges.AbandonedSecret(label: key.label, place: key.secretPlace)
        try ProvisioningTables.forget(secret, in: database, &tally)
    }

    /// Changes what a person may change of an added key.
    static func change(_ key: RuntimeChanges.AddedKey, in database: Database, _ tally: inout Tally) throws {
        try database.cachedStatement(
            sql: """
                UPDATE added_keys SET priority = ?, weight = ?, enabled = ?, rps = ?, rpm = ?, tpm = ?, in_flight = ?
                WHERE label = ?
                """
        ).execute(
            arguments: [
                key.priority, key.weight, key.enabled ? 1 : 0, key.limits[.rps], key.limits[.rpm], key.limits[.tpm],
                key.limits[.inFlight], key.label.text,
            ])
        tally.add(.addedKeys, UInt64(database.changesCount))
    }

    /// Removes a key and what was changed for it, which would otherwise hold for the next key of that label; its secret is
    /// to go.
    static func remove(_ label: KeyLabel, from database: Database, _ tally: inout Tally) throws {
        try ProvisioningTables.abandonSecret(of: label, in: database, &tally)
        try database.cachedStatement(sql: "DELETE FROM added_keys WHERE label = ?").execute(arguments: [label.text])
        tally.add(.addedKeys, UInt64(database.changesCount))
        for subject in RuntimeChanges.Subject.all(of: label) {
            try Self.set(subject, to: nil, in: database, &tally)
        }
    }

    /// Adds a client.
    static func add(_ client: RuntimeChanges.CreatedClient, to database: Database, _ tally: inout Tally) throws {
        try database.cachedStatement(
            sql: """
                INSERT INTO created_clients (
                    name, token_digest, scopes, models, routes, projects, project, rps, rpm, tpm, in_flight, expires_at,
                    created_at
                ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                client.name.text, Data(client.tokenDigest),
                client.scopes.map(\.rawValue).sorted().joined(separator: " "),
                client.models.map(\.text).joined(separator: " "), client.routes.joined(separator: " "),
                // Names of projects may have spaces, but no line ends.
                client.projects.joined(separator: "\n"), client.project, client.limits[.rps], client.limits[.rpm],
                client.limits[.tpm], client.limits[.inFlight], client.expires?.microseconds,
                client.createdAt.microseconds,
            ])
        tally.add(.createdClients)
    }

    /// Removes a client.
    static func remove(_ name: ClientName, from database: Database, _ tally: inout Tally) throws {
        try database.cachedStatement(sql: "DELETE FROM created_clients WHERE name = ?").execute(arguments: [name.text])
        tally.add(.createdClients, UInt64(database.changesCount))
    }

    /// Reads everything; malformed rows are counted and passed over.
    static func load(_ database: Database, _ malformed: inout Tally) throws -> RuntimeChanges {
        var changes = RuntimeChanges()
        for row in try Row.fetchAll(database, sql: "SELECT subject, value, file_value FROM overrides") {
            guard let subject = row.text("subject").flatMap(RuntimeChanges.Subject.init),
                let value = row.text("value"), let fileValue = row.text("file_value")
            else {
                malformed.add(.overrides)
                continue
            }
            changes.overrides[subject] = RuntimeChanges.Override(value: value, fileValue: fileValue)
        }
        let keys = try Row.fetchAll(
            database,
            sql: """
                SELECT label, provider, priority, weight, enabled, models, rps, rpm, tpm, in_flight, account,
                    secret_place, added_at
                FROM added_keys ORDER BY number
                """)
        for row in keys {
            guard let key = Self.key(row) else {
                malformed.add(.addedKeys)
                continue
            }
            changes.keys.append(key)
        }
        let clients = try Row.fetchAll(
            database,
            sql: """
                SELECT name, token_digest, scopes, models, routes, projects, project, rps, rpm, tpm, in_flight,
                    expires_at, created_at
                FROM created_clients ORDER BY number
                """)
        for row in clients {
            guard let client = Self.client(row) else {
                malformed.add(.createdClients)
                continue
            }
            changes.clients.append(client)
        }
        try ProvisioningTables.load(database, into: &changes, &malformed)
        return changes
    }

    private static func key(_ row: Row) -> RuntimeChanges.AddedKey? {
        guard let label = row.text("label").flatMap(KeyLabel.init),
            let provider = row.text("provider").flatMap(ProviderName.init),
            let priority = row.integer("priority"),
            let weight = row.integer("weight"), weight >= 1,
            let enabled = row.flag("enabled"),
            let models = row.list("models", ModelName.init),
            let limits = Self.limits(row),
            let account = row.optional("account", { EmailAddress.isValid($0) ? $0 : nil }),
            let place = row.text("secret_place").flatMap(RuntimeChanges.SecretPlace.init),
            let addedAt = row.large("added_at")
        else { return nil }
        var key = RuntimeChanges.AddedKey(
            label: label, provider: provider, addedAt: WallTime(microseconds: addedAt))
        key.priority = priority
        key.weight = weight
        key.enabled = enabled
        key.models = models
        key.limits = limits
        key.account = account
        key.secretPlace = place
        return key
    }

    // A key whose limit cannot be read is passed over: it must not run without one.
    private static func limits(_ row: Row) -> [ProxyCore.Configuration.Key.Limit: Int]? {
        var limits: [ProxyCore.Configuration.Key.Limit: Int] = [:]
        for kind in ProxyCore.Configuration.Key.Limit.allCases where !row.isEmpty(kind.rawValue) {
            guard let limit = row.integer(kind.rawValue), limit > 0 else { return nil }
            limits[kind] = limit
        }
        return limits
    }

    // Empty in databases from before there was such a list.
    private static func list(
        _ row: Row, _ column: String, separator: Character, _ isValid: (String) -> Bool
    ) -> [String]? {
        guard !row.isEmpty(column) else { return [] }
        guard let text = row.text(column) else { return nil }
        let values = text.split(separator: separator).map(String.init)
        return values.allSatisfy(isValid) ? values : nil
    }

    // A client with a scope or a limit that this version does not know is passed over as a whole: it must not be good for
    // anything else than what it was made for, nor for longer.
    private static func client(_ row: Row) -> RuntimeChanges.CreatedClient? {
        guard let name = row.text("name").flatMap(ClientName.init),
            let digest = row.bytes("token_digest"), digest.count == 32,
            let scopes = row.list("scopes", ProxyCore.Configuration.Client.Scope.init(rawValue:)),
            let models = row.list("models", ModelName.init),
            let routes = Self.list(row, "routes", separator: " ", RoutePattern.isValid),
            let projects = Self.list(row, "projects", separator: "\n", GroupingName.isValid),
            let limits = Self.limits(row),
            let project = row.optional("project", { GroupingName.isValid($0) ? $0 : nil }),
            row.isEmpty("expires_at") || row.large("expires_at") != nil,
            let createdAt = row.large("created_at")
        else { return nil }
        var client = RuntimeChanges.CreatedClient(
            name: name, tokenDigest: digest, createdAt: WallTime(microseconds: createdAt))
        client.scopes = Set(scopes)
        client.models = models
        client.routes = routes
        client.projects = projects
        client.limits = limits
        client.project = project
        client.expires = row.large("expires_at").map(WallTime.init(microseconds:))
        return client
    }
}
