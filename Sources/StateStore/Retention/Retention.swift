/// How long and how much is kept (K-014, K-015); what is `nil` is not limited.
public struct Retention: Sendable, Equatable {
    /// How long requests are kept, with their attempts and bodies, from when they came in (`trace.keep`).
    public var keep: Duration?
    /// How large the database may become with its log, in bytes; the oldest requests go first (`trace.max_bytes`).
    ///
    /// At least ``leastBytes`` count.
    public var maxBytes: Int?
    /// How long the hourly sums of tokens and money are kept.
    public var spendingKeep: Duration?
    /// How long audit events are kept, from when they last happened (`trace.audit_keep`); nothing else deletes any.
    public var auditKeep: Duration?

    /// An empty database and a log that is worth its name need so much.
    public static let leastBytes = 1 << 20

    /// Limits what is kept; without arguments nothing is.
    public init(
        keep: Duration? = nil, maxBytes: Int? = nil, spendingKeep: Duration? = nil, auditKeep: Duration? = nil
    ) {
        self.keep = keep
        self.maxBytes = maxBytes
        self.spendingKeep = spendingKeep
        self.auditKeep = auditKeep
    }

    /// Whether there is any limit.
    var isLimited: Bool { self != Retention() }
}
