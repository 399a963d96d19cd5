import ProxyCore
import Synchronization

@testable import Gateway

/// Keeps what a gateway tells.
final class RecordingObserver: GatewayObserver {
    private struct State {
        var records: [RequestRecord] = []
        var transitions: [KeyTransition] = []
        var moves = 0
        var providers: [ProviderName] = []
        var warnings: [String] = []
        var incidents: [CallerIncident] = []
        var nonces: [UsedNonce] = []
    }

    private let state = Mutex(State())

    /// The requests that have ended, in that order.
    var records: [RequestRecord] { self.state.withLock { $0.records } }
    /// The changes of keys, in their order.
    var transitions: [KeyTransition] { self.state.withLock { $0.transitions } }
    /// The providers whose breaker moved, in that order.
    var providers: [ProviderName] { self.state.withLock { $0.providers } }
    /// The codes of the warnings, in their order.
    var warnings: [String] { self.state.withLock { $0.warnings } }
    /// What callers were refused, in that order.
    var incidents: [CallerIncident] { self.state.withLock { $0.incidents } }
    /// The nonces that were used up, in that order.
    var nonces: [UsedNonce] { self.state.withLock { $0.nonces } }
    /// How often the memory may have changed.
    var moves: Int { self.state.withLock { $0.moves } }

    func requestFinished(_ record: RequestRecord) {
        self.state.withLock { $0.records.append(record) }
    }

    func keyChanged(_ transition: KeyTransition) {
        self.state.withLock { $0.transitions.append(transition) }
    }

    func providerChanged(_ provider: ProviderName) {
        self.state.withLock { $0.providers.append(provider) }
    }

    func warned(_ code: String, _ message: String) {
        self.state.withLock { $0.warnings.append(code) }
    }

    func refused(_ incident: CallerIncident) {
        self.state.withLock { $0.incidents.append(incident) }
    }

    func nonceUsed(_ nonce: UsedNonce, at now: WallTime) {
        self.state.withLock { $0.nonces.append(nonce) }
    }

    func memoryMoved() {
        self.state.withLock { $0.moves += 1 }
    }
}
