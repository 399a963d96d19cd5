public import ProxyCore
import Synchronization

/// The nonces of signed requests, as all event loops see them.
final class SharedNonces: Sendable {
    private let ledger = Mutex(NonceLedger())

    /// Takes over what an earlier process remembered.
    func restore(_ nonces: [UsedNonce], at now: WallTime) {
        self.ledger.withLock { $0.restore(nonces, at: now) }
    }

    /// Whether a nonce was used before, or is being used.
    func isUsed(_ nonce: UsedNonce) -> Bool {
        self.ledger.withLock { $0.isUsed(nonce) }
    }

    /// Keeps a nonce for a request, unless it was used before.
    func reserve(_ nonce: UsedNonce, at now: WallTime) -> NonceLedger.Outcome {
        self.ledger.withLock { $0.reserve(nonce, at: now) }
    }

    /// Gives a nonce back whose request was refused.
    func release(_ nonce: UsedNonce) {
        self.ledger.withLock { $0.release(nonce) }
    }
}

extension Gateway {
    /// Takes over the nonces that an earlier process remembered, before the first request.
    public func restore(_ nonces: [UsedNonce]) {
        self.nonces.restore(nonces, at: self.time.wallTime())
    }
}
