internal import GRDB
internal import ProxyCore

/// Providers that were added, and secrets that nobody needs any more: `added_providers` and `abandoned_secrets`.
enum ProvisioningTables {
    /// Adds a provider.
    static func add(
        _ provider: RuntimeChanges.AddedProvider, to database: Database, _ tally: inout Tally
    ) throws {
        try database.cachedStatement(
            sql: """
                INSERT INTO added_providers (name, kind, base_url, anthropic_base_url, added_at) VALUES (?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                provider.name.text, provider.kind.rawValue, provider.base?.description,
                provider.anthropicBase?.description, provider.addedAt.microseconds,
            ])
        tally.add(.addedProviders)
    }

    /// Removes a provider.
    static func remove(_ name: ProviderName, from database: Database, _ tally: inout Tally) throws {
        try database.cachedStatement(sql: "DELETE FROM added_providers WHERE name = ?").execute(arguments: [name.text])
        tally.add(.addedProviders, UInt64(database.changesCount))
    }

    /// Notes where the secret of a key is about to be stored; throws if there is a key of that label already, be its row
    /// malformed or not.
    static func prepare(
        _ label: KeyLabel, storingIn place: RuntimeChanges.SecretPlace?, in database: Database, _ tally: inout Tally
    ) throws {
        let isTaken = try Row.fetchOne(
            database, sql: "SELECT 1 FROM added_keys WHERE label = ?", arguments: [label.text])
        guard isTaken == nil else {
            throw DatabaseError(
                resultCode: .SQLITE_CONSTRAINT_UNIQUE, message: "UNIQUE constraint failed: added_keys.label")
        }
        guard let place else { return }
        try database.cachedStatement(
            sql: "INSERT INTO abandoned_secrets (label, place) VALUES (?, ?) ON CONFLICT DO NOTHING"
        ).execute(arguments: [label.text, place.rawValue])
        tally.add(.abandonedSecrets, UInt64(database.changesCount))
    }

    /// Notes that the secret of an added key is to go; called while its row is there.
    static func abandonSecret(of label: KeyLabel, in database: Database, _ tally: inout Tally) throws {
        try database.cachedStatement(
            sql: """
                INSERT INTO abandoned_secrets (label, place)
                SELECT label, secret_place FROM added_keys WHERE label = ?
                ON CONFLICT DO NOTHING
                """
        ).execute(arguments: [label.text])
        tally.add(.abandonedSecrets, UInt64(database.changesCount))
    }

    /// Forgets a secret that is gone.
    static func forget(
        _ secret: RuntimeChanges.AbandonedSecret, in database: Database, _ tally: inout Tally
    ) throws {
        try database.cachedStatement(sql: "DELETE FROM abandoned_secrets WHERE label = ? AND place = ?")
            .execute(arguments: [secret.label.text, secret.place.rawValue])
        tally.add(.abandonedSecrets, UInt64(database.changesCount))
    }

    /// Reads everything; malformed rows are counted and passed over.
    static func load(
        _ database: Database, into changes: inout RuntimeChanges, _ malformed: inout Tally
    ) throws {
        let providers = try Row.fetchAll(
            database,
            sql: "SELECT name, kind, base_url, anthropic_base_url, added_at FROM added_providers ORDER BY number")
        for row in providers {
            guard let provider = Self.provider(row) else {
                malformed.add(.addedProviders)
                continue
            }
            changes.providers.append(provider)
        }
        let secrets = try Row.fetchAll(
            database, sql: "SELECT label, place FROM abandoned_secrets ORDER BY label, place")
        for row in secrets {
            guard let label = row.text("label").flatMap(KeyLabel.init),
                let place = row.text("place").flatMap(RuntimeChanges.SecretPlace.init)
            else {
                malformed.add(.abandonedSecrets)
                continue
            }
            changes.abandonedSecrets.append(RuntimeChanges.AbandonedSecret(label: label, place: place))
        }
    }

    // The addresses are checked as those of the file are: keys are sent there.
    private static func provider(_ row: Row) -> RuntimeChanges.AddedProvider? {
        guard let name = row.text("name").flatMap(ProviderName.init),
            let kind = row.text("kind").flatMap(ProviderKind.init),
            let base = row.optional("base_url", Self.base),
            let anthropicBase = row.optional("anthropic_base_url", Self.base),
            base != nil || anthropicBase != nil || kind.knownBases != nil,
            let addedAt = row.large("added_at")
        else { return nil }
        var provider = RuntimeChanges.AddedProvider(
            name: name, kind: kind, addedAt: WallTime(microseconds: addedAt))
        provider.base = base
        provider.anthropicBase = anthropicBase
        return provider
    }

    private static func base(_ text: String) -> UpstreamBase? {
        do throws(ConfigurationValueError) {
            return try UpstreamBase(parsing: text)
        } catch {
            // The row is counted as malformed.
            return nil
        }
    }
}
