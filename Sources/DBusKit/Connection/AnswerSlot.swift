import Synchronization

/// The place of an answer that is given once, from anywhere, and waited for once.
final class AnswerSlot<Answer: Sendable>: Sendable {
    private typealias Waiter = CheckedContinuation<Result<Answer, BusError>, Never>

    private enum State {
        case empty
        case awaited(Waiter)
        case filled(Result<Answer, BusError>)
        case finished
    }

    private let state = Mutex(State.empty)

    /// Whether an answer was given.
    var isFilled: Bool {
        self.state.withLock { state in
            switch state {
            case .empty, .awaited: false
            case .filled, .finished: true
            }
        }
    }

    /// Gives the answer; `false` if there is one already, which stays.
    @discardableResult
    func fill(_ answer: Result<Answer, BusError>) -> Bool {
        let (isNew, waiter) = self.state.withLock { state -> (Bool, Waiter?) in
            switch state {
            case .empty:
                state = .filled(answer)
                return (true, nil)
            case .awaited(let continuation):
                state = .finished
                return (true, continuation)
            case .filled, .finished:
                return (false, nil)
            }
        }
        waiter?.resume(returning: answer)
        return isNew
    }

    /// Waits for the answer; when the task is cancelled that is the answer, and `onCancel` is called.
    func result(onCancel: @escaping @Sendable () -> Void = {}) async -> Result<Answer, BusError> {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = self.state.withLock { state -> Result<Answer, BusError>? in
                    guard case .filled(let answer) = state else {
                        state = .awaited(continuation)
                        return nil
                    }
                    state = .finished
                    return answer
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let error = BusError(kind: .timedOut, "the task that waited was cancelled")
            if self.fill(.failure(error)) { onCancel() }
        }
    }
}
