import ProxyCore
import Testing

/// Background checks that decide on resting keys, and requests on trial.
struct KeyPoolProbeTests {
    private static func policy(_ states: Set<KeyState> = [.billing, .suspect, .invalid]) throws -> KeyPool.Policy {
        KeyPool.Policy(probes: [try KeyPoolFixture.provider("kimi"): states])
    }

    private static func due(_ count: Int = 1) throws -> KeyPool {
        let labels = (0..<count).map { "k\($0)" }
        var pool = try KeyPool.make(labels, try Self.policy())
        for label in labels { try pool.fail(.providerAuthFailed, on: label, at: .start) }
        return pool
    }

    @Test("at its deadline a key stays where it is until a check decides")
    func waitsForCheck() throws {
        var pool = try Self.due()
        #expect(pool.nextCheck == .second(30))
        #expect(pool.checksDue(at: .second(29), atMost: 9).isEmpty)
        #expect(pool.expire(at: .second(30)).isEmpty)
        #expect(pool.checksDue(at: .second(30), atMost: 9).map(\.label.text) == ["k0"])
        #expect(pool.checksDue(at: .second(30), atMost: 0).isEmpty)
        let snapshot = try pool.snapshot("k0", at: .second(30))
        #expect(snapshot.state == .suspect)
        #expect(snapshot.isCheckDue)
        #expect(pool.chosen(try KeyPoolFixture.demand(), at: .second(59)) == nil)
        #expect(pool.nextDeadline == .second(60))
    }

