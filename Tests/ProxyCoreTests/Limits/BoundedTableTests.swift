import TestSupport
import Testing

@testable import ProxyCore

/// Tables keyed by what callers and providers name at will have a bound (K-031).
///
/// As many names as `make soak` has time for, fewer in every other run: each is many times the bound.
struct BoundedTableTests {
    private static let count = Tools.isSoak ? 1_000_000 : 30_000

    @Test("conditions of models of one key", .timeLimit(.minutes(10)))
    func boundsModelConditions() throws {
        var pool = try KeyPool.make(["a", "b"])
        for number in 0..<Self.count {
            let now = Instant.second(Double(number) / 1_000)
            try pool.fail(
                .providerRateLimited, on: number % 2 == 0 ? "a" : "b", model: "m\(number)", hint: .seconds(3_600),
                concerning: .model, request: UInt64(number), at: now)
            guard number % 10_000 == 9_999 else { continue }
            for entry in pool.entries { #expect(entry.modelConditions.count <= KeyPool.modelConditionCapacity) }
            #expect(pool.wholeLimits.count <= KeyPool.wholeLimitCapacity)
        }
        // The key itself is as good as before: a bound never makes it worse or better.
        #expect(pool.state(of: "a", at: .second(Double(Self.count) / 1_000)) == .usable)
    }

    @Test("hourly sums by model, project and process, whose total stays right", .timeLimit(.minutes(10)))
    func boundsSpending() throws {
        var table = SpendingTable()
        var spending = Spending()
        spending.requests = 1
        spending.picoDollars = 3
        let (key, provider) = (try KeyPoolFixture.label("a"), try KeyPoolFixture.provider("kimi"))
        for number in 0..<Self.count {
            let name = "name-\(number)"
            table.add(
                spending,
                to: Spending.ID(
                    hour: WallTime(microseconds: 0), key: key, provider: provider, model: ModelName(name), client: nil,
                    project: name, process: name))
        }
        #expect(table.entries.count <= SpendingTable.limit + 1)
        #expect(table.entries.values.reduce(0) { $0 + $1.requests } == UInt64(Self.count))
        #expect(table.entries.values.reduce(0) { $0 + $1.picoDollars } == 3 * Int64(Self.count))
    }

    @Test("kinds of errors that no rule knew", .timeLimit(.minutes(10)))
    func boundsUnmatchedErrors() throws {
        var errors = UnmatchedErrors()
        let provider = try KeyPoolFixture.provider("kimi")
        var told = 0
        for number in 0..<Self.count {
            let error = UnmatchedError(status: 400 + number % 100, type: "t\(number)", code: "c\(number)")
            if errors.note(error, of: provider) { told += 1 }
        }
        #expect(errors.counts.count == UnmatchedErrors.maximumKinds)
        #expect(errors.counts.values.reduce(0, +) + errors.others == UInt64(Self.count))
        #expect(told == UnmatchedErrors.maximumKinds + 1)
    }

    @Test("programs by their names, and conversations, in the dispatcher", .timeLimit(.minutes(10)))
    func boundsAgentsAndConversations() throws {
        var fixture = try DispatchFixture([("a", "kimi"), ("b", "kimi")])
        for number in 0..<Self.count / 3 {
            var plan = try fixture.plan(
                "kimi", model: "m\(number)", conversation: Conversation(id: "conversation \(number)"),
                agent: "agent/\(number)")
            _ = fixture.begin(&plan)
            fixture.succeed(&plan)
            fixture.pass(.milliseconds(1))
            if number % 1_000 == 0 { fixture.dispatcher.news = [] }
        }
        #expect(fixture.dispatcher.warnedAgents.count <= 64)
        #expect(fixture.dispatcher.providers.count <= 1)
        #expect(fixture.dispatcher.pool.sessions.count <= KeyPool.sessionCapacity)
        for entry in fixture.dispatcher.pool.entries { #expect(entry.modelConditions.isEmpty) }
    }
}
