public import ProxyCore
import Synchronization

/// How one background job fares, told by whoever runs it and read by whoever wants to know.
public final class SharedJobState: Sendable {
    private let state: Mutex<JobState>
    private let time: any TimeSource
    private let counters: (@Sendable (JobState) -> Void)?

    /// Makes the state of a job that did nothing yet; `ended` hears of the end of each run, for whoever counts them.
    public init(_ name: JobName, time: any TimeSource, ended: (@Sendable (JobState) -> Void)? = nil) {
        self.state = Mutex(JobState(name))
        self.time = time
        self.counters = ended
    }

    /// How it fares now.
    public var snapshot: JobState { self.state.withLock { $0 } }

    /// A run begins.
    public func begin() {
        let now = self.moment
        self.state.withLock { $0.begin(at: now) }
    }

    /// The run has ended with success.
    public func succeed() {
        let now = self.moment
        let state = self.state.withLock { state in
            state.succeed(at: now)
            return state
        }
        self.counters?(state)
    }

    /// The run, or the job itself, has failed; returns how long to wait before it is begun again.
    @discardableResult
    public func fail(_ reason: String) -> Duration {
        let now = self.moment
        let (state, pause) = self.state.withLock { state in
            let pause = state.fail(reason, at: now)
            return (state, pause)
        }
        self.counters?(state)
        return pause
    }

    /// The run was given up, and says nothing.
    public func abandon() {
        let now = self.moment
        self.state.withLock { $0.abandon(at: now) }
    }

    /// The next run is due after a while.
    public func plan(after wait: Duration?, every interval: Duration?) {
        let now = self.moment
        self.state.withLock { $0.plan(after: wait, every: interval, at: now) }
    }

    /// Does what a run that gathers calls has come to.
    func perform(_ steps: [GatheredRun.Step]) {
        for step in steps {
            switch step {
            case .begin: self.begin()
            case .succeed: self.succeed()
            case .fail(let reason): self.fail(reason)
            case .abandon: self.abandon()
            }
        }
    }

    private var moment: Moment { Moment(instant: self.time.now(), wallTime: self.time.wallTime()) }
}
