import Synchronization

/// What was noted, from any thread.
final class Notes<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])

    var all: [Value] { self.values.withLock { $0 } }

    func add(_ value: Value) { self.values.withLock { $0.append(value) } }
}
