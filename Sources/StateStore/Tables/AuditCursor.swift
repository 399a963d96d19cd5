/// Cursors of the audit, which no list of requests takes, and the other way round.
enum AuditCursor {
    /// What they are known by.
    static func mark(of installation: [UInt8]) -> [UInt8] { installation.map { ~$0 } }
}
