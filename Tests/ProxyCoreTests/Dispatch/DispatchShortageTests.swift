import ProxyCore
import Testing

/// What a request that finds no key is told of when to come back.
struct DispatchShortageTests {
    private static let now = Moment(
        instant: Instant(nanoseconds: 1_000_000_000_000), wallTime: WallTime(microseconds: 1_790_000_000_000_000))

    private static func plan(_ providers: String...) throws -> RequestPlan {
        RequestPlan(
            candidates: try providers.map {
                DispatchCandidate(provider: try KeyPoolFixture.provider($0), model: nil)
            },
            maxAttempts: 4, deadline: Self.now.instant + .seconds(30))
    }

    /// One key that takes one request at once, and one that rests for an hour; the first one is taken.
    private static func busy(
        rests provider: String = "kimi", failures: Int = 5, _ limit: (inout Configuration.Key) -> Void
    ) throws -> Dispatcher {
        var policy = Dispatcher.Policy()
        policy.breaker.failures = failures
        policy.breaker.open = .seconds(3600)
        var dispatcher = Dispatcher(
            keys: [
                try KeyPoolFixture.key("busy", limit), try KeyPoolFixture.key("resting", provider: provider),
            ], policy: policy, seed: 1)
        var first = try Self.plan("kimi")
        guard case .attempt = dispatcher.begin(&first, at: Self.now) else { throw Unexpected() }
        return dispatcher
    }

    private struct Unexpected: Error {}

    @Test("a key that is only busy has room again long before another one's quota begins anew (K-026)")
    func busyBeforeExhausted() throws {
        var dispatcher = try Self.busy { $0.inFlight = 1 }
        // The other one is used up for an hour.
        var second = try Self.plan("kimi")
        _ = dispatcher.begin(&second, at: Self.now)
        let failure = AnswerClassification(
            errorClass: .providerQuotaExhausted, blame: .key, recovery: .after(.seconds(3600)), decidedBy: "test")
        let step = dispatcher.failed(
            AttemptEnd(errorClass: .providerQuotaExhausted, blame: .key, classification: failure, status: 429),
            of: &second, at: Self.now)
        guard case .giveUp(.noKey(let shortage)) = step else { throw Unexpected() }
        #expect(shortage.isBusy)
        dispatcher.close(&second, at: Self.now)

        var third = try Self.plan("kimi")
        guard case .giveUp(let refusal) = dispatcher.begin(&third, at: Self.now) else { throw Unexpected() }
        #expect(refusal.soonest(after: Self.now.instant) == Self.now.instant + .seconds(1))
    }

    @Test("a rate has room again when it has, not when a quota begins anew")
    func rateBeforeExhausted() throws {
        var dispatcher = try Self.busy { $0.rpm = 1 }
        var second = try Self.plan("kimi")
        _ = dispatcher.begin(&second, at: Self.now)
        let failure = AnswerClassification(
            errorClass: .providerQuotaExhausted, blame: .key, recovery: .after(.seconds(3600)), decidedBy: "test")
        _ = dispatcher.failed(
            AttemptEnd(errorClass: .providerQuotaExhausted, blame: .key, classification: failure, status: 429),
            of: &second, at: Self.now)
        dispatcher.close(&second, at: Self.now)
        var third = try Self.plan("kimi")
        guard case .giveUp(let refusal) = dispatcher.begin(&third, at: Self.now) else { throw Unexpected() }
        #expect(refusal.soonest(after: Self.now.instant) == Self.now.instant + .seconds(60))
    }

    @Test("nor when the breaker of another provider opens up")
    func busyBeforeRestingProvider() throws {
        var dispatcher = try Self.busy(rests: "openai", failures: 1) { $0.inFlight = 1 }
        var second = try Self.plan("openai")
        _ = dispatcher.begin(&second, at: Self.now)
        _ = dispatcher.failed(.provider(), of: &second, at: Self.now)
        dispatcher.close(&second, at: Self.now)
        var third = try Self.plan("kimi", "openai")
        guard case .giveUp(let refusal) = dispatcher.begin(&third, at: Self.now) else { throw Unexpected() }
        #expect(refusal.soonest(after: Self.now.instant) == Self.now.instant + .seconds(1))
    }

    @Test("nor when a provider that asked to be left alone for long serves again")
    func busyBeforeOverloadedProvider() throws {
        var dispatcher = try Self.busy(rests: "openai") { $0.inFlight = 1 }
        var second = try Self.plan("openai")
        _ = dispatcher.begin(&second, at: Self.now)
        let overload = AnswerClassification(
            errorClass: .providerOverloaded, blame: .provider, recovery: .after(.seconds(30)), decidedBy: "test")
        _ = dispatcher.failed(
            AttemptEnd(errorClass: .providerOverloaded, blame: .provider, classification: overload, status: 429),
            of: &second, at: Self.now)
        dispatcher.close(&second, at: Self.now)

        var alone = try Self.plan("openai")
        guard case .giveUp(let rest) = dispatcher.begin(&alone, at: Self.now) else { throw Unexpected() }
        #expect(rest.soonest(after: Self.now.instant) == Self.now.instant + .seconds(30))
        var third = try Self.plan("kimi", "openai")
        guard case .giveUp(let refusal) = dispatcher.begin(&third, at: Self.now) else { throw Unexpected() }
        #expect(refusal.soonest(after: Self.now.instant) == Self.now.instant + .seconds(1))
    }
}
