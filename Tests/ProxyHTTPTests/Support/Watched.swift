import Synchronization

/// The wait for something took longer than it was given.
struct TooLate: Error, CustomStringConvertible {
    var description: String
}

/// A value that changes on any thread and that tests wait on with a deadline.
final class Watched<Value: Sendable>: Sendable {
    private struct Waiter: Sendable {
        var isSatisfied: @Sendable (Value) -> Bool
        var continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var value: Value
        var nextWaiter = 0
        var waiters: [Int: Waiter] = [:]
        var expired: Set<Int> = []
    }

    private let state: Mutex<State>

    init(_ value: Value) {
        self.state = Mutex(State(value: value))
    }

    var value: Value { self.state.withLock { $0.value } }

    func update(_ change: (inout Value) -> Void) {
        let satisfied = self.state.withLock { state -> [CheckedContinuation<Bool, Never>] in
            change(&state.value)
            let numbers = state.waiters.filter { $0.value.isSatisfied(state.value) }.keys
            return numbers.compactMap { state.waiters.removeValue(forKey: $0)?.continuation }
        }
        for continuation in satisfied { continuation.resume(returning: true) }
    }

    /// Waits until `condition` holds and returns the value then.
    @discardableResult
    func wait(
        within limit: Duration = .seconds(20),
        for what: String = "condition",
        until condition: @escaping @Sendable (Value) -> Bool
    ) async throws -> Value {
        let number = self.state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let timer = Task {
            try await Task.sleep(for: limit)
            let waiter = self.state.withLock { state -> Waiter? in
                state.expired.insert(number)
                return state.waiters.removeValue(forKey: number)
            }
            waiter?.continuation.resume(returning: false)
        }
        defer { timer.cancel() }
        let isSatisfied = await withCheckedContinuation { continuation in
            let answer = self.state.withLock { state -> Bool? in
                if condition(state.value) { return true }
                if state.expired.contains(number) { return false }
                state.waiters[number] = Waiter(isSatisfied: condition, continuation: continuation)
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
        let value = self.value
        guard isSatisfied else { throw TooLate(description: "waited in vain for \(what), last: \(value)") }
        return value
    }
}
