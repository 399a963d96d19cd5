import Gateway
import Logging
import ProxyCore
import ServiceLifecycle

/// Runs a background job for as long as the daemon runs: one that fails, or ends by itself, is begun again after a pause that
/// grows to ``JobState/longestPause`` (T-012).
///
/// A failed job hinders nothing else: it is counted, told, and tried again.
struct SupervisedJob: Service {
    /// How it fares; the job itself tells of its runs there.
    let state: SharedJobState
    let logger: Logger
    /// Waits; the end of the daemon ends the wait.
    var sleep: @Sendable (Duration) async -> Void = { duration in
        do {
            try await Task.sleep(for: duration)
        } catch {
            // Cancelled: whoever waits looks.
        }
    }
    /// Works until its task is cancelled.
    let work: @Sendable () async throws -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await self.supervise()
        }
    }

    /// Begins the job again and again, until the task is cancelled.
    func supervise() async {
        var telling = JobTelling()
        while !Task.isCancelled {
            var reason = "it ended by itself"
            do {
                try await self.work()
            } catch {
                reason = "\(error)"
            }
            guard !Task.isCancelled else { return }
            let pause = self.state.fail(reason)
            let state = self.state.snapshot
            self.logger.log(
                level: telling.isDue(for: state) ? .warning : .debug,
                "a background job has failed and is begun again",
                metadata: [
                    "event": "job_failed", "job": "\(state.name.rawValue)", "reason": "\(state.lastError)",
                    "failures": "\(state.consecutiveFailures)", "wait_ms": "\(pause.nanoseconds / 1_000_000)",
                ])
            await self.sleep(pause)
        }
    }
}

/// Which failures of a job are warned of: those with a reason that was not told yet, and ever fewer of the others, so that a
/// job that fails for days fills no log.
struct JobTelling: Sendable {
    /// So many reasons are told apart, since they may hold anything.
    static let mostReasons = 8

    private var reasons: Set<String> = []
    private var next = JobState.telling

    /// Nothing was told.
    init() {}

    /// Whether the failure that has just happened is warned of.
    mutating func isDue(for state: JobState) -> Bool {
        // It has worked since.
        if state.consecutiveFailures <= 1 { self = JobTelling() }
        let isNew = self.reasons.count < Self.mostReasons && self.reasons.insert(state.lastError).inserted
        guard state.consecutiveFailures >= self.next else { return isNew }
        self.next = state.consecutiveFailures * 2
        return true
    }
}
