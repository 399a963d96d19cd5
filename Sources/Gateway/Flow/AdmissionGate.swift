import DequeModule
import Synchronization

/// Lets a bounded number of requests in at once, and a bounded number wait, first come, first served.
final class AdmissionGate: Sendable {
    /// What became of a request at the gate.
    enum Entry: Sendable, Equatable {
        /// It is in, and must ``AdmissionGate/leave()``.
        case admitted
        /// It waits under this number and is called when it is in.
        case waiting(UInt64)
        /// There is no room, and none to wait in.
        case full
    }

    private struct Waiter {
        let number: UInt64
        let admit: @Sendable () -> Void
    }

    private struct State {
        var limit: Int?
        var queueLimit: Int
        var inside = 0
        var waiters: Deque<Waiter> = []
        var nextNumber: UInt64 = 0

        var hasRoom: Bool { self.limit.map { self.inside < $0 } ?? true }
    }

    private let state: Mutex<State>

    /// Makes a gate; no `limit` lets everybody in.
    init(limit: Int?, queueLimit: Int) {
        self.state = Mutex(State(limit: limit, queueLimit: queueLimit))
    }

    /// Changes the limits; those inside and waiting stay, and a higher limit lets the first of the queue in.
    func reconfigure(limit: Int?, queueLimit: Int) {
        let admitted = self.state.withLock { state in
            state.limit = limit
            state.queueLimit = queueLimit
            return Self.admitWaiting(&state)
        }
        for waiter in admitted { waiter.admit() }
    }

    /// Asks for admission.
    ///
    /// `admit` is called later, on any thread, if the answer is `waiting`.
    func enter(_ admit: @escaping @Sendable () -> Void) -> Entry {
        self.state.withLock { state in
            if state.hasRoom, state.waiters.isEmpty {
                state.inside += 1
                return .admitted
            }
            guard state.waiters.count < state.queueLimit else { return .full }
            state.nextNumber += 1
            state.waiters.append(Waiter(number: state.nextNumber, admit: admit))
            return .waiting(state.nextNumber)
        }
    }

    /// Gives up waiting.
    ///
    /// `false` means that the request has been admitted meanwhile and must leave instead.
    func abandon(_ number: UInt64) -> Bool {
        self.state.withLock { state in
            guard let place = state.waiters.firstIndex(where: { $0.number == number }) else { return false }
            state.waiters.remove(at: place)
            return true
        }
    }

    /// One that was inside goes.
    func leave() {
        let admitted = self.state.withLock { state in
            state.inside -= 1
            return Self.admitWaiting(&state)
        }
        for waiter in admitted { waiter.admit() }
    }

    /// How many are inside, and how many wait.
    var occupancy: (inside: Int, waiting: Int) {
        self.state.withLock { ($0.inside, $0.waiters.count) }
    }

    private static func admitWaiting(_ state: inout State) -> [Waiter] {
        var admitted: [Waiter] = []
        while state.hasRoom, let first = state.waiters.popFirst() {
            state.inside += 1
            admitted.append(first)
        }
        return admitted
    }
}
