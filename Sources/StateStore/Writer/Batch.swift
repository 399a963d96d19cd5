internal import ProxyCore

/// Changes that a caller waits for, with what came before them.
struct ChangeGroup: Sendable {
    /// By which the caller's answer is found.
    let id: UInt64
    /// What is to change; all of it or nothing.
    let changes: [StateChange]
    /// What was counted before the call, and after the group before: a reset forgets errors before it only.
    var countsBefore: UsageCounts
    /// What was to be remembered before the call.
    var memoryBefore: DispatchMemory?
}

/// What goes into one transaction.
struct Batch: Sendable {
    var rows: [RequestRecord] = []
    var audits: [AuditEvent] = []
    var nonces = PendingNonces()
    var groups: [ChangeGroup] = []
    /// What was counted after the last group.
    var counts = UsageCounts()
    /// What was used by the requests that were counted, in this batch's groups too: no change touches it.
    var spending = SpendingTable()
    /// What is to be remembered after the last group.
    var memory: DispatchMemory?
    /// Everything that was handed over up to this number is in this batch or in one before.
    var sequence: UInt64 = 0

    /// What a memory is written to.
    static let memoryTables: Set<StoreStatistics.Table> = [
        .keyConditions, .turns, .keyWindows, .wholeLimits, .breakers,
    ]

    /// The tables that it is to write.
    var tables: Set<StoreStatistics.Table> {
        var tables: Set<StoreStatistics.Table> = []
        if !self.rows.isEmpty { tables.insert(.requests) }
        if self.rows.contains(where: { !$0.attempts.isEmpty }) { tables.insert(.attempts) }
        if self.rows.contains(where: { $0.bodies != nil }) { tables.insert(.bodies) }
        if !self.spending.isEmpty { tables.insert(.spending) }
        if !self.audits.isEmpty { tables.insert(.audit) }
        if !self.nonces.nonces.isEmpty { tables.insert(.nonces) }
        var counts = self.counts
        for group in self.groups {
            counts.merge(group.countsBefore)
            if group.memoryBefore != nil { tables.formUnion(Self.memoryTables) }
            for change in group.changes { tables.formUnion(change.tables) }
        }
        if self.memory != nil { tables.formUnion(Self.memoryTables) }
        if counts.keys.values.contains(where: { !$0.outcomes.isEmpty }) { tables.insert(.keyCounts) }
        if counts.keys.values.contains(where: { !$0.errors.isEmpty }) { tables.insert(.keyErrors) }
        if !counts.clients.isEmpty { tables.insert(.clientCounts) }
        return tables
    }
}

extension StateChange {
    /// The tables that it is to write.
    var tables: Set<StoreStatistics.Table> {
        switch self {
        case .override: [.overrides]
        case .prepareKey: [.abandonedSecrets]
        case .addKey: [.addedKeys, .abandonedSecrets]
        case .changeKey: [.addedKeys]
        case .removeKey: [.addedKeys, .overrides, .abandonedSecrets]
        case .forgetSecret: [.abandonedSecrets]
        case .addProvider, .removeProvider: [.addedProviders]
        case .addClient, .removeClient: [.createdClients]
        case .memory: Batch.memoryTables
        case .forgetErrors: [.keyErrors]
        case .audit: [.audit]
        }
    }
}

/// What became of a batch that was committed.
struct BatchResult: Sendable {
    /// Rows written, by table.
    var writes: Tally = [:]
    /// Rows that can never be written, by table.
    var dropped: Tally = [:]
    /// The groups that were refused, and why.
    var refused: [UInt64: StateStoreError] = [:]
    /// What is remembered on disk now.
    var memory: DispatchMemory
}
