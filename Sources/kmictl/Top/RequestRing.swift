import DBusControl

/// The last requests that have ended, up to a bound.
struct RequestRing: Sendable {
    /// Tells rows apart: an id that a caller chose may occur again.
    struct Identity: Hashable, Sendable {
        let id: String
        let receivedAt: UInt64

        init(_ row: RequestRow) {
            self.id = row.id
            self.receivedAt = row.receivedAt
        }
    }

    /// The most rows that are kept.
    static let capacity = 1000

    private var rows: [RequestRow] = []
    /// Where the oldest row stands once the ring is full.
    private var start = 0
    private var identities: Set<Identity> = []

    /// How many rows there are.
    var count: Int { self.rows.count }
    /// Where the rows stand, in no order that means anything.
    var indices: Range<Int> { self.rows.indices }

    /// A row at one of the ``indices``.
    subscript(index: Int) -> RequestRow { self.rows[index] }

    /// Adds a row, in place of the oldest one if it is full; false if the row is there already.
    mutating func append(_ row: RequestRow) -> Bool {
        guard self.identities.insert(Identity(row)).inserted else { return false }
        if self.rows.count < Self.capacity {
            self.rows.append(row)
        } else {
            self.identities.remove(Identity(self.rows[self.start]))
            self.rows[self.start] = row
            self.start = (self.start + 1) % Self.capacity
        }
        return true
    }
}

extension RequestRow {
    /// When its answer ended, in microseconds since the epoch.
    var endedAt: UInt64 {
        let (end, overflow) = self.receivedAt.addingReportingOverflow(self.duration)
        return overflow ? .max : end
    }

    /// Whether it did not come to what its caller wanted; a caller that left has no more wishes.
    var isFailure: Bool {
        switch self.outcome {
        case "left": false
        case "cut", "timed_out", "refused": true
        default: !self.errorClass.isEmpty || self.status >= 400
        }
    }
}
