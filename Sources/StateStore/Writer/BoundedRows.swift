internal import ProxyCore

/// Rows that wait for the disk: at most so many, the oldest gives way.
struct BoundedRows: Sendable {
    private var rows: [RequestRecord] = []
    // Where the oldest one is, once the ring is full.
    private var head = 0

    /// How many there are.
    var count: Int { self.rows.count }

    /// Adds a row as the newest one; at the limit another one goes.
    ///
    /// Returns how many went.
    mutating func append(_ record: RequestRecord, limit: Int) -> Int {
        if self.rows.count < limit {
            if self.head != 0 { self.straighten() }
            self.rows.append(record)
            return 0
        }
        // With no room at all, because a transaction holds as many as may wait, the new one itself goes.
        if self.rows.isEmpty || self.rows.count > limit { return 1 }
        self.rows[self.head] = record
        self.head = (self.head + 1) % self.rows.count
        return 1
    }

    /// Takes all, the oldest first.
    mutating func takeAll() -> [RequestRecord] {
        self.straighten()
        defer { self.rows = [] }
        return self.rows
    }

    /// Puts rows back that are older than all others; what is over the limit goes, the oldest first.
    ///
    /// Returns how many went.
    mutating func putBack(_ older: [RequestRecord], limit: Int) -> Int {
        let all = older + self.takeAll()
        self.rows = Array(all.suffix(limit))
        return all.count - self.rows.count
    }

    private mutating func straighten() {
        guard self.head != 0 else { return }
        self.rows = Array(self.rows[self.head...] + self.rows[..<self.head])
        self.head = 0
    }
}
