import DBusControl
import Gateway
import Logging
import Metrics
import ProxyCore
import Synchronization
import TestSupport
import Testing

@testable import Daemon

@Suite("Background jobs that fail (T-012, A-009)", .timeLimit(.minutes(5)))
struct SupervisedJobTests {
    private struct Fault: Error, CustomStringConvertible {
        var description: String { "an injected fault" }
    }

    /// A job whose runs fail as often as the test wants, on a clock that the pauses move.
    private final class Site: Sendable {
        let clock = ManualClock()
        let state: SharedJobState
        let runs = Mutex(0)
        let lines = RecordedLines()

        init(_ name: JobName) { self.state = SharedJobState(name, time: self.clock) }

        /// Runs the job until it has worked once; returns how much time the pauses took.
        func recover(failures: Int, endsByItself: Bool = false) async -> Duration {
            let begun = self.clock.now()
            let (work, works) = AsyncStream<Void>.makeStream()
            let job = SupervisedJob(
                state: self.state, logger: Logger(label: "test") { [lines] _ in lines.handler },
                sleep: { [clock] in clock.advance(by: $0) },
                work: { [self] in
                    let number = self.runs.withLock { runs in
                        runs += 1
                        return runs
                    }
                    self.state.begin()
                    guard number > failures else {
                        if endsByItself { return }
                        throw Fault()
                    }
                    self.state.succeed()
                    works.finish()
                    // Works on until the daemon ends.
                    for await _ in AsyncStream<Void>.makeStream().stream {}
                })
            let task = Task { await job.supervise() }
            for await _ in work {}
            let took = self.clock.now() - begun
            task.cancel()
            await task.value
            return took
        }
    }

    @Test("every job is begun again within a minute of a fault, and works on", arguments: JobName.allCases)
    func recovers(name: JobName) async {
        let site = Site(name)
        let took = await site.recover(failures: 1)
        #expect(took <= Duration.seconds(60))
        let state = site.state.snapshot
        #expect(state.consecutiveFailures == 0 && state.failures == 1)
        #expect(state.lastError == "an injected fault")
        #expect(state.lastSuccess != nil)
        #expect(site.runs.withLock { $0 } == 2)
    }

    @Test("one that fails for long is tried again at least every half minute, and one that ends by itself is as well")
    func keepsTrying() async {
        let long = Site(.configWatch)
        let took = await long.recover(failures: 20)
        // 1, 2, 4, 8 and 16 s, then fifteen times half a minute.
        #expect(took == Duration.seconds(481))
        #expect(long.state.snapshot.failures == 20)
        // The first, the third, the sixth and the twelfth.
        #expect(long.lines.events == Array(repeating: "job_failed", count: 4))
        let ending = Site(.memory)
        let tookToEnd = await ending.recover(failures: 2, endsByItself: true)
        #expect(tookToEnd == Duration.seconds(3))
        #expect(ending.state.snapshot.lastError == "it ended by itself")
    }

    @Test("a failure is warned of when its reason is new, and ever more seldom while it stays the same")
    func warnsSeldom() {
        let now = Moment(instant: Instant(nanoseconds: 0), wallTime: WallTime(microseconds: 0))
        var job = JobState(.memory)
        var telling = JobTelling()
        func warned(_ reasons: [String]) -> [Int] {
            reasons.indices.filter { index in
                job.fail(reasons[index], at: now)
                return telling.isDue(for: job)
            }.map { $0 + 1 }
        }
        #expect(warned(Array(repeating: "a", count: 100)) == [1, 3, 6, 12, 24, 48, 96])
        #expect(warned(["b", "a", "b"]) == [1])
        job.succeed(at: now)
        #expect(warned(["a", "a", "a"]) == [1, 3])
        // Reasons that are never the same are not all of them news.
        job.succeed(at: now)
        #expect(warned((0..<1_000).map { "reason \($0)" }).count < 20)
    }

    @Test("metrics, the bus, warnings and doctor tell of a job that fails, and that it works again")
    func tells() throws {
        let clock = ManualClock()
        let metrics = ProxyMetrics(registry: MetricsRegistry())
        let board = JobBoard(metrics: metrics, time: clock) { [JobState(.retention), JobState(.usage)] }
        board.register(metrics)
        #expect(board.states.map(\.name.rawValue) == JobName.allCases.map(\.rawValue).sorted())
        func value(_ family: String, _ job: String) -> Double {
            MetricsText(metrics.registry.render(.prometheus)).sum(family, ["job": job])
        }
        #expect(value("kmi_job_failures_total", "secrets") == 0)
        #expect(JobBoard.warnings(board.states).isEmpty)
        #expect(JobBoard.rows(board.states).map(\.result) == ["ok"])

        board.secrets.begin()
        for _ in 0..<3 { board.secrets.fail("the service hangs") }
        #expect(value("kmi_job_failures_total", "secrets") == 3)
        #expect(value("kmi_job_consecutive_failures", "secrets") == 3)
        #expect(value("kmi_job_last_start_timestamp_seconds", "secrets") == 1_767_225_600)
        #expect(value("kmi_job_next_run_timestamp_seconds", "secrets") == 1_767_225_604)
        #expect(JobBoard.warnings(board.states).count == 1)
        #expect(JobBoard.warnings(board.states)[0].message.hasPrefix("the job secrets has failed 3 times"))
        let rows = JobBoard.rows(board.states)
        #expect(rows.map(\.result) == ["ok", "fail"])
        #expect(rows[1].subject == "secrets" && rows[1].message.contains("the service hangs"))
        #expect(rows[0].message == "5 of 6 background jobs work")
        #expect(rows[1].message == "the job has failed 3 times in a row: the service hangs")
        let status = try #require(board.states.map(JobStatus.init).first { $0.name == "secrets" })
        #expect(status.lastError == "the service hangs" && status.consecutiveFailures == 3 && status.failures == 3)
        #expect(status.nextRun == 1_767_225_604_000_000)

        clock.advance(by: .seconds(4))
        board.secrets.begin()
        board.secrets.succeed()
        #expect(value("kmi_job_consecutive_failures", "secrets") == 0)
        #expect(value("kmi_job_last_success_timestamp_seconds", "secrets") == 1_767_225_604)
        #expect(JobBoard.warnings(board.states).isEmpty)
        #expect(JobBoard.rows(board.states).map(\.result) == ["ok"])
    }
}
