import ProxyCore
import Testing

/// Until when a failure lets a key rest, and whose word that is.
struct KeyPoolDeadlineTests {
    private static func failure(
        _ recovery: AnswerClassification.Recovery, _ reason: ErrorClass = .providerRateLimited
    ) -> KeyFailure {
        KeyFailure(reason, scope: .wholeKey, recovery: recovery)
    }

    @Test(
        "a hint of a minute or more gets up to a twentieth on top, a shorter one nothing, at most a day (X-069)",
        arguments: [0, 1, 7, 600, 86_000, 86_400, 999_999] as [Int64])
    func jitter(hint: Int64) throws {
        let least = Duration.seconds(min(max(hint, 1), 86_400))
        var seen: Set<Int64> = []
        for seed in 1...50 as ClosedRange<UInt64> {
            var pool = try KeyPool.make(["a"], KeyPool.Policy(seed: seed))
            try pool.fail(with: Self.failure(.after(.seconds(hint))), on: "a", at: .start)
            let rest = try #require(pool.usableAt("a", at: .start)) - .start
            #expect(rest >= least)
            #expect(rest <= min(hint < 60 ? least : least * 21 / 20, .seconds(86_400)))
            seen.insert(rest.nanoseconds)
        }
        #expect(hint < 60 ? seen.count == 1 : hint >= 83_000 || seen.count > 40)
    }

    @Test(
        "a reset is taken as it is, at most 35 days away; in the past it counts as absent",
        arguments: [
            (0.5, 0.5), (7, 7), (100_000, 100_000), (35 * 86_400, 35 * 86_400), (40 * 86_400, 35 * 86_400), (0, 2),
            (-5, 2),
        ] as [(Double, Double)])
    func resets(reset: Double, rest: Double) throws {
        var pool = try KeyPool.make(["a"], KeyPool.Policy(seed: 9))
        try pool.fail(with: Self.failure(.at(.second(reset))), on: "a", at: .start)
        #expect(pool.usableAt("a", at: .start) == .second(rest))
    }

