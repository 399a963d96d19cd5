import Synchronization

/// Lets one task wait for the first of several things that may happen on any thread.
final class Latch: Sendable {
    private enum State {
        case closed
        case waiting(CheckedContinuation<Bool, Never>)
        case open(Bool)
    }

    private let state = Mutex(State.closed)

    /// Opens the latch; only the first call counts.
    func open(_ value: Bool) {
        let waiter = self.state.withLock { state -> CheckedContinuation<Bool, Never>? in
            switch state {
            case .open:
                return nil
            case .closed:
                state = .open(value)
                return nil
            case .waiting(let continuation):
                state = .open(value)
                return continuation
            }
        }
        waiter?.resume(returning: value)
    }

    /// Waits for the value that the latch is opened with.
    ///
    /// For one task only.
    func wait() async -> Bool {
        await withCheckedContinuation { continuation in
            let value = self.state.withLock { state -> Bool? in
                if case .open(let value) = state { return value }
                state = .waiting(continuation)
                return nil
            }
            if let value { continuation.resume(returning: value) }
        }
    }
}
