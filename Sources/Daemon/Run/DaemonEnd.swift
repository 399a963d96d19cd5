import ServiceLifecycle
import Synchronization

/// The way to the end that a signal takes as well, for those who ask for it otherwise.
final class DaemonEnd: Sendable {
    private struct State {
        var group: ServiceGroup?
        var isAsked = false
        var isBegun = false
    }

    private let state = Mutex(State())

    /// Names what is to end; it ends at once if that was asked for before it was known.
    func connect(to group: ServiceGroup) {
        let isBegun = self.state.withLock { state in
            state.group = group
            return state.isBegun
        }
        if isBegun { self.begin() }
    }

    /// Asks for the end; false if that was done before.
    func ask() -> Bool {
        self.state.withLock { state in
            defer { state.isAsked = true }
            return !state.isAsked
        }
    }

    /// Begins it, as `SIGTERM` does; never waits.
    func begin() {
        let group = self.state.withLock { state in
            defer { state.group = nil }
            state.isBegun = true
            return state.group
        }
        guard let group else { return }
        Task { await group.triggerGracefulShutdown() }
    }
}
