/// One thing that somebody did to the daemon, or that the daemon refused somebody.
public struct AuditRow: Sendable, Equatable {
    /// Its number; later ones have higher numbers.
    public var id: UInt64 = 0
    /// When, in microseconds since the epoch.
    public var at: UInt64 = 0
    /// Who: `uid:1000`, `address:127.0.0.1`, `daemon`.
    public var actor = ""
    /// What, a word such as `key_added`; treat what is unknown as its words say.
    public var action = ""
    /// To what: a label, a name, a setting, a path; empty where it is the daemon as a whole.
    public var target = ""
    /// `ok`, `refused` or `failed`.
    public var result = ""
    /// What more there is to say, in one line; without secrets.
    public var detail = ""

    /// Makes the row of something that nothing is known of.
    public init() {}
}

/// Which audit rows are asked for.
public struct AuditFilter: Sendable, Equatable {
    /// The most rows of a page, from 1 to ``RequestFilter/maximumLimit``.
    public var limit: UInt32 = 100
    /// Where the page begins: a cursor of an earlier page; empty for the newest row.
    public var cursor = ""
    /// Not before this moment, in microseconds since the epoch.
    public var since: UInt64?
    /// Before this moment, in microseconds since the epoch.
    public var until: UInt64?
    /// These actions alone.
    public var action: String?

    /// The newest hundred.
    public init() {}
}

/// A page of audit rows, the newest first.
public struct AuditPage: Sendable, Equatable {
    /// The rows.
    public var rows: [AuditRow]
    /// Where the next page begins; empty if this one is the last.
    public var cursor: String

    /// Makes a page.
    public init(rows: [AuditRow], cursor: String) {
        self.rows = rows
        self.cursor = cursor
    }
}
