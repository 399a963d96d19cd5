import ProxyCore
import TestSupport
import Testing

@testable import StateStore

/// What a pool that heals itself remembers across a restart, and why its attempts were made.
@Suite(.timeLimit(.minutes(5)))
struct HealingTablesTests {
    private static func memory() throws -> DispatchMemory {
        let (sim, other) = (try provider("sim"), try provider("other"))
        let alpha = try label("alpha")
        return DispatchMemory(
            keys: KeyMemory(
                conditions: [
                    KeyMemory.Condition(
                        label: alpha, provider: sim, model: nil, state: .exhausted, reason: .providerQuotaExhausted,
                        until: newYear, step: -1, reset: WallTime(microseconds: 9), isGuess: true, window: "5h",
                        dailyQuota: "RequestsPerDay'; --", isByPanel: true, isTogether: true,
                        lastCheck: WallTime(microseconds: -3)),
                    KeyMemory.Condition(
                        label: alpha, provider: sim, model: try model("m/1"), state: .cooling,
                        reason: .providerRateLimited, until: newYear, step: 4),
                ],
                windows: [
                    KeyMemory.Windows(
                        label: alpha, provider: other, readAt: newYear,
                        windows: [UsageWindow(name: "balance", used: 0, limit: 12.5, source: .panel)]),
                    KeyMemory.Windows(
                        label: alpha, provider: sim, readAt: newYear,
                        windows: [
                            UsageWindow(
                                name: "5h", used: 0.25, limit: 1, resetsAt: newYear, isInconsistent: true,
                                source: .panel),
                            UsageWindow(name: "5h", source: .headers),
                            UsageWindow(name: "7d", used: nil, limit: 0, source: .panel),
                        ]),
                ],
                wholeLimits: [
                    KeyMemory.WholeLimit(provider: other, model: try model("m"), until: newYear, step: 2),
                    KeyMemory.WholeLimit(provider: sim, model: nil, until: newYear, step: 0),
                ]),
            breakers: [
                sim: BreakerMemory(retryAt: newYear, failedProbes: 0),
                other: BreakerMemory(retryAt: WallTime(microseconds: 1), failedProbes: 5),
            ])
    }

    @Test("everything that heals comes back after a restart (K-013, A-031, X-030)")
    func comesBack() async throws {
        try await TemporaryDirectory.with { directory in
            let memory = try Self.memory()
            try await withStore(in: directory) { store async throws in store.remember(memory) }
            try await withStore(in: directory) { store async throws in
                #expect(try store.load().memory == memory)
                // The first write after a restart goes by what was read, not by an empty memory.
                var changed = memory
                changed.keys.windows[1].windows.removeFirst()
                changed.keys.wholeLimits.removeLast()
                changed.keys.conditions.removeFirst()
                changed.breakers[try provider("sim")] = nil
                changed.breakers[try provider("other")]?.failedProbes = 6
                store.remember(changed)
                try await store.settled()
                #expect(try store.load().memory == changed)
                let before = store.statistics.transactions
                store.remember(changed)
                try await store.settled()
                #expect(store.statistics.transactions == before, "nothing was new")
                try await store.commit([.memory(DispatchMemory())])
                #expect(try store.load().memory == DispatchMemory())
            }
        }
    }

    @Test("what no table may hold costs no transaction: steps and probes below zero, numbers that are none")
    func clampsWhatCannotBe() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                let sim = try provider("sim")
                let odd = UsageWindow(name: "5h", used: .nan, limit: .infinity, source: .headers)
                try await store.commit([
                    .memory(
                        DispatchMemory(
                            keys: KeyMemory(
                                windows: [
                                    KeyMemory.Windows(
                                        label: try label("a"), provider: sim, readAt: newYear, windows: [odd])
                                ],
                                wholeLimits: [
                                    KeyMemory.WholeLimit(provider: sim, model: nil, until: newYear, step: -1)
                                ]),
                            breakers: [sim: BreakerMemory(retryAt: newYear, failedProbes: -1)]))
                ])
                let memory = try store.load().memory
                #expect(memory.keys.wholeLimits.map(\.step) == [0])
                #expect(memory.breakers[sim]?.failedProbes == 0)
                #expect(memory.keys.windows.first?.windows.first?.used == nil, "unknown, and not zero")
            }
        }
    }

    @Test("of the keys that an attempt passed over 16 are kept, each as it was")
    func boundsPassedOver() throws {
        let all = try KeyVerdict.Obstacle.allCases.flatMap { obstacle in
            try KeyState.allCases.map {
                RequestRecord.PassedOver(label: try label("k.1_2-3@x+y"), obstacle: obstacle, state: $0)
            }
        }
        for passed in all {
            let text = String(decoding: PassedOverList.bytes(of: [passed]), as: UTF8.self)
            #expect(PassedOverList.read(text) == [passed])
        }
        let text = String(decoding: PassedOverList.bytes(of: all), as: UTF8.self)
        #expect(PassedOverList.read(text) == Array(all.prefix(16)))
        #expect(PassedOverList.bytes(of: []).isEmpty, "stored as NULL")
        for text in ["a", "a=turn", "a=luck/ready", "a=turn/melted", "=turn/ready", "a=turn/ready/x", "a=b=turn/ready"]
        {
            #expect(PassedOverList.read(text) == nil, "\(text)")
        }
    }

    @Test("a summary counts for each key the requests that it was used for last (X-007)")
    func summarises() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                for number in 0..<7 { store.append(try served(number, by: number < 5 ? "alpha" : "beta")) }
                store.append(try served(7, by: "alpha", at: "other"))
                store.append(try full(8))
                var refused = RequestRecord(id: "r", receivedAt: newYear, dialect: .other)
                refused.outcome = .refused
                store.append(refused)
                func counted(_ query: RequestQuery) async throws -> [String] {
                    try await store.summary(query).map { "\($0.key)@\($0.provider) \($0.requests)" }
                }
                var query = RequestQuery()
                #expect(try await counted(query) == ["alpha@other 1", "alpha@sim 5", "beta@sim 3"])
                query.since = WallTime(microseconds: newYear.microseconds + 4)
                #expect(try await counted(query) == ["alpha@other 1", "alpha@sim 1", "beta@sim 3"])
                query.provider = try provider("other")
                #expect(try await counted(query) == ["alpha@other 1"])
            }
        }
    }
}
