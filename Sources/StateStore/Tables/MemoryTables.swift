internal import GRDB
internal import ProxyCore

/// What is remembered of keys and providers: `key_conditions`, `turns`, `key_windows`, `whole_limits` and `breakers`.
enum MemoryTables {
    private struct Place: Hashable {
        let label: KeyLabel
        let provider: ProviderName
        let model: ModelName?
    }

    /// Writes what differs from what was written last; rows that nobody wrote stay.
    static func write(
        _ memory: DispatchMemory, over former: DispatchMemory, to database: Database, _ tally: inout Tally
    ) throws {
        try Self.writeConditions(memory.keys, over: former.keys, to: database, &tally)
        try Self.writeTurns(memory.keys, over: former.keys, to: database, &tally)
        try Self.writeWindows(memory.keys, over: former.keys, to: database, &tally)
        try Self.writeWholeLimits(memory.keys, over: former.keys, to: database, &tally)
        try Self.writeBreakers(memory.breakers, over: former.breakers, to: database, &tally)
    }

    private static func writeConditions(
        _ memory: KeyMemory, over former: KeyMemory, to database: Database, _ tally: inout Tally
    ) throws {
        guard memory.conditions != former.conditions else { return }
        let before = Self.conditions(former)
        let after = Self.conditions(memory)
        for place in before.keys where after[place] == nil {
            try database.cachedStatement(
                sql: "DELETE FROM key_conditions WHERE label = ? AND provider = ? AND model = ?"
            ).execute(arguments: [place.label.text, place.provider.text, place.model?.text ?? ""])
            tally.add(.keyConditions)
        }
        for (place, condition) in after where before[place] != condition {
            try database.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO key_conditions (
                        label, provider, model, state, reason, until, step, reset, is_guess, window, daily_quota,
                        is_by_panel, is_together, last_check
                    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """
            ).execute(
                arguments: [
                    place.label.text, place.provider.text, place.model?.text ?? "", condition.state.rawValue,
                    condition.reason.rawValue, condition.until.microseconds, condition.step,
                    condition.reset?.microseconds, condition.isGuess ? 1 : 0, condition.window, condition.dailyQuota,
                    condition.isByPanel ? 1 : 0, condition.isTogether ? 1 : 0, condition.lastCheck?.microseconds,
                ])
            tally.add(.keyConditions)
        }
    }

    /// Reads everything; malformed rows are counted and passed over.
    static func load(_ database: Database, _ malformed: inout Tally) throws -> DispatchMemory {
        DispatchMemory(
            keys: try Self.loadKeys(database, &malformed), breakers: try Self.loadBreakers(database, &malformed))
    }

    private static func loadKeys(_ database: Database, _ malformed: inout Tally) throws -> KeyMemory {
        var memory = KeyMemory()
        memory.windows = try Self.loadWindows(database, &malformed)
        memory.wholeLimits = try Self.loadWholeLimits(database, &malformed)
        let conditions = try Row.fetchAll(
            database,
            sql: """
                SELECT * FROM key_conditions ORDER BY label, provider, model
                """)
        for row in conditions {
            guard let condition = Self.condition(row) else {
                malformed.add(.keyConditions)
                continue
            }
            memory.conditions.append(condition)
        }
        for row in try Row.fetchAll(database, sql: "SELECT provider, last, next FROM turns ORDER BY provider") {
            guard let provider = row.text("provider").flatMap(ProviderName.init),
                let last = row.optional("last", KeyLabel.init), let next = row.optional("next", KeyLabel.init)
            else {
                malformed.add(.turns)
                continue
            }
            memory.turns.append(KeyMemory.Turn(provider: provider, last: last, next: next))
        }
        return memory
    }

    private static func writeTurns(
        _ memory: KeyMemory, over former: KeyMemory, to database: Database, _ tally: inout Tally
    ) throws {
        guard memory.turns != former.turns else { return }
        let before = Dictionary(former.turns.map { ($0.provider, $0) }) { $1 }
        let after = Dictionary(memory.turns.map { ($0.provider, $0) }) { $1 }
        for provider in before.keys where after[provider] == nil {
            try database.cachedStatement(sql: "DELETE FROM turns WHERE provider = ?")
                .execute(arguments: [provider.text])
            tally.add(.turns)
        }
        for (provider, turn) in after where before[provider] != turn {
            try database.cachedStatement(
                sql: """
                    INSERT INTO turns (provider, last, next) VALUES (?, ?, ?)
                    ON CONFLICT (provider) DO UPDATE SET last = excluded.last, next = excluded.next
                    """
            ).execute(arguments: [provider.text, turn.last?.text, turn.next?.text])
            tally.add(.turns)
        }
    }

    private static func conditions(_ memory: KeyMemory) -> [Place: KeyMemory.Condition] {
        Dictionary(
            memory.conditions.map { (Place(label: $0.label, provider: $0.provider, model: $0.model), $0) }
        ) { $1 }
    }

    private static func condition(_ row: Row) -> KeyMemory.Condition? {
        guard let label = row.text("label").flatMap(KeyLabel.init),
            let provider = row.text("provider").flatMap(ProviderName.init),
            let modelText = row.text("model"),
            let state = row.text("state").flatMap(KeyState.init(rawValue:)),
            let reason = row.text("reason").flatMap(ErrorClass.init(rawValue:)),
            let until = row.large("until"),
            let step = row.integer("step"), step >= -1,
            let isGuess = row.flag("is_guess"), let isByPanel = row.flag("is_by_panel"),
            let isTogether = row.flag("is_together")
        else { return nil }
        let model = ModelName(modelText)
        guard modelText.isEmpty || model != nil else { return nil }
        return KeyMemory.Condition(
            label: label, provider: provider, model: model, state: state, reason: reason,
            until: WallTime(microseconds: until), step: step,
            reset: row.large("reset").map { WallTime(microseconds: $0) }, isGuess: isGuess,
            window: row.text("window"), dailyQuota: row.text("daily_quota"), isByPanel: isByPanel,
            isTogether: isTogether, lastCheck: row.large("last_check").map { WallTime(microseconds: $0) })
    }
}
