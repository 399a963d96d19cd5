import ProxyCore
import Synchronization

@testable import Gateway

/// Keeps what a gateway tells.
final class RecordingObserver: GatewayObserver {
    private struct State {
        var records: [RequestRecord] = []
        var transitions: [KeyTransition] = []
        var moves = 0
    }

    private let state = Mutex(State())

    /// The requests that have ended, in that order.
    var records: [RequestRecord] { self.state.withLock { $0.records } }
    /// The changes of keys, in their order.
    var transitions: [KeyTransition] { self.state.withLock { $0.transitions } }
    /// How often the memory of the pool may have changed.
    var moves: Int { self.state.withLock { $0.moves } }

    func requestFinished(_ record: RequestRecord) {
        self.state.withLock { $0.records.append(record) }
    }

    func keyChanged(_ transition: KeyTransition) {
        self.state.withLock { $0.transitions.append(transition) }
    }

    func keysMoved() {
        self.state.withLock { $0.moves += 1 }
    }
}
