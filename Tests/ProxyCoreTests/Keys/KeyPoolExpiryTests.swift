import ProxyCore
import Testing

/// Each rest is told of twice, when it begins and when it ends, whoever notices its end.
struct KeyPoolExpiryTests {
    private enum Notice: CaseIterable {
        case expiry, request, success, reset, reconfiguration
    }

    /// A pool whose transitions are collected.
    private struct Watched {
        var pool: KeyPool
        var seen: [KeyTransition] = []

        mutating func fail(
            _ reason: ErrorClass = .providerRateLimited, on label: String, model: String? = nil, hint: Duration? = nil,
            begun: Instant? = nil, at now: Instant
        ) throws {
            self.seen += try self.pool.fail(
                with: KeyFailure(
                    reason, scope: model == nil ? .wholeKey : .model, recovery: hint.map { .after($0) } ?? .unknown),
                on: label, model: model, begun: begun, at: now)
        }

        mutating func notice(_ notice: Notice, model: String? = nil, at now: Instant) throws {
            switch notice {
            case .expiry:
                self.seen += self.pool.expire(at: now)
            case .request:
                #expect(self.pool.chosen(try KeyPoolFixture.demand(model: model), at: now) == "a")
            case .success:
                self.seen += self.pool.record(
                    .succeeded, on: try self.pool.present("a"), request: 1,
                    model: try model.map(KeyPoolFixture.model), begun: now, at: .at(now))
            case .reset:
                self.seen += self.pool.reset(try KeyPoolFixture.label("a"), at: now)
            case .reconfiguration:
                self.seen += self.pool.reconfigure(
                    keys: [try KeyPoolFixture.key("a")], policy: KeyPool.Policy(), at: now)
            }
        }
    }

    private static let orders: [[Notice]] = Notice.allCases.flatMap { first in
        Notice.allCases.flatMap { second in Notice.allCases.map { [first, second, $0, .expiry] } }
    }

    @Test("one 429 gives two transitions in every order of events (contract 7)", arguments: Self.orders)
    private func tellsTwice(order: [Notice]) throws {
        var watched = Watched(pool: try KeyPool.make(["a"]))
        // Ten requests run into the same limit.
        for _ in 0..<10 { try watched.fail(on: "a", hint: .seconds(7), begun: .start, at: .start) }
        #expect(watched.pool.nextDeadline == .second(7))
        watched.seen += watched.pool.expire(at: .second(6))
        for notice in order { try watched.notice(notice, at: .second(8)) }
        #expect(watched.seen.map(\.old) == [.usable, .cooling])
        #expect(watched.seen.map(\.new) == [.cooling, .usable])
        #expect(watched.seen.map(\.reason) == [.providerRateLimited, nil])
        #expect(watched.seen.map(\.usableAt) == [.second(7), nil])
        #expect(watched.pool.nextDeadline == nil)
    }

    @Test("one 429 of a model gives two transitions in every order of events (contract 7)", arguments: Self.orders)
    private func tellsTwiceOfModel(order: [Notice]) throws {
        var watched = Watched(pool: try KeyPool.make(["a"]))
        for _ in 0..<10 { try watched.fail(on: "a", model: "m", hint: .seconds(7), begun: .start, at: .start) }
        for notice in order { try watched.notice(notice, model: "m", at: .second(8)) }
        #expect(watched.seen.map(\.new) == [.cooling, .usable])
        #expect(watched.seen.allSatisfy { $0.model?.text == "m" })
        #expect(watched.pool.nextDeadline == nil)
    }

    @Test("a success that ends rests of the key and of a model tells of both")
    func successEndsTwoRests() throws {
        var watched = Watched(pool: try KeyPool.make(["a"]))
        try watched.fail(on: "a", model: "m", hint: .seconds(2), at: .start)
        try watched.fail(on: "a", hint: .seconds(3), at: .start)
        try watched.notice(.success, model: "m", at: .second(5))
        #expect(watched.seen.map(\.model?.text) == ["m", nil, nil, "m"])
        #expect(watched.seen.map(\.new) == [.cooling, .cooling, .usable, .usable])
        #expect(watched.pool.nextDeadline == nil)
    }

    @Test("a model that fails again before anybody heard of its success does not end as usable")
    func failsAgainBeforeTold() throws {
        var watched = Watched(pool: try KeyPool.make(["a"]))
        try watched.fail(on: "a", model: "m", hint: .seconds(2), at: .start)
        try watched.fail(on: "a", hint: .seconds(3), at: .start)
        try watched.notice(.success, model: "m", at: .second(5))
        try watched.fail(on: "a", model: "m", at: .second(5))
        // The ladder had begun anew.
        #expect(watched.seen.last?.usableAt == .second(7))
        #expect(watched.pool.expire(at: .second(6)).isEmpty)
        #expect(watched.pool.expire(at: .second(7)).map(\.new) == [.usable])
    }

    @Test("the step of the ladder survives that the end of the rest was told (K-007)")
    func keepsStep() throws {
        var pool = try KeyPool.make(["a"])
        try pool.fail(.providerAuthFailed, on: "a", at: .start)
        #expect(pool.expire(at: .second(30)).map(\.old) == [.suspect])
        #expect(pool.state(of: "a", at: .second(31)) == .usable)
        let again = try pool.fail(.providerAuthFailed, on: "a", at: .second(31))
        #expect(again?.old == .usable)
        #expect(again?.new == .suspect)
        #expect(pool.usableAt("a", at: .second(31)) == .second(151))
        #expect(pool.nextDeadline == .second(151))
        #expect(pool.expire(at: .second(151)).map(\.old) == [.suspect])
    }

