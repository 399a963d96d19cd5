import Logging
import Metrics
import NIOCore
import ProxyCore

/// Asks providers about keys: usage in its time, and whether a key that rests is taken again.
///
/// Bound to one event loop.
final class KeyCheckRunner {
    /// What it works with.
    struct Surroundings: Sendable {
        let host: any KeyCheckHost
        let transport: any UpstreamTransport
        let time: any TimeSource
        let metrics: ProxyMetrics
        let job: SharedJobState
        let logger: Logger
        let userAgent: String
    }

    /// The name of the job in metrics.
    static let job = "usage"
    /// The loop's clock stands still while the machine sleeps, the keys' clock does not: no wait is longer than this.
    private static let longestWait = Duration.seconds(60)
    /// What could not begin although it was due is tried again after this.
    private static let shortestWait = Duration.seconds(1)
    /// The longest that somebody waits for the usage of keys; what is still under way goes on.
    static let patience = Duration.seconds(20)

    /// Somebody who waits for the usage of keys.
    struct Waiter {
        var left: Set<KeyGrant>
        let count: UInt32
        let promise: EventLoopPromise<UInt32>
        let timer: Scheduled<Void>
    }

    let surroundings: Surroundings
    let eventLoop: any EventLoop
    private let policy: CheckSchedule.Policy
    var schedule: CheckSchedule
    var flights: [KeyGrant: KeyCheckFlight] = [:]
    var waiters: [UInt64: Waiter] = [:]
    var nextWaiter: UInt64 = 0
    /// Those who want to know now whether a key is taken.
    var askers: [KeyLabel: [EventLoopPromise<KeyCheckResult?>]] = [:]
    /// Keys that are to be checked before their time, as soon as there is room for it.
    var early: [KeyLabel] = []
    /// The refreshes that are under way together, which are one run of the job.
    private var run = GatheredRun()
    private var timer: Scheduled<Void>?
    var isRunning = false

    init(_ surroundings: Surroundings, eventLoop: any EventLoop, seed: UInt64) {
        self.surroundings = surroundings
        self.eventLoop = eventLoop
        self.policy = CheckSchedule.Policy()
        self.schedule = CheckSchedule(policy: self.policy, seed: seed)
        surroundings.metrics.jobFailures.with(Self.job).increment(by: 0)
    }

    var now: Instant { self.surroundings.time.now() }
    var moment: Moment { Moment(instant: self.now, wallTime: self.surroundings.time.wallTime()) }

    // MARK: Life

    func start() {
        self.isRunning = true
        self.step()
    }

    /// Gives up what is under way.
    func stop() {
        self.isRunning = false
        self.timer?.cancel()
        self.timer = nil
        let flights = self.flights
        self.flights = [:]
        for flight in flights.values {
            flight.cancel()
            // What was not found out is found out by the next process: the key stays what it is.
            if flight.isRefresh {
                self.schedule.ended(flight.grant, .abandoned, at: self.now)
                self.endCall(.abandoned)
            }
            self.surroundings.host.endCheck(flight.grant, .abandoned, at: self.moment)
        }
        for id in self.waiters.keys { self.release(id) }
        for label in self.askers.keys { self.answer(label, with: nil) }
    }

    // MARK: What is due

    /// Begins whatever is due, and waits for what is due next.
    func step() {
        guard self.isRunning else { return }
        let snapshot = self.surroundings.host.snapshot
        let now = self.now
        self.schedule.update(snapshot.checkTargets, at: now)
        if snapshot.isDryRun {
            self.early = []
        } else {
            for grant in self.surroundings.host.refreshesWanted {
                _ = self.schedule.want(grant.label, by: .daemon, at: now)
            }
            // Checks first: they find out more, and the usage comes with them.
            self.beginProbes(snapshot, at: now)
            for grant in self.schedule.takeDue(at: now) { self.beginRefresh(grant, snapshot, at: now) }
        }
        self.arm(isDryRun: snapshot.isDryRun)
    }

