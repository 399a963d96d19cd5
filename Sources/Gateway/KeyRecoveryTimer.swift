public import NIOCore
import ProxyCore
import Synchronization

/// Lets keys come back at the moment at which their rest ends, also while no request asks for one, so that whoever
/// watches them hears of it then.
public final class KeyRecoveryTimer: Sendable {
    private struct State: Sendable {
        var isRunning = false
        var due: Instant?
        /// The number of ``task``: one that was replaced while it was about to run does nothing.
        var number: UInt64 = 0
        var task: Scheduled<Void>?
    }

    private let gateway: Gateway
    private let eventLoop: any EventLoop
    private let state = Mutex(State())

    /// The loop's clock stands still while the machine sleeps, the keys' clock does not: no wait is longer than this.
    private static let longestWait = Duration.seconds(60)

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
        self.end()
        do {
            // What the loop had begun is over when it gets to this.
            try await self.eventLoop.submit {}.get()
        } catch {
            // A loop that takes nothing any more has nothing under way.
        }
    }

    /// Ends the watch; a step that is under way goes on.
    func end() {
        self.gateway.setRecoveryTimer(nil)
        self.state.withLock { state in
            state.isRunning = false
            state.task?.cancel()
            state.task = nil
        }
    }

    /// Waits for the rest that ends first.
    func arm() {
        self.state.withLock { state in
            // Asked under the lock, so that the later of two callers decides by the later answer.
            let due = self.gateway.dispatcher.read { $0.pool.nextDeadline }
            let now = self.gateway.time.now()
            guard state.isRunning, due != state.due || state.task == nil else { return }
            state.task?.cancel()
            state.due = due
            state.number += 1
            state.task = due.map { [number = state.number] due in
                // A step later than the deadline: rounded down it would come too early and find nothing.
                let delay = TimeAmount(min(max(.zero, due - now), Self.longestWait)) + .milliseconds(1)
                return self.eventLoop.scheduleTask(in: delay) { [weak self] in self?.fire(number) }
            }
        }
    }

    /// Reckons anew how long the wait is: the loop's clock may have stood still.
    func lookAgain() {
        self.state.withLock { state in
            state.task?.cancel()
            state.task = nil
        }
        self.arm()
    }

    private func fire(_ number: UInt64) {
        let isWanted = self.state.withLock { state in
            guard state.isRunning, state.number == number else { return false }
            state.task = nil
            state.due = nil
            return true
        }
        guard isWanted else { return }
        self.gateway.tellRecoveries()
        self.arm()
    }
}
