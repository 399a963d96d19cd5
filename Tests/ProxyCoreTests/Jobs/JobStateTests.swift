import ProxyCore
import Testing

@Suite("How a background job fares (A-009, T-012)")
struct JobStateTests {
    /// A moment so many seconds after the start of both clocks.
    private func at(_ seconds: Int64) -> Moment {
        Moment(
            instant: Instant(nanoseconds: seconds * 1_000_000_000),
            wallTime: WallTime(microseconds: seconds * 1_000_000))
    }

    @Test("tells when it last began and succeeded, what its last error was, and when it is due next")
    func tells() {
        var job = JobState(.backup)
        #expect(job.lastStart == nil && job.lastSuccess == nil && job.lastError.isEmpty && job.nextRun == nil)
        job.plan(after: .seconds(10), every: .seconds(60), at: self.at(0))
        #expect(job.nextRun == self.at(10).wallTime)
        job.begin(at: self.at(10))
        #expect(job.isRunning && job.nextRun == nil)
        job.succeed(at: self.at(12))
        #expect(!job.isRunning)
        #expect(job.lastStart == self.at(10).wallTime && job.lastSuccess == self.at(12).wallTime)
        job.begin(at: self.at(70))
        job.fail("no space left", at: self.at(71))
        #expect(job.lastError == "no space left" && job.consecutiveFailures == 1 && job.failures == 1)
        job.begin(at: self.at(80))
        job.succeed(at: self.at(81))
        // What it was stays to be read; that it is over shows in the failures since.
        #expect(job.lastError == "no space left" && job.consecutiveFailures == 0 && job.failures == 1)
    }

    @Test("begins again ever later, within a minute at the latest; a success forgets what failed before")
    func backsOff() {
        var job = JobState(.configWatch)
        var pauses: [Duration] = []
        for _ in 0..<10 { pauses.append(job.fail("no", at: self.at(0))) }
        #expect(pauses.prefix(6) == [.seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(16), .seconds(30)])
        #expect(pauses.allSatisfy { $0 <= .seconds(60) })
        #expect(job.nextRun == self.at(30).wallTime)
        for _ in 0..<1_000 { #expect(job.fail("no", at: self.at(0)) == .seconds(30)) }
        job.succeed(at: self.at(1))
        #expect(job.fail("no", at: self.at(2)) == .seconds(1))
    }

    @Test("a person is told of three failures one after the other")
    func isFailing() {
        var job = JobState(.usage)
        for _ in 0..<2 { job.fail("no", at: self.at(0)) }
        #expect(!job.isFailing)
        job.fail("no", at: self.at(0))
        #expect(job.isFailing)
        job.succeed(at: self.at(0))
        #expect(!job.isFailing)
    }

    @Test("a run that took longer than the time between two is an overrun, and those that it kept away are skipped")
    func overruns() {
        var job = JobState(.memory)
        job.plan(after: .seconds(1), every: .seconds(1), at: self.at(0))
        job.begin(at: self.at(1))
        job.succeed(at: self.at(1))
        #expect(job.overruns == 0 && job.skipped == 0)
        job.plan(after: .seconds(1), every: .seconds(1), at: self.at(1))
        job.begin(at: self.at(2))
        job.succeed(at: self.at(6))
        #expect(job.overruns == 1)
        job.plan(after: .zero, every: .seconds(1), at: self.at(3))
        job.begin(at: self.at(6))
        #expect(job.skipped == 3)
    }

    @Test("what was missed while the machine slept is made up once, and counted")
    func sleeps() {
        var job = JobState(.backup)
        job.plan(after: .seconds(86_400), every: .seconds(86_400), at: self.at(0))
        // Due after a day, begun after three and a half: two more would have been.
        job.begin(at: self.at(86_400 * 7 / 2))
        #expect(job.skipped == 2)
        job.succeed(at: self.at(86_400 * 7 / 2 + 5))
        #expect(job.overruns == 0)
    }

    @Test("a clock on the wall that is set makes nobody miss a run, nor hides one")
    func ignoresTheWall() {
        func at(_ seconds: Int64, wall: Int64) -> Moment {
            Moment(
                instant: Instant(nanoseconds: seconds * 1_000_000_000),
                wallTime: WallTime(microseconds: wall * 1_000_000))
        }
        var job = JobState(.backup)
        job.plan(after: .seconds(60), every: .seconds(60), at: at(0, wall: 0))
        // Set forward by a day.
        job.begin(at: at(60, wall: 86_460))
        #expect(job.skipped == 0)
        job.succeed(at: at(61, wall: 86_461))
        job.plan(after: .seconds(60), every: .seconds(60), at: at(61, wall: 86_461))
        // Set back to where it was, and two runs late.
        job.begin(at: at(250, wall: 250))
        #expect(job.skipped == 2)
        job.fail("no", at: at(251, wall: 251))
        job.begin(at: at(252, wall: 86_400))
        #expect(job.skipped == 2)
    }

    @Test("a run that was given up is over, and says nothing")
    func abandons() {
        var job = JobState(.usage)
        job.fail("no", at: self.at(0))
        job.begin(at: self.at(1))
        job.abandon(at: self.at(2))
        #expect(!job.isRunning && job.lastSuccess == nil && job.consecutiveFailures == 1 && job.failures == 1)
    }

    @Test("a job that waits for something to happen can neither overrun nor skip anything")
    func waits() {
        var job = JobState(.secrets)
        job.begin(at: self.at(0))
        job.succeed(at: self.at(100_000))
        job.plan(after: .seconds(1), every: nil, at: self.at(0))
        job.begin(at: self.at(200_000))
        #expect(job.overruns == 0 && job.skipped == 0)
    }

    @Test("keeps little of a long error")
    func bounds() {
        var job = JobState(.usage)
        job.fail(String(repeating: "x", count: 10_000), at: self.at(0))
        #expect(job.lastError.count == JobState.longestError)
    }
}