    private func beginRefresh(_ grant: KeyGrant, _ snapshot: GatewaySnapshot, at now: Instant) {
        if let flight = self.flights[grant] {
            if !flight.isRefresh { self.beginCall() }
            flight.isRefresh = true
        } else if let provider = snapshot.provider(checking: grant),
            self.surroundings.host.beginCheck(grant, at: now)
        {
            self.begin(KeyCheckFlight(grant: grant, provider: provider, isRefresh: true, isProbe: false), snapshot)
        } else {
            self.schedule.ended(grant, .abandoned, at: now)
            self.landed(grant)
        }
    }

    /// Begins checks as far as there is room for them: those before their time, then those that are due.
    private func beginProbes(_ snapshot: GatewaySnapshot, at now: Instant) {
        var room = self.policy.atOnce - self.flights.values.count { $0.isProbe }
        var ofProvider: [ProviderName: Int] = [:]
        for flight in self.flights.values { ofProvider[flight.provider.name, default: 0] += 1 }
        func begin(_ grant: KeyGrant, at provider: Configuration.Provider) {
            guard self.surroundings.host.beginCheck(grant, at: now) else { return }
            room -= 1
            ofProvider[provider.name, default: 0] += 1
            self.begin(KeyCheckFlight(grant: grant, provider: provider, isRefresh: false, isProbe: true), snapshot)
        }
        func hasRoom(_ provider: Configuration.Provider) -> Bool {
            room > 0 && ofProvider[provider.name, default: 0] < self.policy.atOncePerProvider
        }
        let early = self.early
        self.early = []
        for label in early {
            guard let generation = snapshot.generations[label] else { continue }
            let grant = KeyGrant(label: label, generation: generation)
            // What is under way already is not begun a second time.
            guard self.flights[grant] == nil, let provider = snapshot.provider(checking: grant) else { continue }
            if hasRoom(provider) { begin(grant, at: provider) } else { self.early.append(label) }
        }
        guard room > 0 else { return }
        for grant in self.surroundings.host.checksDue(at: now, atMost: room) {
            guard let provider = snapshot.provider(checking: grant), self.flights[grant] == nil, hasRoom(provider)
            else { continue }
            begin(grant, at: provider)
        }
    }

