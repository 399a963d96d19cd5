import DBusControl
import Logging
import ProxyCore
import Synchronization
import SystemSupport

/// Tells the service manager how the daemon stands: when it is ready, whenever that changes, and while it ends.
final class StatusTeller: Sendable {
    private struct State {
        var source: (@Sendable () -> ManagerStatus)?
        var told: String?
        /// Nothing but the end is told any more: a reload that was under way must not look like a start.
        var isEnding = false
    }

    /// Changes are told at most so often; what comes in between is told together.
    private static let pace = Duration.seconds(1)
    /// So long the manager waits for the next sign of a daemon that drains, which gives one each second.
    private static let patience = Duration.seconds(15)
    /// So long it waits after the last sign: longer than all steps together that follow on the drain.
    private static let lastPatience = Duration.seconds(60)

    private let tell: @Sendable (ServiceNotifier.Message) -> Void
    private let state = Mutex(State())
    private let changes: AsyncStream<Void>
    private let change: AsyncStream<Void>.Continuation

    convenience init(notifier: ServiceNotifier, logger: Logger) {
        self.init { notifier.tell($0, logger: logger) }
    }

    /// Makes a teller whose messages go to `tell`, which must not wait.
    init(tell: @escaping @Sendable (ServiceNotifier.Message) -> Void) {
        self.tell = tell
        (self.changes, self.change) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Names who knows how the daemon stands.
    func connect(_ source: @escaping @Sendable () -> ManagerStatus) {
        self.state.withLock { $0.source = source }
    }

    /// How the daemon stands may have changed; never waits.
    func changed() {
        self.change.yield()
    }

    /// The configuration is read again, after which ``ready()`` follows.
    func reloading() {
        self.state.withLock { state in
            if !state.isEnding { self.tell(.reloading) }
        }
    }

    /// Everything is open.
    func ready() {
        let text = self.text()
        self.state.withLock { state in
            guard !state.isEnding else { return }
            state.told = text
            self.tell(.ready(status: text))
        }
    }

    /// Tells changes as they come, until the task is cancelled; for one task.
    func follow() async {
        for await _ in self.changes {
            let text = self.text()
            let isNews = self.state.withLock { state in
                guard !state.isEnding, state.told != text else { return false }
                state.told = text
                self.tell(.status(text))
                return true
            }
            guard isNews else { continue }
            do {
                try await Task.sleep(for: Self.pace)
            } catch {
                return
            }
        }
    }

    /// The daemon ends from now on.
    func stopping(requestsLeft: Int) {
        self.state.withLock { state in
            state.isEnding = true
            self.tell(.stopping(status: ServiceStatus.draining(requestsLeft: requestsLeft), patience: Self.patience))
        }
    }

    /// Tells how many requests are left, again and again, until the task is cancelled.
    ///
    /// The manager gives the daemon more time with each, so that no `TimeoutStopSec=` is shorter than the configured drain.
    func followEnd(requestsLeft: @Sendable () -> Int) async {
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: Self.pace)
            } catch {
                return
            }
            self.tell(.ending(status: ServiceStatus.draining(requestsLeft: requestsLeft()), patience: Self.patience))
        }
    }

    /// No request runs any more; what is left is the state.
    func drained() {
        self.state.withLock { $0.source = nil }
        self.tell(.ending(status: "Saving the state", patience: Self.lastPatience))
    }

    private func text() -> String {
        // Asked without the lock: the answer takes locks of its own.
        guard let source = self.state.withLock({ $0.source }) else { return "" }
        let now = WallTime(microseconds: SystemClock.microsecondsSinceEpoch())
        return ServiceStatus(source()).text(now: now) { ServiceStatus.LocalTime($0) }
    }
}
