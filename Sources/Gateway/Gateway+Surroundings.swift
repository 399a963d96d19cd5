public import ProxyCore
import Synchronization

/// What the machine around the daemon has to do with keys and providers.
extension Gateway {
    /// The machine has woken up, or is on another network: rests that are over are told at once, providers that were left
    /// alone are asked again, and connections that nobody uses are ended by whoever owns them.
    ///
    /// Answers the keys whose refusal may have come from a network in between, such as one that wants a person to sign in
    /// first: they are worth a check before their time.
    public func surroundingsChanged() -> [KeyLabel] {
        let now = self.moment
        _ = self.dispatcher.step { $0.surroundingsChanged(at: now) }
        self.tellNews()
        // The loops' clock has stood still while the machine slept.
        self.recoveryTimer.withLock { $0 }?.lookAgain()
        return self.dispatcher.snapshots(at: now.instant)
            .filter { $0.isEnabled && ($0.state == .suspect || $0.state == .invalid) }.map(\.label)
    }
}
