public import Logging
public import Metrics
public import NIOCore
public import ProxyCore
import Synchronization

/// The background job that asks providers about keys: how much of their plans is left, now and then, and whether a key
/// that rests is taken again, when the pool says so.
///
/// It makes no call in dry-run, never one on the path of a request, and shares a call that is under way with
/// whoever wants the same (K-032).
public final class KeyChecks: Sendable {
    let surroundings: KeyCheckRunner.Surroundings
    let eventLoop: any EventLoop
    private let seed: UInt64
    /// How the asking for usage fares; calls that are under way together are one run.
    public let job: SharedJobState
    private let runner: NIOLoopBoundBox<KeyCheckRunner?>
    /// Whether a step was put off that has not begun.
    private let isWoken = Mutex(false)
    /// What was asked for by ``slow(by:)``, also before the job began.
    private let slowness = Mutex(1)

    /// Makes the job, which does nothing yet.
    ///
    /// - Parameters:
    ///   - host: Keeps the keys.
    ///   - transport: Carries the calls.
    ///   - time: Tells the time.
    ///   - metrics: Counts.
    ///   - logger: Hears of refreshes and checks.
    ///   - eventLoop: Where the job runs.
    ///   - userAgent: Who asks, `kmid/VERSION`.
    ///   - seed: Where the jitter begins.
    public init(
        host: any KeyCheckHost, transport: any UpstreamTransport, time: any TimeSource, metrics: ProxyMetrics,
        logger: Logger, eventLoop: any EventLoop, userAgent: String, seed: UInt64 = .random(in: 0 ... .max)
    ) {
        self.job = SharedJobState(.usage, time: time)
        self.surroundings = KeyCheckRunner.Surroundings(
            host: host, transport: transport, time: time, metrics: metrics, job: self.job, logger: logger,
            userAgent: userAgent)
        self.eventLoop = eventLoop
        self.seed = seed
        self.runner = NIOLoopBoundBox<KeyCheckRunner?>.makeEmptyBox(
            valueType: KeyCheckRunner.self, eventLoop: eventLoop)
    }

    /// Begins to ask.
    public func start() {
        self.eventLoop.execute {
            let runner = KeyCheckRunner(self.surroundings, eventLoop: self.eventLoop, seed: self.seed)
            self.runner.value?.stop()
            self.runner.value = runner
            runner.start()
            runner.slow(by: self.slowness.withLock { $0 })
        }
    }

    /// Gives up what is under way and asks nothing more.
    public func stop() async {
        do {
            try await self.eventLoop.submit { self.end() }.get()
        } catch {
            // A loop that takes nothing any more has nothing under way.
        }
    }

    /// Gives up what is under way; on the loop only.
    func end() {
        self.runner.value?.stop()
        self.runner.value = nil
    }

    /// Looks whether something has become due: after a reload, and when a key was refused.
    ///
    /// Cheap, and may be called from anywhere; many calls become one step.
    public func wake() {
        let isFirst = self.isWoken.withLock { isWoken in
            defer { isWoken = true }
            return !isWoken
        }
        guard isFirst else { return }
        self.eventLoop.execute {
            self.isWoken.withLock { $0 = false }
            self.runner.value?.step()
        }
    }

    /// Asks for the usage of these keys now, of all that can be asked about for `nil`.
    ///
    /// Answers how many are asked about, when their usage is there or cannot be had, after 20 s at the latest. Keys of
    /// providers that tell nothing, and those that a provider wants to be left alone, are not among them; in dry-run none is.
    public func refresh(keys: [KeyLabel]?) async -> UInt32 {
        do {
            return try await self.refreshed(keys).get()
        } catch {
            // A loop that takes nothing any more asks nothing.
            return 0
        }
    }

    /// Asks the provider of a key now whether it takes it, and lets that count.
    ///
    /// `false` if it could not be asked, or said nothing of the key; in dry-run it is not asked.
    public func probe(_ label: KeyLabel) async -> Bool {
        do {
            switch try await self.probed(label).get() {
            case .accepted, .passed, .refused: return true
            case .inconclusive, .abandoned, nil: return false
            }
        } catch {
            // A loop that takes nothing any more asks nothing.
            return false
        }
    }

    /// Asks for usage so many times more seldom than configured from now on, 1 for as often: on battery, and on networks
    /// that are paid for by the byte.
    public func slow(by factor: Int) {
        self.eventLoop.execute {
            self.slowness.withLock { $0 = factor }
            self.runner.value?.slow(by: factor)
        }
    }

    /// Begins at once what is due by now, what failed because no provider could be reached, and checks of these keys: the
    /// machine has woken up, or is on another network.
    public func lookAgain(at labels: [KeyLabel]) {
        self.eventLoop.execute { self.runner.value?.lookAgain(at: labels) }
    }

    /// As ``probe(_:)``, with what the pool was told; `nil` if nobody was asked.
    func probed(_ label: KeyLabel) -> EventLoopFuture<KeyCheckResult?> {
        let promise = self.eventLoop.makePromise(of: KeyCheckResult?.self)
        self.eventLoop.execute {
            if let runner = self.runner.value { runner.probe(label, promise) } else { promise.succeed(nil) }
        }
        return promise.futureResult
    }

    /// Checks a key whose usage endpoint refused it, by another question: the refusal itself blocks nothing.
    public func wantProbe(of grant: KeyGrant) {
        self.eventLoop.execute { self.runner.value?.beginProbe(of: grant.label, asking: .models) }
    }

    /// As ``refresh(keys:)``.
    func refreshed(_ keys: [KeyLabel]?) -> EventLoopFuture<UInt32> {
        let promise = self.eventLoop.makePromise(of: UInt32.self)
        self.eventLoop.execute {
            if let runner = self.runner.value { runner.refresh(keys, promise) } else { promise.succeed(0) }
        }
        return promise.futureResult
    }
}
