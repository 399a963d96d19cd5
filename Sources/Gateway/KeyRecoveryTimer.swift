public import NIOCore
import ProxyCore
import Synchronization

/// Lets keys come back at the moment at which their rest ends, also while no request asks for one, so that whoever
/// watches them hears of it then.
public final class KeyRecoveryTimer: Sendable {
    private struct State: Sendable {
        var isRunning = false
        var due: Instant?
        var task: Scheduled<Void>?
    }

    private let gateway: Gateway
    private let eventLoop: any EventLoop
    private let state = Mutex(State())

    /// Makes a timer that runs on an event loop.
    public init(gateway: Gateway, eventLoop: any EventLoop) {
        self.gateway = gateway
        self.eventLoop = eventLoop
    }

    /// Begins to watch; the gateway tells from now on when a rest begins.
    public func start() {
        self.state.withLock { $0.isRunning = true }
        self.gateway.setRecoveryTimer(self)
        self.arm()
    }

    /// Ends the watch, and waits for a step that is under way.
    public func stop() async {
        self.gateway.setRecoveryTimer(nil)
        self.state.withLock { state in
            state.isRunning = false
            state.task?.cancel()
            state.task = nil
        }
        do {
            // What the loop had begun is over when it gets to this.
            try await self.eventLoop.submit {}.get()
        } catch {
            // A loop that takes nothing any more has nothing under way.
        }
    }

    /// Waits for the rest that ends first.
    func arm() {
        self.state.withLock { state in
            // Asked under the lock, so that the later of two callers decides by the later answer.
            let due = self.gateway.pool.nextDeadline
            let now = self.gateway.time.now()
            guard state.isRunning, due != state.due || state.task == nil else { return }
            state.task?.cancel()
            state.due = due
            state.task = due.map { due in
                // A step later than the deadline: rounded down it would come too early and find nothing.
                let delay = TimeAmount(max(.zero, due - now)) + .milliseconds(1)
                return self.eventLoop.scheduleTask(in: delay) { [weak self] in self?.fire() }
            }
        }
    }

    private func fire() {
        self.state.withLock { state in
            state.task = nil
            state.due = nil
        }
        self.gateway.tellRecoveries()
        self.arm()
    }
}
