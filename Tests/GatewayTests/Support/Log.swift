import Synchronization

/// Numbers in the order in which they were told, from any thread.
final class Log: Sendable {
    private let state = Mutex<[Int]>([])

    var entries: [Int] { self.state.withLock { $0 } }

    func add(_ entry: Int) { self.state.withLock { $0.append(entry) } }
}
