public import ProxyCore

/// What the store did since it was opened.
public struct StoreStatistics: Sendable, Equatable {
    /// The tables, by their names in the database.
    public enum Table: String, Sendable, CaseIterable {
        /// Requests that have ended.
        case requests
        /// Their attempts.
        case attempts
        /// Their bodies, where they are kept.
        case bodies
        /// What was used and spent by the hour.
        case spending
        /// Requests by key and outcome, and when keys were last used.
        case keyCounts = "key_counts"
        /// Failed attempts by key and class.
        case keyErrors = "key_errors"
        /// Requests by client.
        case clientCounts = "client_counts"
        /// Rests of keys.
        case keyConditions = "key_conditions"
        /// Whose turn it is.
        case turns
        /// What is left of the plans of keys.
        case keyWindows = "key_windows"
        /// Limits that all keys of a provider ran into together.
        case wholeLimits = "whole_limits"
        /// Breakers that are not closed.
        case breakers
        /// Changed settings.
        case overrides
        /// Keys added at run time.
        case addedKeys = "added_keys"
        /// Clients made at run time.
        case createdClients = "created_clients"
        /// What was done to the daemon, and what it refused.
        case audit
        /// Providers added at run time.
        case addedProviders = "added_providers"
        /// Secrets of removed keys that may still lie somewhere.
        case abandonedSecrets = "abandoned_secrets"
        /// Nonces of signed requests.
        case nonces
    }

    /// Request rows that are not on disk yet, at most 8,192.
    public var waitingRows = 0
    /// Bytes of the database and its write-ahead log after the last write.
    public var bytes: UInt64 = 0
    /// Bytes of the write-ahead log alone.
    public var walBytes: UInt64 = 0
    /// Bytes of the database that are in use: without the free pages that the next rows go to.
    public var usedBytes: UInt64 = 0
    /// Transactions that were committed.
    public var transactions: UInt64 = 0
    /// Rows written, by table.
    public var writes: [Table: UInt64] = [:]
    /// Transactions that failed, by the tables that they were to write.
    public var errors: [Table: UInt64] = [:]
    /// Rows given up because too many waited or none could ever be written, by table.
    public var dropped: [Table: UInt64] = [:]
    /// Malformed rows that were passed over when they were read, by table; they are still there.
    public var quarantined: [Table: UInt64] = [:]

    /// Rows deleted because they were too old or the database too large, by table.
    public var deleted: [Table: UInt64] = [:]
    /// When retention last found everything within its limits; `nil` if it never did, or nothing is limited.
    public var lastRetention: WallTime?
    /// Steps of retention that failed; it is tried again, and writing goes on.
    public var retentionFailures: UInt64 = 0
    /// How deleting fares as a background job: one look at ages and sizes is a run.
    public var retentionJob = JobState(.retention)
    /// Copies made while the daemon runs.
    public var backups: UInt64 = 0
    /// When the last of them was complete; before the first one when the newest regular copy that there is was begun.
    public var lastBackup: WallTime?
    /// Copies that could not be made, and looks at those that there are that failed; not because of ``damage``.
    public var backupFailures: UInt64 = 0

    /// Which damage of the database was found since, in one line without what to do about it; `nil` if none was.
    public var damage: String?

    /// Makes the statistics of a store that did nothing yet.
    public init() {}
}

/// Rows counted by table.
typealias Tally = [StoreStatistics.Table: UInt64]

extension Tally {
    mutating func add(_ table: Key, _ rows: UInt64 = 1) {
        self[table, default: 0] += rows
    }

    mutating func add(_ other: Tally) {
        self.merge(other) { $0 + $1 }
    }
}
