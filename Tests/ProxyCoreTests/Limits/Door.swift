import Testing

@testable import ProxyCore

/// An ``Admission`` with a clock, and what became of those who came.
final class Door {
    private(set) var admission: Admission
    private(set) var now = RateLimitTests.at(0)
    /// Those who waited and were let in, in their order.
    private(set) var admitted: [UInt64] = []
    private(set) var tickets: [UInt64: AdmissionTicket] = [:]
    private(set) var refused: [UInt64: LimitRefusal] = [:]

    init(_ change: (inout Configuration) throws -> Void = { _ in }) rethrows {
        self.admission = Admission(try Self.policy(change))
    }

    static func policy(_ change: (inout Configuration) throws -> Void) rethrows -> AdmissionPolicy {
        var configuration = Configuration()
        configuration.limits.adaptive = false
        try change(&configuration)
        return AdmissionPolicy(configuration)
    }

    static func client(
        _ name: String, _ change: (inout Configuration.Client) -> Void = { _ in }
    ) throws -> Configuration.Client {
        var client = Configuration.Client(name: try #require(ClientName(name)), token: .store(id: name))
        change(&client)
        return client
    }

    func advance(by duration: Duration) { self.now = self.now + duration }

    func enter(
        _ user: UInt32, _ priority: RequestPriority = .normal, from address: LimitKey? = nil
    ) -> AdmissionEntry {
        self.enter(.user(user), priority, from: address)
    }

    func enter(
        _ caller: LimitKey, _ priority: RequestPriority = .normal, from address: LimitKey? = nil
    ) -> AdmissionEntry {
        let entry = self.admission.enter(
            AdmissionRequest(caller: caller, address: address, priority: priority), at: self.now)
        self.hear()
        return entry
    }

    /// Enters and has to be in at once.
    func ticket(
        _ user: UInt32, _ priority: RequestPriority = .normal, from address: LimitKey? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> AdmissionTicket {
        let entry = self.enter(user, priority, from: address)
        guard case .admitted(let ticket) = entry else {
            Issue.record("\(entry)", sourceLocation: sourceLocation)
            throw Unexpected()
        }
        return ticket
    }

    /// Enters and has to wait.
    func wait(
        _ user: UInt32, _ priority: RequestPriority = .normal, from address: LimitKey? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> UInt64 {
        let entry = self.enter(user, priority, from: address)
        guard case .waiting(let number) = entry else {
            Issue.record("\(entry)", sourceLocation: sourceLocation)
            throw Unexpected()
        }
        return number
    }

    /// Enters and has to be refused.
    func refusal(
        _ user: UInt32, _ priority: RequestPriority = .normal, from address: LimitKey? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> LimitRefusal {
        let entry = self.enter(user, priority, from: address)
        guard case .refused(let refusal) = entry else {
            Issue.record("\(entry)", sourceLocation: sourceLocation)
            throw Unexpected()
        }
        return refusal
    }

    func leave(_ ticket: AdmissionTicket, tokens: Int64 = 0) {
        self.admission.leave(ticket, tokens: tokens, at: self.now)
        self.hear()
    }

    /// One that waited and was let in leaves.
    func leave(waited number: UInt64, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let ticket = try #require(self.tickets[number], sourceLocation: sourceLocation)
        self.tickets[number] = nil
        self.leave(ticket)
    }

    func abandon(_ number: UInt64) -> Bool {
        defer { self.hear() }
        return self.admission.abandon(number, at: self.now)
    }

    func expire(_ number: UInt64) -> LimitRefusal? {
        defer { self.hear() }
        return self.admission.expire(number, at: self.now)
    }

    func reconfigure(_ change: (inout Configuration) throws -> Void) rethrows {
        self.admission.reconfigure(try Self.policy(change), at: self.now)
        self.hear()
    }

    func pass(_ user: UInt32) -> LimitRefusal? {
        self.admission.pass(AdmissionRequest(caller: .user(user)), at: self.now)
    }

    /// A provider says that it has too much to do.
    func overload() {
        self.admission.noteOverload(at: self.now)
        self.hear()
    }

    /// How many are let in at once.
    var limit: Int? {
        defer { self.hear() }
        return self.admission.statistics(at: self.now).concurrencyLimit
    }

    private func hear() {
        for (number, decision) in self.admission.takeDecisions() {
            switch decision {
            case .admitted(let ticket):
                self.admitted.append(number)
                self.tickets[number] = ticket
            case .refused(let refusal):
                self.refused[number] = refusal
            }
        }
    }

    struct Unexpected: Error {}
}
