import Logging
public import ProxyCore
import Synchronization

/// What people and time do with the keys, and who hears of it.
extension Gateway {
    // MARK: What outlives the process

    /// Takes over what an earlier process remembered, before the first request.
    public func restore(_ memory: DispatchMemory) {
        self.dispatcher.restore(memory, providers: Set(self.snapshot.providers.keys), at: self.moment)
    }

    /// What of the keys and providers is to outlive the process.
    public func memory() -> DispatchMemory {
        self.dispatcher.memory(at: self.moment)
    }

    // MARK: What a person does

    /// The key that the next request to a provider uses, as far as can be told; `nil` without a usable one.
    public func nextKey(of provider: ProviderName) -> KeyLabel? {
        let now = self.time.now()
        return self.dispatcher.read { $0.pool.nextKey(of: provider, at: now) }
    }

    /// Makes the next request to a provider use a certain key, or the one after the one whose turn it is.
    public func rotate(
        to label: KeyLabel?, of provider: ProviderName
    ) throws(KeyRotationRefusal) -> KeyRotation {
        let rotation = try self.dispatcher.rotate(to: label, of: provider, at: self.time.now())
        self.tellNews()
        return rotation
    }

    /// Ends every rest, forgets the errors of all keys, and closes the breakers of their providers.
    public func resetKeys() {
        let now = self.moment
        _ = self.dispatcher.step { $0.resetAll(at: now) }
        for key in self.dispatcher.snapshots(at: now.instant) { self.counts.forgetErrors(of: key.label) }
        self.tellNews()
    }

    /// Ends the rests of a key and forgets its errors.
    public func resetKey(_ label: KeyLabel) {
        let now = self.moment
        _ = self.dispatcher.step { $0.reset(label, at: now) }
        self.counts.forgetErrors(of: label)
        self.tellNews()
    }

    /// Waits until the requests that a key serves have ended; `false` if some still run when so much time has passed.
    ///
    /// New ones begin as long as the key takes part: whoever waits disables it first.
    public func requestsEnded(on label: KeyLabel, within limit: Duration) async -> Bool {
        await self.ends.wait(for: label, within: limit) {
            _ = self.dispatcher.step { $0.awaitEnd(of: label) }
            self.tellNews()
        }
    }

    // MARK: Who hears of it

    /// Has a timer told of rests that begin; `nil` for none.
    func setRecoveryTimer(_ timer: KeyRecoveryTimer?) {
        self.recoveryTimer.withLock { $0 = timer }
    }

    /// Tells of the keys whose rest has ended by itself.
    func tellRecoveries() {
        let now = self.moment
        _ = self.dispatcher.step { $0.expire(at: now) }
        self.tellNews()
    }

    /// Tells of what happened to keys and providers since it was last told, one thread at a time.
    ///
    /// So everybody hears of changes in their order, whichever threads they happened on, and what an observer asks and keeps
    /// of the memory when it hears of a move is never replaced by something older (K-013). Whatever happened before is told
    /// when this returns.
    func tellNews() {
        self.telling.withLock { _ in
            let news = self.dispatcher.takeNews()
            for piece in news.news { self.tell(piece) }
            if news.hasMoved { self.observer.memoryMoved() }
        }
    }
}
