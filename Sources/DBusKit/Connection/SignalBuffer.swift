import Synchronization

/// Signals between the thread of a connection and the tasks that take them; the oldest go first when it is full.
final class SignalBuffer: Sendable {
    private struct State {
        var signals: SignalQueue
        var isFinished = false
        var waiters: [(id: Int, continuation: CheckedContinuation<BusSignal?, Never>)] = []
        var nextWaiter = 0
    }

    private let state: Mutex<State>

    init(capacity: Int) {
        self.state = Mutex(State(signals: SignalQueue(capacity: capacity)))
    }

    /// Notes that a signal was lost.
    func miss() { self.state.withLock { $0.signals.miss() } }

    /// Hands a signal to whoever waits, or keeps it.
    func add(_ signal: BusSignal) {
        var signal = signal
        let waiter = self.state.withLock { state -> CheckedContinuation<BusSignal?, Never>? in
            if state.isFinished { return nil }
            if state.waiters.isEmpty {
                state.signals.append(signal)
                return nil
            }
            signal = state.signals.marked(signal)
            return state.waiters.removeFirst().continuation
        }
        waiter?.resume(returning: signal)
    }

    /// Takes the oldest signal, or waits for one; `nil` after the end, or when the task is cancelled.
    func next() async -> BusSignal? {
        let id = self.state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (isThere, signal) = self.state.withLock { state -> (Bool, BusSignal?) in
                    if let signal = state.signals.takeFirst() { return (true, signal) }
                    if state.isFinished || Task.isCancelled { return (true, nil) }
                    state.waiters.append((id, continuation))
                    return (false, nil)
                }
                if isThere { continuation.resume(returning: signal) }
            }
        } onCancel: {
            let waiter = self.state.withLock { state in
                state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0).continuation }
            }
            waiter?.resume(returning: nil)
        }
    }

    /// Ends the sequence: what is there can still be taken, unless it is to be discarded.
    func finish(discarding: Bool) {
        let waiters = self.state.withLock { state in
            state.isFinished = true
            if discarding { state.signals.removeAll() }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.continuation.resume(returning: nil) }
    }
}
