import ProxyCore
import Testing

/// Windows of plans, and keys that have used them up.
struct KeyPoolWindowTests {
    static func window(_ name: String, used: Double?, resetsAt seconds: Double? = nil) -> UsageWindow {
        UsageWindow(name: name, used: used, limit: 1, resetsAt: seconds.map { .second($0) }, source: .panel)
    }

    static func balance(_ amount: Double) -> UsageWindow {
        UsageWindow(name: UsageWindow.balanceName, used: 0, limit: amount, source: .panel)
    }

    private static func exhausted(
        _ window: String? = nil, _ recovery: AnswerClassification.Recovery = .unknown
    ) -> KeyFailure {
        KeyFailure(.providerQuotaExhausted, scope: .wholeKey, recovery: recovery, window: window)
    }

    // MARK: Refused for want of quota

    @Test("a used up window ends at its reset: as the answer says, as the windows say, else after an hour (K-007)")
    func ends() throws {
        let windows = [
            Self.window("5h", used: 1, resetsAt: 1000), Self.window("7d", used: 0.5, resetsAt: 9000),
            Self.window("month", used: 1, resetsAt: 5000),
        ]
        for (failure, end, isGuess) in [
            (Self.exhausted("7d", .at(.second(333))), 333.0, false), (Self.exhausted("7d"), 9000, false),
            (Self.exhausted("5h"), 1000, false), (Self.exhausted(), 1000, false),
            (Self.exhausted("7d", .at(.second(-3))), 9000, false), (Self.exhausted("year"), 3602, true),
        ] {
            var pool = try KeyPool.make(["a"])
            try pool.succeed(on: "a", begun: .second(1), at: .second(1))
            try pool.check("a", .accepted(windows: windows), at: .start)
            #expect(pool.state(of: "a", at: .start) == .usable)
            try pool.fail(with: failure, on: "a", at: .second(2))
            #expect(pool.state(of: "a", at: .second(2)) == .exhausted)
            #expect(pool.usableAt("a", at: .second(2)) == .second(end))
            #expect(pool.refreshesWanted.isEmpty == !isGuess)
        }
        var pool = try KeyPool.make(["a"])
        try pool.fail(with: Self.exhausted("7d"), on: "a", at: .start)
        #expect(pool.usableAt("a", at: .start) == .second(3600))
        #expect(pool.refreshesWanted.map(\.label.text) == ["a"])
        let grant = try pool.present("a")
        let begins = pool.beginCheck(grant, at: .second(1))
        #expect(begins)
        #expect(pool.refreshesWanted.isEmpty)
    }

    @Test(
        "a refresh tells the reset of the used up window, whatever share it shows (X-002, rule 5)",
        arguments: [0, 0.3, 1])
    func announces(used: Double) throws {
        for end in [700.0, 90_000] {
            var pool = try KeyPool.make(["a"])
            try pool.fail(with: Self.exhausted("7d"), on: "a", at: .start)
            let told = try pool.check(
                "a",
                .accepted(windows: [
                    Self.window("5h", used: 0.1, resetsAt: 60), Self.window("7d", used: used, resetsAt: end),
                ]),
                at: .second(1))
            #expect(told.map(\.usableAt) == [.second(end)])
            #expect(pool.state(of: "a", at: .second(1)) == .exhausted)
            #expect(pool.refreshesWanted.isEmpty)
            #expect(try pool.snapshot("a", at: .second(end)).isOnTrial)
        }
    }