    @Test("what a check finds", arguments: 0..<4)
    func decides(result: Int) throws {
        var pool = try Self.due()
        switch result {
        case 0:
            let told = try pool.check("k0", .accepted(windows: []), begun: .second(31), at: .second(32))
            #expect(told.map(\.old) == [.suspect])
            #expect(told.map(\.new) == [.usable])
            // That it lists models does not show that it serves: a request does, and until then the ladder stays.
            #expect(try pool.snapshot("k0", at: .second(32)).isOnTrial)
            try pool.fail(.providerAuthFailed, on: "k0", at: .second(40))
            #expect(pool.usableAt("k0", at: .second(40)) == .second(160))
        case 1:
            let told = try pool.check(
                "k0", .refused(KeyFailure(.providerAuthFailed, scope: .wholeKey)), begun: .second(31), at: .second(32))
            #expect(told.map(\.usableAt) == [.second(152)])
            #expect(pool.nextCheck == .second(152))
        case 2:
            let told = try pool.check("k0", .inconclusive, begun: .second(31), at: .second(32))
            #expect(told.map(\.new) == [.usable])
            #expect(try pool.snapshot("k0", at: .second(32)).isOnTrial)
            let choice = try pool.choice(try KeyPoolFixture.demand(), at: .second(32))
            #expect(choice.reason.selection == .trial)
            #expect(choice.reason.isTrial)
            #expect(pool.expire(at: .second(100)).isEmpty)
        default:
            // No check came.
            #expect(pool.expire(at: .second(60)).map(\.new) == [.usable])
            #expect(try pool.snapshot("k0", at: .second(60)).isOnTrial)
            #expect(pool.checksDue(at: .second(60), atMost: 9).isEmpty)
        }
        if result != 1 { #expect(pool.nextCheck == (result == 0 ? .second(160) : nil)) }
    }

    @Test("a check refused while another key works makes the key invalid (K-007)")
    func invalidByCheck() throws {
        var pool = try KeyPool.make(["a", "b"], try Self.policy())
        try pool.fail(.providerAuthFailed, on: "a", at: .start)
        try pool.succeed(on: "b", at: .second(5))
        try pool.check("a", .refused(KeyFailure(.providerAuthFailed, scope: .wholeKey)), at: .second(30))
        #expect(pool.state(of: "a", at: .second(30)) == .invalid)
        #expect(try pool.check("a", .accepted(windows: []), at: .second(40)).map(\.old) == [.invalid])
    }

    @Test("a check that began before the failure proves nothing")
    func outdatedCheck() throws {
        var pool = try KeyPool.make(["a"])
        let grant = try pool.present("a")
        let begins = pool.beginCheck(grant, at: .start)
        #expect(begins)
        try pool.fail(.providerAuthFailed, on: "a", at: .second(1))
        #expect(pool.endCheck(grant, .accepted(windows: []), at: .at(.second(2))).isEmpty)
        #expect(pool.state(of: "a", at: .second(2)) == .suspect)
    }

    @Test("a check without remaining quota does not unblock (X-006)")
    func needsQuota() throws {
        for windows in [
            [KeyPoolWindowTests.balance(0)], [KeyPoolWindowTests.window("5h", used: 1, resetsAt: 9000)],
        ] {
            var pool = try KeyPool.make(["a"], try Self.policy())
            try pool.fail(.providerBilling, on: "a", at: .start)
            try pool.check("a", .accepted(windows: windows), at: .second(3601))
            #expect(pool.state(of: "a", at: .second(3601)) != .usable)
            #expect(try #require(pool.usableAt("a", at: .second(3601))) > .second(8000))
        }
    }

    @Test("one check at a time for each key, and none with an outdated grant")
    func singleFlight() throws {
        var pool = try Self.due(2)
        let grants = pool.checksDue(at: .second(30), atMost: 9)
        var begins = grants.map { pool.beginCheck($0, at: .second(30)) }
        #expect(begins == [true, true])
        begins = grants.map { pool.beginCheck($0, at: .second(31)) }
        #expect(begins == [false, false])
        #expect(pool.checksDue(at: .second(31), atMost: 9).isEmpty)
        _ = pool.reconfigure(
            keys: try ["k0", "k1"].map { try KeyPoolFixture.key($0) }, policy: try Self.policy(),
            renewed: [try KeyPoolFixture.label("k0")], at: .second(32))
        begins = grants.map { pool.beginCheck($0, at: .second(1000)) }
        // The one is another key by now, the check of the other one is lost.
        #expect(begins == [false, true])
    }

    @Test("all of N due keys are checked within N/max passes, those checked longest ago first (X-006)")
    func takesTurns() throws {
        var pool = try Self.due(10)
        var seen: [String] = []
        for pass in 0..<4 {
            let now = Instant.second(30 + Double(pass))
            for grant in pool.checksDue(at: now, atMost: 3) {
                seen.append(grant.label.text)
                let begins = pool.beginCheck(grant, at: now)
                #expect(begins)
                _ = pool.endCheck(grant, .refused(KeyFailure(.providerAuthFailed, scope: .wholeKey)), at: .at(now))
            }
        }
        #expect(seen == (0..<10).map { "k\($0)" })
        // Later all of them are due again, in the order of their last check.
        #expect(pool.checksDue(at: .second(155), atMost: 20).map(\.label.text) == seen)
    }

    @Test("another policy decides on rests that go on")
    func policyChanges() throws {
        var pool = try Self.due()
        let keys = [try KeyPoolFixture.key("k0")]
        let told = pool.reconfigure(keys: keys, policy: KeyPool.Policy(), at: .second(40))
        #expect(told.map(\.new) == [.usable])
        #expect(pool.expire(at: .second(100)).isEmpty)
        var other = try KeyPool.make(["k0"])
        try other.fail(.providerAuthFailed, on: "k0", at: .start)
        #expect(other.reconfigure(keys: keys, policy: try Self.policy(), at: .second(10)).isEmpty)
        #expect(other.nextCheck == .second(30))
        #expect(other.nextDeadline == .second(60))
    }

    // MARK: Trials

    @Test("on trial a key takes one request at a time, and more only if nobody else can serve")
    func oneAtATime() throws {
        var pool = try KeyPool.make(["a", "b"])
        try pool.fail(.providerBilling, on: "a", at: .start)
        let now = Instant.second(3600)
        let demand = try KeyPoolFixture.demand()
        let first = try pool.choice(demand, at: now)
        #expect(first.grant.label.text == "a")
        #expect(first.reason.selection == .trial)
        for _ in 0..<5 {
            let other = try pool.choice(demand, at: now)
            #expect(other.grant.label.text == "b")
            #expect(other.reason.others.map(\.obstacle) == [.trial])
        }
        // No caller is refused because of a trial.
        let last = try pool.choice(try KeyPoolFixture.demand(excluded: ["b"]), at: now)
        #expect(last.grant.label.text == "a")
        pool.release(last.grant)
        // A neutral end frees the trial for the next one.
        #expect(pool.record(.neutral, on: first.grant, request: 1, model: nil, begun: now, at: .at(now)).isEmpty)
        pool.release(first.grant)
        #expect(pool.chosen(demand, at: now) == "b")
        let second = try pool.choice(demand, at: now)
        #expect(second.reason.selection == .trial)
        // A success ends it.
        _ = pool.record(.succeeded, on: second.grant, request: 2, model: nil, begun: now, at: .at(now))
        #expect(try !pool.snapshot("a", at: now).isOnTrial)
        #expect(Set([try pool.take(demand, at: now), try pool.take(demand, at: now)]) == ["a", "b"])
    }

    @Test("a rate limit is over at its deadline without a trial; the other rests are not")
    func states() throws {
        for (reason, isTrial) in [
            (ErrorClass.providerRateLimited, false), (.providerForbidden, false), (.providerBilling, true),
            (.providerQuotaExhausted, true), (.providerAuthFailed, true),
        ] {
            var pool = try KeyPool.make(["a"])
            try pool.fail(reason, on: "a", at: .start)
            let end = try #require(pool.usableAt("a", at: .start))
            #expect(try pool.snapshot("a", at: end).isOnTrial == isTrial)
        }
    }

    @Test("a request of a former trial does not free the present one")
    func formerTrial() throws {
        var pool = try KeyPool.make(["a", "b"])
        try pool.fail(.providerBilling, on: "a", at: .start)
        let former = try pool.choice(try KeyPoolFixture.demand(pinned: "a"), at: .second(3600))
        try pool.fail(.providerBilling, on: "a", begun: .second(3600), at: .second(3601))
        let now = Instant.second(3601 + 7200)
        let present = try pool.choice(try KeyPoolFixture.demand(pinned: "a"), at: now)
        #expect(present.reason.isTrial)
        pool.release(former.grant)
        for _ in 0..<3 { #expect(pool.chosen(try KeyPoolFixture.demand(), at: now) == "b") }
    }
}