    private func arm(isDryRun: Bool) {
        self.timer?.cancel()
        var wait = Self.longestWait
        if !isDryRun {
            let now = self.now
            if let next = self.schedule.next { wait = min(wait, max(next - now, .zero)) }
            // One that is due and could not begin must not be asked for again at once.
            if let next = self.surroundings.host.nextCheck { wait = min(wait, max(next - now, Self.shortestWait)) }
        }
        // Keys are asked about one by one, each in its own time: there is no interval that a call could overrun.
        self.surroundings.job.plan(after: isDryRun ? nil : wait, every: nil)
        // A step later than the deadline: rounded down it would come too early and find nothing.
        let delay = TimeAmount(wait) + .milliseconds(1)
        self.timer = self.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in self?.step() }
    }

    // MARK: Calls

    func begin(_ flight: KeyCheckFlight, _ snapshot: GatewaySnapshot) {
        self.flights[flight.grant] = flight
        if flight.isRefresh { self.beginCall() }
        flight.timer = self.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(flight.provider.usageTimeout)) {
            [weak self] in self?.end(flight, with: .nothing(reason: "timeout", retryAfter: nil))
        }
        self.ask(flight, snapshot)
    }

    private func ask(_ flight: KeyCheckFlight, _ snapshot: GatewaySnapshot) {
        let request =
            snapshot.isDryRun
            ? nil
            : snapshot.checkRequest(flight.question, with: flight.grant, userAgent: self.surroundings.userAgent)
        guard let request else {
            // Not within the present call: whoever begins several flights must not find them ended.
            self.eventLoop.assumeIsolated().execute {
                self.end(flight, with: .nothing(reason: "not_asked", retryAfter: nil))
            }
            return
        }
        flight.call = KeyCheckCall.begin(request, through: self.surroundings.transport, on: self.eventLoop) { end in
            flight.call = nil
            switch end {
            case .failed(let reason): self.took(.nothing(reason: reason, retryAfter: nil), flight)
            case .answered(let answer):
                let now = self.surroundings.time.wallTime()
                self.took(
                    CheckFinding(answer, to: flight.question, of: flight.provider, at: now), flight)
            }
        }
    }

    private func took(_ finding: CheckFinding, _ flight: KeyCheckFlight) {
        guard self.flights[flight.grant] === flight else { return }
        guard let next = flight.take(finding) else { return self.end(flight, with: finding) }
        flight.question = next
        self.ask(flight, self.surroundings.host.snapshot)
    }

    /// Tells everybody how a flight ended; `last` is what its last question found.
    private func end(_ flight: KeyCheckFlight, with last: CheckFinding) {
        guard self.flights[flight.grant] === flight else { return }
        self.flights[flight.grant] = nil
        flight.cancel()
        if flight.isRefresh { self.endRefresh(flight, last) }
        let result = flight.result(last)
        if flight.isProbe {
            let reason = flight.report == nil ? last.reason : "ok"
            self.log(.info, "key checked", "key_checked", flight, ["result": "\(result.word)", "reason": "\(reason)"])
        }
        self.surroundings.host.endCheck(flight.grant, result, at: self.moment)
        self.landed(flight.grant)
        if flight.isProbe {
            self.answer(flight.grant.label, with: result)
        } else if self.askers[flight.grant.label] != nil {
            self.beginProbe(of: flight.grant.label, asking: nil)
        }
        self.step()
    }

    /// Tells those who wait that nothing more comes for a key.
    private func landed(_ grant: KeyGrant) {
        for (id, waiter) in self.waiters where waiter.left.contains(grant) {
            self.waiters[id]?.left.remove(grant)
            if waiter.left.count == 1 { self.release(id) }
        }
    }

    private func endRefresh(_ flight: KeyCheckFlight, _ last: CheckFinding) {
        let surroundings = self.surroundings
        if let report = flight.report {
            self.schedule.ended(flight.grant, .succeeded, at: self.now)
            self.endCall(.succeeded)
            surroundings.metrics.jobLastSuccess.with(Self.job).set(
                Double(surroundings.time.wallTime().microseconds) / 1e6)
            self.log(.debug, "usage refreshed", "usage_refreshed", flight, ["windows": "\(report.windows.count)"])
            return
        }
        // Of a check by another question that a refresh joined nothing was learned of the usage.
        guard flight.usageFinding != nil || last.reason != "ok" else {
            self.endCall(.abandoned)
            return self.schedule.ended(flight.grant, .abandoned, at: self.now)
        }
        let finding = flight.usageFinding ?? last
        self.schedule.ended(flight.grant, .failed(retryAfter: finding.retryAfter), at: self.now)
        self.endCall(.failed("\(flight.provider.name): \(finding.reason)"))
        surroundings.metrics.jobFailures.with(Self.job).increment()
        self.log(
            .notice, "usage could not be refreshed", "usage_refresh_failed", flight, ["reason": "\(finding.reason)"])
        if case .refused(let failure, _) = finding, failure.errorClass == .providerAuthFailed, !flight.isProbe {
            surroundings.host.wantCheck(of: flight.grant, at: self.now)
        }
    }

    private func beginCall() {
        self.surroundings.job.perform(self.run.begin(at: self.now))
    }

    private func endCall(_ end: GatheredRun.End) {
        self.surroundings.job.perform(self.run.end(end, at: self.now))
    }

    private func log(
        _ level: Logger.Level, _ message: Logger.Message, _ event: String, _ flight: KeyCheckFlight,
        _ more: Logger.Metadata
    ) {
        let metadata: Logger.Metadata = [
            "event": "\(event)", "key": "\(flight.grant.label)", "provider": "\(flight.provider.name)",
        ]
        self.surroundings.logger.log(level: level, message, metadata: metadata.merging(more) { first, _ in first })
    }
}

extension KeyCheckResult {
    /// In a word, for the log.
    fileprivate var word: String {
        switch self {
        case .accepted: "accepted"
        case .passed: "passed"
        case .refused: "refused"
        case .inconclusive: "inconclusive"
        case .abandoned: "abandoned"
        }
    }
}
