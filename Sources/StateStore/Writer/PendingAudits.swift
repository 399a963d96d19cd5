/// Audit events that wait for the disk; one that happens again before it is there takes its own place.
struct PendingAudits: Sendable {
    /// How many may wait at once; those of a transaction that is running come on top.
    static let limit = 4096

    private(set) var events: [AuditEvent] = []
    private var places: [Int64: Int] = [:]

    /// Takes an event; false if too many wait already.
    mutating func append(_ event: AuditEvent) -> Bool {
        if let fold = event.fold, let place = self.places[fold] {
            self.events[place] = event
            return true
        }
        guard self.events.count < Self.limit else { return false }
        self.add(event)
        return true
    }

    /// Hands out all, in their order.
    mutating func takeAll() -> [AuditEvent] {
        defer { self = PendingAudits() }
        return self.events
    }

    /// Puts events back that are older than all others; none of them goes.
    mutating func putBack(_ older: [AuditEvent]) {
        let newer = self.takeAll()
        for event in older + newer {
            if let fold = event.fold, let place = self.places[fold] {
                self.events[place] = event
            } else {
                self.add(event)
            }
        }
    }

    private mutating func add(_ event: AuditEvent) {
        if let fold = event.fold { self.places[fold] = self.events.count }
        self.events.append(event)
    }
}
