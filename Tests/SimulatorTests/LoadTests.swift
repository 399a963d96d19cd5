import NIOCore
import Testing

@testable import Simulator

@Suite(.timeLimit(.minutes(5)))
struct LoadTests {
    private static func options(_ server: SimulatorServer, _ plan: LoadPlan) throws -> LoadRun.Options {
        let address = try #require(ListenAddress(server.addresses.http[0]))
        return LoadRun.Options(address: address, token: "k1", plan: plan, connections: 4)
    }

    @Test func makesTheSameRequestsFromTheSameSeed() {
        var plan = LoadPlan(requests: 200, seed: 7, streamed: 60, messages: 30, leaving: 10, cutting: 10)
        let requests = (0..<200).map(plan.request)
        #expect((0..<200).map(plan.request) == requests)
        #expect((90...150).contains(requests.filter(\.isStream).count))
        #expect((30...90).contains(requests.filter { $0.target == "/v1/messages" }.count))
        #expect(requests.contains { $0.leaveAfter != nil })
        #expect(requests.allSatisfy { !$0.asks || $0.isStream })
        plan.seed = 8
        #expect((0..<200).map(plan.request) != requests)
    }

    @Test("sees what the simulator counts, cuts and callers that leave included")
    func agreesWithTheSimulator() async throws {
        try await LiveSimulator.with { server in
            let plan = LoadPlan(
                requests: 120, streamed: 60, messages: 40, asking: 100, leaving: 8, cutting: 8,
                models: ["gpt-sim", "kimi-sim"])
            let result = try await LoadRun.run(try Self.options(server, plan))
            #expect(result.failed == 0 && result.unfinished == 0 && result.refused.isEmpty)
            #expect(result.complete + result.cut + result.left == 120)
            #expect(result.reporting == result.complete)
            #expect(result.left > 0 && result.cut > 0)
            let core = server.core
            #expect(await LiveSimulator.eventually { core.stats.snapshot.totals.inFlight == 0 })
            let totals = core.stats.snapshot.totals
            #expect(totals.tokens == result.tokens)
            #expect(totals.completed == result.complete)
            #expect(totals.cut == result.cut)
            #expect(totals.aborted == result.left)
            #expect(totals.usageAsked == result.asked)
        }
    }

    @Test func measuresTheFirstEventsOfProbesBesideRunningStreams() async throws {
        try await LiveSimulator.with { server in
            var options = try Self.options(
                server, LoadPlan(requests: 4, streamed: 100, models: ["sim-events-4-delay-50"]))
            options.probes = 5
            options.probeInterval = .milliseconds(5)
            let result = try await LoadRun.run(options)
            #expect(result.complete == 4)
            #expect(result.probes.count == 5)
            #expect(result.failedProbes == 0)
            #expect(result.line.contains(#""probes":{"count":5,"p50_ms":"#))
        }
    }

    @Test func endsWhenItsTimeIsOver() async throws {
        try await LiveSimulator.with { server in
            var options = try Self.options(server, LoadPlan(requests: 3, streamed: 100, models: ["sim-stall-2"]))
            options.limit = .milliseconds(300)
            let result = try await LoadRun.run(options)
            #expect(result.unfinished == 3)
            options.address = .unix(path: "/nonexistent/socket")
            options.limit = .seconds(20)
            #expect(try await LoadRun.run(options).failed == 3)
        }
    }
}