    @Test("without a named window it is the soonest reset of a full one; of none that is full nothing is learned")
    func announcesUnnamed() throws {
        var pool = try KeyPool.make(["a"])
        try pool.fail(with: Self.exhausted(), on: "a", at: .start)
        #expect(
            try pool.check("a", .accepted(windows: [Self.window("5h", used: 0.9, resetsAt: 60)]), at: .second(1))
                .isEmpty)
        #expect(pool.usableAt("a", at: .second(1)) == .second(3600))
        // Both are full: what a real request ran into may be over at the first reset, the panel's word holds until the last.
        try pool.check(
            "a",
            .accepted(windows: [Self.window("5h", used: 1, resetsAt: 60), Self.window("7d", used: 1, resetsAt: 900)]),
            at: .second(2))
        #expect(pool.usableAt("a", at: .second(2)) == .second(900))
    }

    @Test("a refresh that announces an earlier reset of the used up window shortens, a later one does not")
    func shortens() throws {
        var pool = try KeyPool.make(["a"])
        try pool.fail(with: Self.exhausted("5h", .at(.second(5000))), on: "a", at: .start)
        try pool.check("a", .accepted(windows: [Self.window("5h", used: 0.5, resetsAt: 7000)]), at: .second(1))
        #expect(pool.usableAt("a", at: .second(1)) == .second(5000))
        try pool.check("a", .accepted(windows: [Self.window("5h", used: 0.5, resetsAt: 4000)]), at: .second(2))
        #expect(pool.usableAt("a", at: .second(2)) == .second(4000))
    }

    // MARK: What the panel tells

    @Test("a full window exhausts the key until its own reset although others have room (X-002)")
    func panelExhausts() throws {
        var pool = try KeyPool.make(["a", "b"])
        let windows = [Self.window("5h", used: 1, resetsAt: 600), Self.window("7d", used: 0.25, resetsAt: 90_000)]
        let told = try pool.check("a", .accepted(windows: windows), at: .start)
        #expect(told.map(\.new) == [.exhausted])
        #expect(told.map(\.usableAt) == [.second(600)])
        let snapshot = try pool.snapshot("a", at: .second(1))
        #expect(snapshot.windows == windows)
        #expect(snapshot.remainingShare == 0)
        #expect(snapshot.isWarned)
        #expect(pool.chosen(try KeyPoolFixture.demand(pinned: "a"), at: .second(599)) == nil)
        // After the reset what is used of it is unknown, never zero.
        let after = try pool.snapshot("a", at: .second(600))
        #expect(after.state == .usable)
        #expect(after.isOnTrial)
        #expect(after.windows.map(\.used) == [nil, 0.25])
        #expect(after.remainingShare == 0.75)
        #expect(!after.isWarned)
    }

    @Test("one refresh takes the place of the former one as a whole, and lifts what only the panel said")
    func snapshotReplaces() throws {
        var pool = try KeyPool.make(["a"])
        try pool.check(
            "a",
            .accepted(windows: [Self.window("5h", used: 1, resetsAt: 600), Self.window("7d", used: 1, resetsAt: 900)]),
            at: .start)
        #expect(pool.usableAt("a", at: .second(1)) == .second(900))
        try pool.check("a", .accepted(windows: [Self.window("5h", used: 1, resetsAt: 500)]), at: .second(10))
        #expect(pool.usableAt("a", at: .second(10)) == .second(500))
        #expect(try pool.snapshot("a", at: .second(10)).windows.map(\.name) == ["5h"])
        let told = try pool.check(
            "a", .accepted(windows: [Self.window("5h", used: 0.4, resetsAt: 500)]), at: .second(20))
        #expect(told.map(\.new) == [.usable])
        #expect(try pool.snapshot("a", at: .second(20)).remainingShare == 0.6)
    }

    @Test("an answer to a real request wins over the panel if it was asked for after the check began (rule 5)")
    func requestWins() throws {
        for (begun, isUsable) in [(4.0, false), (6.0, true)] {
            for isBefore in [true, false] {
                var pool = try KeyPool.make(["a"])
                if isBefore { try pool.succeed(on: "a", begun: .second(begun), at: .second(6)) }
                try pool.check(
                    "a", .accepted(windows: [Self.window("5h", used: 1, resetsAt: 600)]), begun: .second(5),
                    at: .second(7))
                if !isBefore { try pool.succeed(on: "a", begun: .second(begun), at: .second(8)) }
                #expect((pool.state(of: "a", at: .second(8)) == .usable) == isUsable)
            }
        }
    }

    @Test("an empty balance is billing, and one above zero ends it; quota says nothing about money (X-006)")
    func balances() throws {
        var pool = try KeyPool.make(["a"])
        #expect(try pool.check("a", .accepted(windows: [Self.balance(0)]), at: .start).map(\.new) == [.billing])
        #expect(try pool.check("a", .accepted(windows: [Self.balance(0)]), at: .second(600)).isEmpty)
        #expect(try pool.check("a", .accepted(windows: []), at: .second(700)).isEmpty)
        #expect(pool.usableAt("a", at: .second(700)) == .second(3600))
        #expect(try pool.check("a", .accepted(windows: [Self.balance(5)]), at: .second(800)).map(\.new) == [.usable])
        try pool.fail(.providerBilling, on: "a", at: .second(900))
        #expect(try pool.check("a", .accepted(windows: [Self.window("5h", used: 0.1)]), at: .second(901)).isEmpty)
        #expect(try pool.check("a", .accepted(windows: [Self.balance(-2)]), at: .second(902)).isEmpty)
        #expect(
            try pool.check("a", .accepted(windows: [Self.balance(0.01)]), at: .second(903)).map(\.old) == [.billing])
    }

    // MARK: Header fields

    private static func limit(_ name: String, used: Double, resetsAt seconds: Double? = nil) -> UsageWindow {
        UsageWindow(name: name, used: used, limit: 100, resetsAt: seconds.map { .second($0) }, source: .headers)
    }

    @Test("limits of header fields never exhaust a key, and each replaces its namesake alone")
    func headers() throws {
        var pool = try KeyPool.make(["a"])
        let grant = try pool.present("a")
        try pool.check("a", .accepted(windows: [Self.window("requests", used: 0.5)]), at: .start)
        var told = pool.note(
            [Self.limit("requests", used: 100, resetsAt: 60), Self.limit("tokens", used: 10)], of: grant, begun: .start,
            at: .at(.second(1)))
        #expect(told.isEmpty)
        #expect(pool.state(of: "a", at: .second(1)) == .usable)
        #expect(try pool.snapshot("a", at: .second(1)).remainingShare == 0)
        // What an earlier attempt tells is old news.
        told = pool.note(
            [Self.limit("requests", used: 1, resetsAt: 60)], of: grant, begun: .second(-9), at: .at(.second(2)))
        #expect(told.isEmpty)
        #expect(try pool.snapshot("a", at: .second(2)).windows.map(\.used) == [0.5, 100, 10])
        // The reset of the one passes; of the other nothing is known for long.
        #expect(try pool.snapshot("a", at: .second(60)).remainingShare == 0.5)
        #expect(try pool.snapshot("a", at: .second(62)).windows.map(\.used) == [0.5, nil, nil])
    }

    @Test("in a steady state header fields are not worth remembering anew")
    func steady() throws {
        var pool = try KeyPool.make(["a"])
        let grant = try pool.present("a")
        var revisions: Set<UInt64> = []
        for step in 0..<1000 {
            let seconds = Double(step) / 100
            _ = pool.note(
                [Self.limit("requests", used: 40 + Double(step) / 2000, resetsAt: 60 + seconds)], of: grant,
                begun: .second(seconds), at: .at(.second(seconds)))
            revisions.insert(pool.memoryRevision)
        }
        #expect(revisions.count == 1)
        _ = pool.note(
            [Self.limit("requests", used: 42, resetsAt: 70)], of: grant, begun: .second(20), at: .at(.second(20)))
        #expect(!revisions.contains(pool.memoryRevision))
    }

    @Test("header fields may tell when a used up window starts anew")
    func headersAnnounce() throws {
        var pool = try KeyPool.make(["a"])
        try pool.fail(with: Self.exhausted("5h"), on: "a", at: .start)
        let told = pool.note(
            [Self.limit("5h", used: 100, resetsAt: 500)], of: try pool.present("a"), begun: .start, at: .at(.second(1)))
        #expect(told.map(\.usableAt) == [.second(500)])
    }
}
