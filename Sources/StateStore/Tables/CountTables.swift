internal import GRDB
internal import ProxyCore

/// The use of keys and clients: `key_counts`, `key_errors` and `client_counts`.
enum CountTables {
    /// Adds what was counted since the last time.
    static func add(_ delta: UsageCounts, to database: Database, _ tally: inout Tally) throws {
        guard !delta.isEmpty else { return }
        var (outcomes, errors) = (
            try RowStatement(Self.addOutcome, in: database), try RowStatement(Self.addError, in: database)
        )
        for (id, key) in delta.keys {
            for (outcome, count) in key.outcomes {
                outcomes.bind(id.label.text)
                outcomes.bind(id.provider.text)
                outcomes.bind(outcome)
                outcomes.bind(Int64(clamping: count))
                outcomes.bind(key.lastUsedAt?.microseconds)
                try outcomes.run()
                tally.add(.keyCounts)
            }
            for (errorClass, count) in key.errors {
                errors.bind(id.label.text)
                errors.bind(id.provider.text)
                errors.bind(errorClass.rawValue)
                errors.bind(Int64(clamping: count))
                try errors.run()
                tally.add(.keyErrors)
            }
        }
        var clients = try RowStatement(Self.addClient, in: database)
        for (name, client) in delta.clients {
            clients.bind(name.text)
            clients.bind(Int64(clamping: client.requests))
            clients.bind(client.lastSeenAt?.microseconds)
            try clients.run()
            tally.add(.clientCounts)
        }
    }

    private static let addOutcome = """
        INSERT INTO key_counts (label, provider, outcome, count, last_used_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (label, provider, outcome) DO UPDATE SET
            count = count + excluded.count,
            last_used_at = coalesce(max(last_used_at, excluded.last_used_at), last_used_at, excluded.last_used_at)
        """

    private static let addError = """
        INSERT INTO key_errors (label, provider, class, count) VALUES (?, ?, ?, ?)
        ON CONFLICT (label, provider, class) DO UPDATE SET count = count + excluded.count
        """

    private static let addClient = """
        INSERT INTO client_counts (name, requests, last_seen_at) VALUES (?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET
            requests = requests + excluded.requests,
            last_seen_at = coalesce(max(last_seen_at, excluded.last_seen_at), last_seen_at, excluded.last_seen_at)
        """

    /// Forgets the errors of keys, at whatever provider.
    static func forgetErrors(of labels: [KeyLabel], in database: Database, _ tally: inout Tally) throws {
        for label in labels {
            try database.cachedStatement(sql: "DELETE FROM key_errors WHERE label = ?")
                .execute(arguments: [label.text])
            tally.add(.keyErrors, UInt64(database.changesCount))
        }
    }

    /// Reads everything; malformed rows are counted and passed over.
    static func load(_ database: Database, _ malformed: inout Tally) throws -> UsageCounts {
        var counts = UsageCounts()
        let stored = "SELECT label, provider, outcome, count, last_used_at FROM key_counts"
        for row in try Row.fetchAll(database, sql: stored) {
            guard let id = Self.id(row), let outcome = row.text("outcome"),
                outcome == "ok" || ErrorClass(rawValue: outcome) != nil,
                let count = row.large("count"), count >= 0
            else {
                malformed.add(.keyCounts)
                continue
            }
            let lastUsedAt = row.large("last_used_at").map(WallTime.init(microseconds:))
            counts.keys[id, default: UsageCounts.Key()].load(UInt64(count), of: outcome, lastUsedAt: lastUsedAt)
        }
        for row in try Row.fetchAll(database, sql: "SELECT label, provider, class, count FROM key_errors") {
            guard let id = Self.id(row), let errorClass = row.text("class").flatMap(ErrorClass.init(rawValue:)),
                let count = row.large("count"), count >= 0
            else {
                malformed.add(.keyErrors)
                continue
            }
            counts.keys[id, default: UsageCounts.Key()].errors[errorClass] = UInt64(count)
        }
        for row in try Row.fetchAll(database, sql: "SELECT name, requests, last_seen_at FROM client_counts") {
            guard let name = row.text("name").flatMap(ClientName.init), let requests = row.large("requests"),
                requests >= 0
            else {
                malformed.add(.clientCounts)
                continue
            }
            var client = UsageCounts.Client()
            client.requests = UInt64(requests)
            client.lastSeenAt = row.large("last_seen_at").map(WallTime.init(microseconds:))
            counts.clients[name] = client
        }
        return counts
    }

    private static func id(_ row: Row) -> UsageCounts.KeyID? {
        guard let label = row.text("label").flatMap(KeyLabel.init),
            let provider = row.text("provider").flatMap(ProviderName.init)
        else { return nil }
        return UsageCounts.KeyID(label: label, provider: provider)
    }
}
