internal import GRDB
internal import ProxyCore

/// What is remembered of the pool: `key_conditions` and `turns`.
enum MemoryTables {
    private struct Place: Hashable {
        let label: KeyLabel
        let provider: ProviderName
        let model: ModelName?
    }

    /// Writes what differs from what was written last; rows that nobody wrote stay.
    static func write(
        _ memory: KeyMemory, over former: KeyMemory, to database: Database, _ tally: inout Tally
    ) throws {
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
                    INSERT INTO key_conditions (label, provider, model, state, reason, until, step)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (label, provider, model) DO UPDATE SET
                        state = excluded.state, reason = excluded.reason, until = excluded.until, step = excluded.step
                    """
            ).execute(
                arguments: [
                    place.label.text, place.provider.text, place.model?.text ?? "", condition.state.rawValue,
                    condition.reason.rawValue, condition.until.microseconds, condition.step,
                ])
            tally.add(.keyConditions)
        }
        try Self.writeTurns(memory, over: former, to: database, &tally)
    }

    /// Reads everything; malformed rows are counted and passed over.
    static func load(_ database: Database, _ malformed: inout Tally) throws -> KeyMemory {
        var memory = KeyMemory()
        let conditions = try Row.fetchAll(
            database,
            sql: """
                SELECT label, provider, model, state, reason, until, step FROM key_conditions
                ORDER BY label, provider, model
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
            let step = row.integer("step"), step >= 0
        else { return nil }
        let model = ModelName(modelText)
        guard modelText.isEmpty || model != nil else { return nil }
        return KeyMemory.Condition(
            label: label, provider: provider, model: model, state: state, reason: reason,
            until: WallTime(microseconds: until), step: step)
    }
}
