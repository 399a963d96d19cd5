import Synchronization

/// Holds whoever comes until it is opened.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var arrived = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
        var watchers: [(count: Int, CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    /// Waits until the gate is open.
    func pass() async {
        await withCheckedContinuation { continuation in
            let resumed = self.state.withLock { state in
                state.arrived += 1
                let arrived = state.arrived
                let watchers = state.watchers.filter { $0.count <= arrived }.map(\.1)
                state.watchers.removeAll { $0.count <= arrived }
                if state.isOpen { return watchers + [continuation] }
                state.waiters.append(continuation)
                return watchers
            }
            for continuation in resumed { continuation.resume() }
        }
    }

    /// Waits until so many have come.
    func arrivals(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = self.state.withLock { state in
                if state.arrived >= count { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    /// How many have come.
    var arrived: Int { self.state.withLock { $0.arrived } }

    /// Lets everybody pass from now on.
    func open() {
        let waiters = self.state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
