import NIOCore
import ProxyCore

/// One timer for all time limits of a connection: it is moved only when a deadline comes nearer, and whoever it wakes
/// looks again and arms it anew.
///
/// Bound to its event loop.
struct DeadlineTimer {
    private let eventLoop: any EventLoop
    private var armed: (task: Scheduled<Void>, at: Instant)?

    /// Makes a timer that is not armed.
    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// The loop's clock.
    ///
    /// It stands still in suspend, which only lengthens a timeout.
    static func now(_ eventLoop: any EventLoop) -> Instant {
        Instant(nanoseconds: Int64(clamping: eventLoop.now.uptimeNanoseconds))
    }

    /// Calls `wake` at the deadline at the latest; it must call ``fired()`` first.
    mutating func arm(for deadline: Instant, _ wake: @escaping () -> Void) {
        if let armed = self.armed {
            guard deadline < armed.at else { return }
            armed.task.cancel()
        }
        let time = NIODeadline.uptimeNanoseconds(UInt64(clamping: deadline.nanoseconds))
        self.armed = (self.eventLoop.assumeIsolated().scheduleTask(deadline: time) { wake() }, deadline)
    }

    /// The timer has woken its owner.
    mutating func fired() {
        self.armed = nil
    }

    /// The timer is not needed any more.
    mutating func cancel() {
        self.armed?.task.cancel()
        self.armed = nil
    }
}
