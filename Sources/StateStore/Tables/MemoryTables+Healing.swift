internal import GRDB
internal import ProxyCore

/// Windows of plans, limits of providers as a whole, and breakers.
extension MemoryTables {
    private struct KeyPlace: Hashable {
        let label: KeyLabel
        let provider: ProviderName
    }

    private struct LimitPlace: Hashable {
        let provider: ProviderName
        let model: ModelName?
    }

    // MARK: Windows

    /// Writes the windows of the keys of which something is new, all of a key at once: they are one snapshot.
    static func writeWindows(
        _ memory: KeyMemory, over former: KeyMemory, to database: Database, _ tally: inout Tally
    ) throws {
        guard memory.windows != former.windows else { return }
        func places(_ memory: KeyMemory) -> [KeyPlace: KeyMemory.Windows] {
            Dictionary(memory.windows.map { (KeyPlace(label: $0.label, provider: $0.provider), $0) }) { $1 }
        }
        let (before, after) = (places(former), places(memory))
        for place in Set(before.keys).union(after.keys) where before[place] != after[place] {
            try database.cachedStatement(sql: "DELETE FROM key_windows WHERE label = ? AND provider = ?")
                .execute(arguments: [place.label.text, place.provider.text])
            tally.add(.keyWindows)
            guard let windows = after[place] else { continue }
            for (position, window) in windows.windows.enumerated() {
                try database.cachedStatement(
                    sql: """
                        INSERT INTO key_windows (
                            label, provider, position, read_at, name, used, most, resets_at, is_inconsistent, source
                        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                        """
                ).execute(
                    arguments: [
                        place.label.text, place.provider.text, position, windows.readAt.microseconds, window.name,
                        window.used, window.limit, window.resetsAt?.microseconds, window.isInconsistent ? 1 : 0,
                        window.source.rawValue,
                    ])
                tally.add(.keyWindows)
            }
        }
    }

    static func loadWindows(_ database: Database, _ malformed: inout Tally) throws -> [KeyMemory.Windows] {
        var found: [KeyMemory.Windows] = []
        let rows = try Row.fetchAll(database, sql: "SELECT * FROM key_windows ORDER BY label, provider, position")
        for row in rows {
            guard let label = row.text("label").flatMap(KeyLabel.init),
                let provider = row.text("provider").flatMap(ProviderName.init), let readAt = row.large("read_at"),
                let window = Self.window(row)
            else {
                malformed.add(.keyWindows)
                continue
            }
            if let last = found.last, last.label == label, last.provider == provider {
                found[found.count - 1].windows.append(window)
            } else {
                found.append(
                    KeyMemory.Windows(
                        label: label, provider: provider, readAt: WallTime(microseconds: readAt), windows: [window]))
            }
        }
        return found
    }

    private static func window(_ row: Row) -> UsageWindow? {
        guard let name = row.text("name"), let isInconsistent = row.flag("is_inconsistent"),
            let source = row.text("source").flatMap(UsageWindow.Source.init(rawValue:))
        else { return nil }
        return UsageWindow(
            name: name, used: row.real("used"), limit: row.real("most"),
            resetsAt: row.large("resets_at").map { WallTime(microseconds: $0) }, isInconsistent: isInconsistent,
            source: source)
    }

    // MARK: Limits of providers as a whole

    static func writeWholeLimits(
        _ memory: KeyMemory, over former: KeyMemory, to database: Database, _ tally: inout Tally
    ) throws {
        guard memory.wholeLimits != former.wholeLimits else { return }
        func places(_ memory: KeyMemory) -> [LimitPlace: KeyMemory.WholeLimit] {
            Dictionary(memory.wholeLimits.map { (LimitPlace(provider: $0.provider, model: $0.model), $0) }) { $1 }
        }
        let (before, after) = (places(former), places(memory))
        for place in before.keys where after[place] == nil {
            try database.cachedStatement(sql: "DELETE FROM whole_limits WHERE provider = ? AND model = ?")
                .execute(arguments: [place.provider.text, place.model?.text ?? ""])
            tally.add(.wholeLimits)
        }
        for (place, limit) in after where before[place] != limit {
            try database.cachedStatement(
                sql: "INSERT OR REPLACE INTO whole_limits (provider, model, until, step) VALUES (?, ?, ?, ?)"
            ).execute(
                arguments: [
                    place.provider.text, place.model?.text ?? "", limit.until.microseconds, max(0, limit.step),
                ])
            tally.add(.wholeLimits)
        }
    }

    static func loadWholeLimits(
        _ database: Database, _ malformed: inout Tally
    ) throws -> [KeyMemory.WholeLimit] {
        var found: [KeyMemory.WholeLimit] = []
        for row in try Row.fetchAll(database, sql: "SELECT * FROM whole_limits ORDER BY provider, model") {
            guard let provider = row.text("provider").flatMap(ProviderName.init), let text = row.text("model"),
                text.isEmpty || ModelName(text) != nil, let until = row.large("until"),
                let step = row.integer("step"), step >= 0
            else {
                malformed.add(.wholeLimits)
                continue
            }
            found.append(
                KeyMemory.WholeLimit(
                    provider: provider, model: ModelName(text), until: WallTime(microseconds: until), step: step))
        }
        return found
    }

    // MARK: Breakers

    static func writeBreakers(
        _ breakers: [ProviderName: BreakerMemory], over former: [ProviderName: BreakerMemory], to database: Database,
        _ tally: inout Tally
    ) throws {
        for provider in former.keys where breakers[provider] == nil {
            try database.cachedStatement(sql: "DELETE FROM breakers WHERE provider = ?")
                .execute(arguments: [provider.text])
            tally.add(.breakers)
        }
        for (provider, breaker) in breakers where former[provider] != breaker {
            try database.cachedStatement(
                sql: "INSERT OR REPLACE INTO breakers (provider, retry_at, failed_probes) VALUES (?, ?, ?)"
            ).execute(arguments: [provider.text, breaker.retryAt.microseconds, max(0, breaker.failedProbes)])
            tally.add(.breakers)
        }
    }

    static func loadBreakers(
        _ database: Database, _ malformed: inout Tally
    ) throws -> [ProviderName: BreakerMemory] {
        var found: [ProviderName: BreakerMemory] = [:]
        for row in try Row.fetchAll(database, sql: "SELECT * FROM breakers") {
            guard let provider = row.text("provider").flatMap(ProviderName.init), let retryAt = row.large("retry_at"),
                let failedProbes = row.integer("failed_probes"), failedProbes >= 0
            else {
                malformed.add(.breakers)
                continue
            }
            found[provider] = BreakerMemory(retryAt: WallTime(microseconds: retryAt), failedProbes: failedProbes)
        }
        return found
    }
}
