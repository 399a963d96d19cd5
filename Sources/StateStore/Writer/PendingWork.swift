internal import ProxyCore

/// What waits for the disk: request rows up to a bound, counts, spending and memory without
/// loss, and changes with their callers.
struct PendingWork: Sendable {
    /// How many changes may wait for the disk at once.
    static let groupLimit = 1024
    /// How many bytes of bodies may wait for the disk at once; beyond that a request is kept without its bodies.
    static let bodyLimit = 16 << 20

    private let rowLimit: Int
    private var rows = BoundedRows()
    private var audits = PendingAudits()
    private var auditsInFlight = 0
    private var nonces = PendingNonces()
    private var counts = UsageCounts()
    private var spending = SpendingTable()
    private var memory: DispatchMemory?
    private(set) var groups: [ChangeGroup] = []
    private var rowsInFlight = 0
    private var bodyBytes = 0
    private var bodyBytesInFlight = 0
    /// Requests that were kept without their bodies, because too many bytes of them waited.
    private(set) var lostBodies: UInt64 = 0
    /// The number of the value that was handed over last.
    private(set) var sequence: UInt64 = 0
    /// Since when the oldest value waits; `nil` if none does.
    private(set) var waitingSince: Instant?

    init(rowLimit: Int) {
        self.rowLimit = rowLimit
    }

    /// Rows that are not on disk, those of the running transaction included.
    var waitingRows: Int { self.rows.count + self.rowsInFlight }

    /// Audit events that are not on disk, those of the running transaction included.
    var waitingAudits: Int { self.audits.events.count + self.auditsInFlight }

    /// Takes an audit event; false if too many wait already.
    mutating func append(_ event: AuditEvent, now: Instant) -> Bool {
        guard self.audits.append(event) else { return false }
        self.note(now)
        return true
    }

    /// Takes a nonce; false if too many wait already.
    mutating func append(_ nonce: UsedNonce, at time: WallTime, now: Instant) -> Bool {
        guard self.nonces.append(nonce, at: time) else { return false }
        self.note(now)
        return true
    }

    /// Takes a record; returns how many records had to go for it.
    mutating func append(_ record: RequestRecord, now: Instant) -> Int {
        self.counts.add(record)
        self.spending.add(record)
        self.note(now)
        var record = record
        if let size = record.bodies?.size {
            if self.bodyBytes + self.bodyBytesInFlight + size > Self.bodyLimit {
                record.bodies = nil
                self.lostBodies += 1
            } else {
                self.bodyBytes += size
            }
        }
        return self.rows.append(record, limit: self.rowLimit - self.rowsInFlight)
    }

    /// Takes what is to be remembered instead of what was.
    mutating func remember(_ memory: DispatchMemory, now: Instant) {
        guard self.memory != memory else { return }
        self.memory = memory
        self.note(now)
    }

    /// Takes changes; false if too many wait already.
    mutating func add(_ changes: [StateChange], id: UInt64, now: Instant) -> Bool {
        guard self.groups.count < Self.groupLimit else { return false }
        self.groups.append(
            ChangeGroup(id: id, changes: changes, countsBefore: self.counts, memoryBefore: self.memory))
        self.counts = UsageCounts()
        self.memory = nil
        self.note(now)
        return true
    }

    /// Takes changes back that nobody waits for any more; false if they are being written, or were.
    mutating func withdraw(_ id: UInt64) -> Bool {
        guard let index = self.groups.firstIndex(where: { $0.id == id }) else { return false }
        let group = self.groups.remove(at: index)
        self.prepend(group.countsBefore, group.memoryBefore, at: index)
        return true
    }

    /// Hands out all that waits.
    mutating func take() -> Batch {
        var batch = Batch()
        batch.rows = self.rows.takeAll()
        batch.audits = self.audits.takeAll()
        self.auditsInFlight = batch.audits.count
        batch.nonces = self.nonces.takeAll()
        swap(&batch.groups, &self.groups)
        swap(&batch.counts, &self.counts)
        swap(&batch.spending, &self.spending)
        swap(&batch.memory, &self.memory)
        batch.sequence = self.sequence
        self.rowsInFlight = batch.rows.count
        self.bodyBytesInFlight = batch.rows.reduce(0) { $0 + ($1.bodies?.size ?? 0) }
        self.bodyBytes = 0
        self.waitingSince = nil
        return batch
    }

    /// The batch that was handed out is on disk.
    mutating func finish() {
        self.rowsInFlight = 0
        self.auditsInFlight = 0
        self.bodyBytesInFlight = 0
    }

    /// The batch that was handed out is not on disk: all but its changes waits again, before what came since.
    ///
    /// Returns how many rows had to go.
    mutating func putBack(_ batch: Batch, now: Instant) -> Int {
        self.rowsInFlight = 0
        self.auditsInFlight = 0
        self.audits.putBack(batch.audits)
        self.nonces.putBack(batch.nonces)
        self.bodyBytes += self.bodyBytesInFlight
        self.bodyBytesInFlight = 0
        var counts = UsageCounts()
        var memory: DispatchMemory?
        for group in batch.groups {
            counts.merge(group.countsBefore)
            memory = group.memoryBefore ?? memory
        }
        counts.merge(batch.counts)
        memory = batch.memory ?? memory
        if !batch.rows.isEmpty || !batch.audits.isEmpty || !batch.nonces.nonces.isEmpty || !counts.isEmpty
            || !batch.spending.isEmpty || memory != nil
        {
            self.waitingSince = self.waitingSince ?? now
        }
        if !batch.spending.isEmpty {
            var spending = batch.spending
            spending.merge(self.spending)
            self.spending = spending
        }
        self.prepend(counts, memory, at: 0)
        return self.rows.putBack(batch.rows, limit: self.rowLimit)
    }

    /// Puts what is older before the group at `index`, or before what came after the last group.
    private mutating func prepend(_ counts: UsageCounts, _ memory: DispatchMemory?, at index: Int) {
        var counts = counts
        if index < self.groups.count {
            counts.merge(self.groups[index].countsBefore)
            self.groups[index].countsBefore = counts
            self.groups[index].memoryBefore = self.groups[index].memoryBefore ?? memory
        } else {
            counts.merge(self.counts)
            self.counts = counts
            self.memory = self.memory ?? memory
        }
    }

    private mutating func note(_ now: Instant) {
        self.sequence += 1
        self.waitingSince = self.waitingSince ?? now
    }
}
