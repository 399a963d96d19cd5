import DBusControl
import ProxyCore
import Synchronization

/// Where the daemon tells the bus what happens, whether there is a bus at the moment or not.
///
/// Nothing here waits: the request path calls it.
final class ControlHub: Sendable {
    /// Tells moments as the bus shows them.
    let clock: ShownClock
    /// What the desktop is told.
    let attention: Attention
    private let present = Mutex<ControlService?>(nil)
    private let follower = Mutex<(@Sendable () -> Void)?>(nil)

    init(time: any TimeSource, notifications: Configuration.Notifications) {
        self.attention = Attention(notifications)
        self.clock = ShownClock(time: time)
    }

    /// The service on the bus; `nil` while there is no bus.
    var service: ControlService? {
        get { self.present.withLock { $0 } }
        set { self.present.withLock { $0 = newValue } }
    }

    /// Has a closure called whenever the daemon may stand otherwise than before, also while there is no bus.
    ///
    /// It must not wait.
    func onChange(_ body: @escaping @Sendable () -> Void) {
        self.follower.withLock { $0 = body }
    }

    /// How many keys are usable, or what does not work as configured, may have changed; for those who do not ask the bus.
    func standingMoved() {
        self.follower.withLock { $0 }?()
    }

    /// Tells the bus, and whoever follows, that the daemon may stand otherwise than before.
    func statusChanged() {
        self.service?.statusChanged()
        self.standingMoved()
    }
}