    @Test("the provider's word replaces a guess even if it is earlier; a guess says nothing against a word")
    func wordReplacesGuess() throws {
        var pool = try KeyPool.make(["a"])
        try pool.fail(with: Self.failure(.unknown, .providerQuotaExhausted), on: "a", at: .start)
        #expect(pool.usableAt("a", at: .start) == .second(3600))
        let told = try pool.fail(
            with: Self.failure(.at(.second(50)), .providerQuotaExhausted), on: "a", begun: .start, at: .second(1))
        #expect(told.map(\.usableAt) == [.second(50)])
        #expect(told.map(\.old) == [.exhausted])
        #expect(
            try pool.fail(with: Self.failure(.unknown, .providerQuotaExhausted), on: "a", begun: .start, at: .second(2))
                .isEmpty)
        #expect(
            try pool.fail(
                with: Self.failure(.after(.seconds(3)), .providerQuotaExhausted), on: "a", begun: .start, at: .second(3)
            ).isEmpty)
        #expect(pool.usableAt("a", at: .second(3)) == .second(50))
    }

    @Test("money that is still lacking right after its rest is asked about less and less often, every 6 h at least")
    func billingDoubles() throws {
        var pool = try KeyPool.make(["a"])
        var now = Instant.start
        for hours in [1, 2, 4, 6, 6] as [Int64] {
            try pool.fail(.providerBilling, on: "a", begun: now, at: now)
            #expect(pool.usableAt("a", at: now) == now + .seconds(hours * 3600))
            now = now + .seconds(hours * 3600)
        }
        try pool.succeed(on: "a", at: now)
        try pool.fail(.providerBilling, on: "a", at: now)
        #expect(pool.usableAt("a", at: now) == now + .seconds(3600))
    }

    @Test("a clock step moves deadlines that are times of day, and no others")
    func clockSteps() throws {
        var pool = try KeyPool.make(["a", "b", "c"])
        #expect(pool.noteClock(at: .at(.start)) == false)
        try pool.fail(with: Self.failure(.at(.second(100)), .providerQuotaExhausted), on: "a", at: .start)
        try pool.fail(with: Self.failure(.after(.seconds(100))), on: "b", at: .start)
        let revision = pool.memoryRevision
        // A slew below a second is nothing; it is one once it has added up.
        let slewed = Moment(instant: .second(10), wallTime: .second(10.9))
        #expect(pool.noteClock(at: slewed) == false)
        #expect(pool.memoryRevision == revision)
        let stepped = Moment(instant: .second(10), wallTime: .second(40))
        #expect(pool.noteClock(at: stepped) == true)
        #expect(pool.noteClock(at: stepped) == false)
        #expect(pool.memoryRevision != revision)
        #expect(pool.usableAt("a", at: .second(10)) == .second(70))
        #expect(pool.usableAt("b", at: .second(10)) == .second(100))
        #expect(pool.nextDeadline == .second(70))
        // Back again; and once its end was told a rest does not come back.
        #expect(pool.noteClock(at: .at(.second(20))) == true)
        #expect(pool.usableAt("a", at: .second(20)) == .second(100))
        #expect(pool.expire(at: .second(100)).count == 2)
        #expect(pool.noteClock(at: Moment(instant: .second(101), wallTime: .second(0))) == true)
        #expect(pool.state(of: "a", at: .second(101)) == .usable)
    }

    @Test("a second refusal is final only if it is of another request and another key worked since (K-007)")
    func invalid() throws {
        for (request, other, isInvalid) in [
            (1, nil, false), (2, nil, false), (1, 5.0, false), (2, 5.0, true), (2, -5.0, false),
        ] as [(UInt64, Double?, Bool)] {
            var pool = try KeyPool.make(["a", "b"])
            let first = try pool.fail(.providerAuthFailed, on: "a", request: 1, at: .start)
            #expect(first?.new == .suspect)
            if let other { try pool.succeed(on: "b", begun: .second(other), at: .second(6)) }
            try pool.fail(.providerAuthFailed, on: "a", request: request, at: .second(30))
            #expect(pool.state(of: "a", at: .second(30)) == (isInvalid ? .invalid : .suspect))
            #expect(pool.usableAt("a", at: .second(30)) == .second(150))
        }
    }

    @Test("requests that ran together with the refused one do not make the key invalid")
    func parallelRefusals() throws {
        var pool = try KeyPool.make(["a", "b"])
        try pool.fail(.providerAuthFailed, on: "a", request: 1, begun: .start, at: .second(1))
        try pool.succeed(on: "b", begun: .second(2), at: .second(2))
        for request in 2...9 as ClosedRange<UInt64> {
            try pool.fail(.providerAuthFailed, on: "a", request: request, begun: .start, at: .second(3))
        }
        #expect(pool.state(of: "a", at: .second(3)) == .suspect)
    }

    // MARK: Gemini's quota for a day

    private static func daily(_ id: String, hint: Int64 = 30) -> KeyFailure {
        KeyFailure(
            .providerRateLimited, scope: .wholeKey, recovery: .after(.seconds(hint)),
            daily: AnswerClassification.DailyQuota(id: id, reset: .second(40_000)))
    }

    @Test("a quota for a day counts once the failure right after the rest names it again (provider facts, section 6)")
    func dailyQuota() throws {
        var pool = try KeyPool.make(["a"])
        try pool.fail(with: Self.daily("PerDay"), on: "a", at: .start)
        try pool.fail(with: Self.daily("PerDay"), on: "a", begun: .start, at: .second(1))
        #expect(pool.state(of: "a", at: .second(1)) == .cooling)
        var other = pool
        try other.fail(with: Self.daily("PerDayOther"), on: "a", at: .second(40))
        #expect(other.state(of: "a", at: .second(40)) == .cooling)
        var well = pool
        try well.succeed(on: "a", at: .second(40))
        try well.fail(with: Self.daily("PerDay"), on: "a", at: .second(41))
        #expect(well.state(of: "a", at: .second(41)) == .cooling)
        try pool.fail(with: Self.daily("PerDay"), on: "a", at: .second(40))
        #expect(pool.state(of: "a", at: .second(40)) == .exhausted)
        #expect(pool.usableAt("a", at: .second(40)) == .second(40_000))
        #expect(try pool.snapshot("a", at: .second(40_000)).isOnTrial)
    }
}
