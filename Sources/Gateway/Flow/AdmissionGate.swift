import ProxyCore
import Synchronization

/// The one ``ProxyCore/Admission`` of the process, shared by all event loops.
///
/// Each call is one short step under a lock; whoever waited is told of the decision outside of it.
final class AdmissionGate: Sendable {
    /// Hears what became of a request that waited; called on any thread.
    typealias Answer = @Sendable (AdmissionDecision) -> Void

    private struct State: Sendable {
        var admission: Admission
        var answers: [UInt64: Answer] = [:]

        /// Those who are to be told of a decision, with it.
        mutating func takeTold() -> [(Answer, AdmissionDecision)] {
            let decisions = self.admission.takeDecisions()
            guard !decisions.isEmpty else { return [] }
            return decisions.compactMap { number, decision in
                self.answers.removeValue(forKey: number).map { ($0, decision) }
            }
        }
    }

    private let state: Mutex<State>

    /// Makes a gate.
    init(_ policy: AdmissionPolicy) {
        self.state = Mutex(State(admission: Admission(policy)))
    }

    private func step<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        let (result, told) = self.state.withLock { state in
            let result = body(&state)
            return (result, state.takeTold())
        }
        for (answer, decision) in told { answer(decision) }
        return result
    }

    /// Puts other limits in force; those inside and waiting stay.
    func reconfigure(_ policy: AdmissionPolicy, at now: Instant) {
        self.step { $0.admission.reconfigure(policy, at: now) }
    }

    /// Asks for admission; whoever is in must ``leave(_:tokens:at:)``.
    ///
    /// `answer` is called later if the request waits.
    func enter(_ request: AdmissionRequest, at now: Instant, _ answer: @escaping Answer) -> AdmissionEntry {
        self.step { state in
            let entry = state.admission.enter(request, at: now)
            if case .waiting(let number) = entry { state.answers[number] = answer }
            return entry
        }
    }

    /// Counts a request that takes no place; `nil` if it is let in.
    func pass(_ request: AdmissionRequest, at now: Instant) -> LimitRefusal? {
        self.step { $0.admission.pass(request, at: now) }
    }

    /// Gives up waiting.
    ///
    /// `false` means that a decision is on its way: if it is admission, the request must leave instead.
    func abandon(_ number: UInt64, at now: Instant) -> Bool {
        self.step { state in
            guard state.admission.abandon(number, at: now) else { return false }
            state.answers[number] = nil
            return true
        }
    }

    /// Gives up waiting because it took too long; `nil` means that a decision is on its way.
    func expire(_ number: UInt64, at now: Instant) -> LimitRefusal? {
        self.step { state in
            guard let refusal = state.admission.expire(number, at: now) else { return nil }
            state.answers[number] = nil
            return refusal
        }
    }

    /// One that was inside goes.
    func leave(_ ticket: AdmissionTicket, tokens: Int64, at now: Instant) {
        self.step { $0.admission.leave(ticket, tokens: tokens, at: now) }
    }

    /// One that was let in after it had waited does not run after all.
    func withdraw(_ ticket: AdmissionTicket, at now: Instant) {
        self.step { $0.admission.withdraw(ticket, at: now) }
    }

    /// An answer of a provider has begun.
    func noteFirstByte(after time: Duration, of source: LatencySource, at now: Instant) {
        self.step { $0.admission.noteFirstByte(after: time, of: source, at: now) }
    }

    /// A provider said that it has too much to do.
    func noteOverload(at now: Instant) {
        self.step { $0.admission.noteOverload(at: now) }
    }

    /// How things stand.
    func statistics(at now: Instant) -> AdmissionStatistics {
        self.step { $0.admission.statistics(at: now) }
    }

    /// How many are inside, and how many wait.
    var occupancy: (inside: Int, waiting: Int) {
        self.state.withLock { $0.admission.occupancy }
    }
}