    @Test("two windows of trouble are told of four times when each end is noticed first")
    func tellsEachWindow() throws {
        var watched = Watched(pool: try KeyPool.make(["a"]))
        try watched.fail(on: "a", at: .start)
        try watched.notice(.expiry, at: .second(3))
        try watched.fail(on: "a", at: .second(3))
        try watched.notice(.expiry, at: .second(8))
        #expect(watched.seen.map(\.new) == [.cooling, .usable, .cooling, .usable])
    }

    @Test("a failure right after an untold end tells of that end first")
    func failsBeforeTold() throws {
        var watched = Watched(pool: try KeyPool.make(["a"]))
        try watched.fail(on: "a", at: .start)
        try watched.fail(on: "a", at: .second(3))
        try watched.notice(.expiry, at: .second(100))
        #expect(watched.seen.map(\.old) == [.usable, .cooling, .usable, .cooling])
        #expect(watched.seen.map(\.new) == [.cooling, .usable, .cooling, .usable])
    }

    @Test("the next deadline is the earliest of all keys and models that still rest")
    func nextDeadline() throws {
        var pool = try KeyPool.make(["a", "b", "c"])
        #expect(pool.nextDeadline == nil)
        try pool.fail(.providerRateLimited, on: "b", hint: .seconds(20), at: .start)
        #expect(pool.nextDeadline == .second(20))
        try pool.fail(.providerRateLimited, on: "c", model: "m", hint: .seconds(10), concerning: .model, at: .start)
        #expect(pool.nextDeadline == .second(10))
        try pool.fail(.providerRateLimited, on: "c", model: "l", hint: .seconds(10), concerning: .model, at: .start)
        try pool.fail(.providerBilling, on: "c", at: .start)
        let justBefore = Instant(nanoseconds: Instant.second(10).nanoseconds - 1)
        #expect(pool.expire(at: justBefore).isEmpty)
        #expect(pool.expire(at: .second(10)).map(\.model?.text) == ["l", "m"])
        #expect(pool.nextDeadline == .second(20))
        #expect(pool.expire(at: .second(4000)).map(\.key.text) == ["b", "c"])
        #expect(pool.nextDeadline == nil)
    }

    @Test("what rests of a model while the whole key rests is told of the model's own state")
    func modelWithinKey() throws {
        var pool = try KeyPool.make(["a"])
        try pool.fail(.providerBilling, on: "a", at: .start)
        let begun = try pool.fail(
            .providerRateLimited, on: "a", model: "m", hint: .seconds(5), concerning: .model, at: .start)
        #expect(begun?.old == .usable)
        #expect(begun?.new == .cooling)
        let ended = pool.expire(at: .second(5))
        #expect(ended.map(\.old) == [.cooling])
        #expect(ended.map(\.new) == [.usable])
        #expect(pool.state(of: "a", at: .second(5)) == .billing)
    }

    @Test("a model that gives way to too many others is told of as usable (K-031)")
    func tellsOfEviction() throws {
        var pool = try KeyPool.make(["a"])
        var seen: [KeyTransition] = []
        for index in 0..<65 {
            seen += try pool.fail(
                with: KeyFailure(.providerForbidden, scope: .model), on: "a", model: "m\(index)",
                at: .second(Double(index)))
        }
        #expect(seen.filter { $0.new == .usable }.map(\.model?.text) == ["m0"])
        #expect(pool.expire(at: .second(65)).isEmpty)
        // One that rests already takes nobody's place.
        try pool.fail(.providerForbidden, on: "a", model: "m1", concerning: .model, at: .second(66))
        #expect(pool.expire(at: .second(66)).isEmpty)
        #expect(pool.expire(at: .second(1000)).count == 64)
    }

    @Test("a snapshot lists the models that rest, by name, and nothing that is over")
    func modelStates() throws {
        var pool = KeyPool(
            keys: [
                try KeyPoolFixture.key("a") {
                    $0.priority = 3
                    $0.weight = 4
                }, try KeyPoolFixture.key("b") { $0.enabled = false },
            ], policy: KeyPool.Policy())
        try pool.fail(.providerRateLimited, on: "a", model: "z", hint: .seconds(9), concerning: .model, at: .start)
        try pool.fail(.providerForbidden, on: "a", model: "b", concerning: .model, at: .start)
        try pool.fail(.providerRateLimited, on: "a", model: "m", hint: .seconds(1), concerning: .model, at: .start)
        let snapshot = try pool.snapshot("a", at: .second(1))
        #expect(
            snapshot.modelStates == [
                ModelStanding(
                    model: try KeyPoolFixture.model("b"), state: .cooling, reason: .providerForbidden,
                    usableAt: .second(300)),
                ModelStanding(
                    model: try KeyPoolFixture.model("z"), state: .cooling, reason: .providerRateLimited,
                    usableAt: .second(9)),
            ])
        #expect(snapshot.state == .usable)
        #expect(snapshot.isEnabled)
        #expect(snapshot.priority == 3)
        #expect(snapshot.weight == 4)
        #expect(try !pool.snapshot("b", at: .start).isEnabled)
    }
}
