import DBusControl
import Gateway
import Metrics
import ProxyCore
import StateStore

/// The daemon's background jobs in one place: for metrics, for the bus, and for whoever looks for what is wrong (A-009, T-012).
struct JobBoard: Sendable {
    /// ``JobName/backup``.
    let backup: SharedJobState
    /// ``JobName/configWatch``.
    let configWatch: SharedJobState
    /// ``JobName/memory``.
    let memory: SharedJobState
    /// ``JobName/secrets``.
    let secrets: SharedJobState
    /// Those that are run, and counted, elsewhere.
    private let others: @Sendable () -> [JobState]

    /// Makes the board; nothing runs yet.
    ///
    /// `others` tells of ``JobName/retention`` and ``JobName/usage``.
    init(metrics: ProxyMetrics, time: any TimeSource, others: @escaping @Sendable () -> [JobState]) {
        let count: @Sendable (JobState) -> Void = { [weak metrics] state in
            guard let metrics else { return }
            if state.consecutiveFailures > 0 {
                metrics.jobFailures.with(state.name.rawValue).increment()
            } else if let last = state.lastSuccess {
                metrics.jobLastSuccess.with(state.name.rawValue).set(Double(last.microseconds) / 1e6)
            }
        }
        // Copies are counted by the store, which makes those that a person asks for as well.
        self.backup = SharedJobState(.backup, time: time)
        self.configWatch = SharedJobState(.configWatch, time: time, ended: count)
        self.memory = SharedJobState(.memory, time: time, ended: count)
        self.secrets = SharedJobState(.secrets, time: time, ended: count)
        self.others = others
        // A series that appears only with its first failure is one that no alert can be written for.
        for job in [JobName.configWatch, .memory, .secrets] {
            metrics.jobFailures.with(job.rawValue).increment(by: 0)
        }
    }

    /// How all of them fare, in the order of their names.
    var states: [JobState] {
        let own = [self.backup, self.configWatch, self.memory, self.secrets].map(\.snapshot)
        return (own + self.others()).sorted { $0.name.rawValue < $1.name.rawValue }
    }

    /// Shows in `/metrics` what is not counted at once.
    func register(_ metrics: ProxyMetrics) {
        metrics.collect { writer in
            for state in self.states {
                writer.job(
                    state.name.rawValue, lastStart: state.lastStart?.seconds, nextRun: state.nextRun?.seconds,
                    consecutiveFailures: state.consecutiveFailures, overruns: state.overruns, skipped: state.skipped)
            }
        }
    }

    /// The code of ``warnings(_:)``.
    static let warning = "job_failing"

    /// What a person should know of them, one for each that fails again and again.
    static func warnings(_ states: [JobState]) -> [DaemonControl.StandingWarning] {
        states.filter(\.isFailing).map { state in
            DaemonControl.StandingWarning(
                code: Self.warning,
                message: "the job \(state.name.rawValue) has failed \(state.failureText)")
        }
    }

    /// What is to be said of them: one row for all that work, one for each that does not.
    static func rows(_ states: [JobState]) -> [DiagnosisRow] {
        let failing = states.filter { $0.consecutiveFailures > 0 }.map { state in
            DiagnosisRow(
                "jobs", state.name.rawValue, state.isFailing ? .fail : .warn,
                "the job has failed \(state.failureText)",
                advice: "mend what it names; kmid tries the job again by itself")
        }
        let working = states.count - failing.count
        return
            (working > 0
            ? [DiagnosisRow("jobs", .ok, "\(working) of \(states.count) background jobs work")] : [])
            + failing
    }
}

extension JobState {
    /// How often it has failed, and why, behind "has failed".
    fileprivate var failureText: String {
        let often = self.consecutiveFailures == 1 ? "once" : "\(self.consecutiveFailures) times in a row"
        return "\(often): \(self.lastError)"
    }
}

extension WallTime {
    /// Seconds since 1970.
    fileprivate var seconds: Double { Double(self.microseconds) / 1e6 }
}

extension JobStatus {
    /// The state of a job as the bus tells it.
    init(_ state: JobState) {
        self.init()
        self.name = state.name.rawValue
        self.isRunning = state.isRunning
        self.lastStart = state.lastStart?.unsigned ?? 0
        self.lastSuccess = state.lastSuccess?.unsigned ?? 0
        self.lastError = state.lastError
        self.consecutiveFailures = state.consecutiveFailures
        self.failures = state.failures
        self.overruns = state.overruns
        self.skipped = state.skipped
        self.nextRun = state.nextRun?.unsigned ?? 0
    }
}
