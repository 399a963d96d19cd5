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
    }

    /// Changes are told at most so often; what comes in between is told together.
    private static let pace = Duration.seconds(1)
    /// So long the manager waits for the next sign of a daemon that ends: longer than any step of the end takes.
    private static let patience = Duration.seconds(15)

    private let notifier: ServiceNotifier
    private let logger: Logger
    private let state = Mutex(State())
    private let changes: AsyncStream<Void>
    private let change: AsyncStream<Void>.Continuation

    init(notifier: ServiceNotifier, logger: Logger) {
        self.notifier = notifier
        self.logger = logger
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
        self.notifier.tell(.reloading, logger: self.logger)
    }

    /// Everything is open.
    func ready() {
        let text = self.text()
        self.state.withLock { $0.told = text }
        self.notifier.tell(.ready(status: text), logger: self.logger)
    }

    /// Tells changes as they come, until the task is cancelled; for one task.
    func follow() async {
        for await _ in self.changes {
            let text = self.text()
            let isNews = self.state.withLock { state in
                defer { state.told = text }
                return state.told != text
            }
            guard isNews else { continue }
            self.notifier.tell(.status(text), logger: self.logger)
            do {
                try await Task.sleep(for: Self.pace)
            } catch {
                return
            }
        }
    }

    /// The daemon ends from now on.
    func stopping(requestsLeft: Int) {
        self.notifier.tell(
            .stopping(status: ServiceStatus.draining(requestsLeft: requestsLeft), patience: Self.patience),
            logger: self.logger)
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
            self.notifier.tell(
                .ending(status: ServiceStatus.draining(requestsLeft: requestsLeft()), patience: Self.patience),
                logger: self.logger)
        }
    }

    /// No request runs any more; what is left is the state.
    func drained() {
        self.state.withLock { $0.source = nil }
        self.notifier.tell(.ending(status: "Saving the state", patience: Self.patience), logger: self.logger)
    }

    private func text() -> String {
        // Asked without the lock: the answer takes locks of its own.
        guard let source = self.state.withLock({ $0.source }) else { return "" }
        let now = WallTime(microseconds: SystemClock.microsecondsSinceEpoch())
        return ServiceStatus(source()).text(now: now) { ServiceStatus.LocalTime($0) }
    }
}
