import Logging
public import ProxyCore
import Synchronization

/// What people and time do with the keys, and who hears of it.
extension Gateway {
    // MARK: What outlives the process

    /// Takes over what an earlier process remembered, before the first request.
    public func restore(_ memory: KeyMemory) {
        self.pool.restore(memory, at: self.time.now(), wallTime: self.time.wallTime())
    }

    /// What of the keys is to outlive the process.
    public func memory() -> KeyMemory {
        self.pool.memory(at: self.time.now(), wallTime: self.time.wallTime())
    }

    // MARK: What a person does

    /// The key that the next request to a provider uses, as far as can be told; `nil` without a usable one.
    public func nextKey(of provider: ProviderName) -> KeyLabel? {
        self.pool.nextKey(of: provider, at: self.time.now())
    }

    /// Makes the next request to a provider use a certain key, or the one after the one whose turn it is.
    public func rotate(
        to label: KeyLabel?, of provider: ProviderName
    ) throws(KeyRotationRefusal) -> KeyRotation {
        let rotation = try self.pool.rotate(to: label, of: provider, at: self.time.now())
        self.tellNews()
        return rotation
    }

    /// Ends every rest and forgets the errors of all keys.
    public func resetKeys() {
        let now = self.time.now()
        self.pool.resetAll(at: now)
        for key in self.pool.snapshots(at: now) { self.counts.forgetErrors(of: key.label) }
        self.tellNews()
    }

    /// Ends the rests of a key and forgets its errors.
    public func resetKey(_ label: KeyLabel) {
        self.pool.reset(label, at: self.time.now())
        self.counts.forgetErrors(of: label)
        self.tellNews()
    }

    // MARK: Who hears of it

    /// Has a timer told of rests that begin; `nil` for none.
    func setRecoveryTimer(_ timer: KeyRecoveryTimer?) {
        self.recoveryTimer.withLock { $0 = timer }
    }

    /// Tells of the keys whose rest has ended by itself.
    func tellRecoveries() {
        self.pool.expire(at: self.time.now())
        self.tellNews()
    }

    /// Tells of what became of the keys since it was last told, one thread at a time.
    ///
    /// So everybody hears of changes in their order, whichever threads they happened on, and what an observer asks and keeps
    /// of the memory when it hears of a move is never replaced by something older (K-013). Whatever happened before is told
    /// when this returns.
    func tellNews() {
        self.telling.withLock { _ in
            let news = self.pool.takeNews()
            for transition in news.transitions { self.tell(transition) }
            if news.hasMoved { self.observer.keysMoved() }
        }
    }

    private func tell(_ transition: KeyTransition) {
        self.logger.notice(
            "key changed its state",
            metadata: [
                "event": "key_state",
                "key": "\(transition.key)",
                "old": "\(transition.old.rawValue)",
                "new": "\(transition.new.rawValue)",
                "class": "\(transition.reason?.rawValue ?? "")",
                "model": "\(transition.model?.text ?? "")",
                "usable_in_ms": "\(transition.usableAt.map { ($0 - self.time.now()).nanoseconds / 1_000_000 } ?? 0)",
            ]
        )
        self.observer.keyChanged(transition)
        if transition.usableAt != nil { self.recoveryTimer.withLock { $0 }?.arm() }
    }
}
