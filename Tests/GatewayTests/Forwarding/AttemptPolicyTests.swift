import ProxyCore
import Testing

@testable import Gateway

/// Whether a failed attempt is followed by another one.
struct AttemptPolicyTests {
    private static let begin = Instant(nanoseconds: 0)

    private static func result(
        _ errorClass: ErrorClass? = .providerServerError, _ blame: AttemptResult.Blame = .provider,
        billed: Bool = false, stale: Bool = false, origin: Bool = false
    ) -> AttemptResult {
        AttemptResult(
            errorClass: errorClass, blame: blame, possiblyBilled: billed, diedOnReusedConnection: stale,
            concernsOrigin: origin)
    }

    private static func policy(attempts: Int = 4, pinned: Bool = false) -> AttemptPolicy {
        var policy = AttemptPolicy(maxAttempts: attempts, deadline: begin + .seconds(30), isPinned: pinned)
        policy.begin()
        return policy
    }

    @Test(
        "decides from what happened",
        arguments: [
            (result(.providerRateLimited, .key(.wholeKey)), AttemptPolicy.Step.anotherKey(otherProvider: false)),
            (result(.providerServerError), .anotherKey(otherProvider: false)),
            (result(.providerTLS, origin: true), .anotherKey(otherProvider: true)),
            (result(.providerRejected, .request), .giveUp),
            (result(nil), .giveUp),
            (result(.providerUnreachable, stale: true), .sameKey),
            (result(.providerTimeout, billed: true), .anotherKey(otherProvider: false)),
        ])
    func decides(result: AttemptResult, step: AttemptPolicy.Step) {
        var policy = Self.policy()
        #expect(policy.next(after: result, canRepeatBody: true, repeatsPossiblyBilled: true, at: Self.begin) == step)
    }

    @Test("a body that is gone is not sent again, and what may be billed only where that is wanted")
    func limits() {
        var policy = Self.policy()
        #expect(
            policy.next(after: Self.result(), canRepeatBody: false, repeatsPossiblyBilled: true, at: Self.begin)
                == .giveUp)
        let billed = Self.result(billed: true)
        #expect(
            policy.next(after: billed, canRepeatBody: true, repeatsPossiblyBilled: false, at: Self.begin) == .giveUp)
        let justInTime = Self.begin + .nanoseconds(29_999_999_999)
        #expect(
            policy.next(after: Self.result(), canRepeatBody: true, repeatsPossiblyBilled: true, at: justInTime)
                != .giveUp)
        let late = Self.begin + .seconds(30)
        #expect(
            policy.next(after: Self.result(), canRepeatBody: true, repeatsPossiblyBilled: true, at: late) == .giveUp)
    }

    @Test("attempts are bounded, those on the same key included")
    func bounded() {
        var policy = Self.policy(attempts: 3)
        let stale = Self.result(.providerUnreachable, stale: true)
        #expect(policy.next(after: stale, canRepeatBody: true, repeatsPossiblyBilled: true, at: Self.begin) == .sameKey)
        policy.begin()
        // Once only: the second time it is no accident.
        #expect(
            policy.next(after: stale, canRepeatBody: true, repeatsPossiblyBilled: true, at: Self.begin)
                == .anotherKey(otherProvider: false))
        policy.begin()
        #expect(policy.attempts == 3)
        #expect(
            policy.next(after: Self.result(), canRepeatBody: true, repeatsPossiblyBilled: true, at: Self.begin)
                == .giveUp)
    }

    @Test("a pinned key is asked again only where its connection had died")
    func pinned() {
        var policy = Self.policy(pinned: true)
        #expect(
            policy.next(after: Self.result(), canRepeatBody: true, repeatsPossiblyBilled: true, at: Self.begin)
                == .giveUp)
        let stale = Self.result(.providerUnreachable, stale: true)
        #expect(policy.next(after: stale, canRepeatBody: true, repeatsPossiblyBilled: true, at: Self.begin) == .sameKey)
        #expect(policy.next(after: stale, canRepeatBody: true, repeatsPossiblyBilled: true, at: Self.begin) == .giveUp)
    }
}
