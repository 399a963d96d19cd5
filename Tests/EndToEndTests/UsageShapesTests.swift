import Foundation
import ProxyCore
import TestSupport
import Testing

@Suite("What the simulator tells of usage", .timeLimit(.minutes(5)))
struct UsageShapesTests {
    /// The windows in each shape that the simulator knows, with 50 of 200 used in five hours and 512 of 2,048 in a week.
    private static let shapes: [(String, [String: Double])] = [
        ("classic", ["5h": 0.75, "7d": 0.75]), ("numbers", ["5h": 0.75, "7d": 0.75]),
        ("remaining", ["5h": 0.75, "7d": 0.75]), ("inline", ["5h": 0.75, "7d": 0.75]),
        ("relative", ["5h": 0.75, "7d": 0.75]), ("pools", ["5h": 0.75, "7d": 0.75]),
        ("camel", ["5h": 0.75, "7d": 0.75]), ("contradicting", ["5h": 0.75, "7d": 0.75]),
        ("stale", ["5h": 1, "7d": 1]), ("wrapped", ["5h": 0.75, "7d": 0.75]), ("unknown", [:]),
    ]

    @Test("is read in every shape (X-002)")
    func readsEveryShape() async throws {
        let accounts = Self.shapes.map { shape, _ in
            #"{"key": "sk-\#(shape)", "shape": "\#(shape)", "five_hours": {"limit": 200, "used": 50, "#
                + #""resets_in_ms": 3600000}, "week": {"limit": 2048, "used": 512}}"#
        }
        try await SimulatorProcess.with { simulator in
            try await simulator.setScenario(#"{"accounts": [\#(accounts.joined(separator: ", "))]}"#)
            let now = WallTime(microseconds: Int64(Date().timeIntervalSince1970 * 1e6))
            for (shape, shares) in Self.shapes {
                let answer = try await simulator.client.get(
                    "/coding/v1/usages", fields: [("Authorization", "Bearer sk-\(shape)")])
                #expect(answer.status == 200)
                let reading = UsageReading(answer.text.utf8, of: .kimiUsages, at: now)
                let windows = reading.report?.windows ?? []
                #expect(
                    Dictionary(uniqueKeysWithValues: windows.map { ($0.name, $0.remainingShare ?? -1) }) == shares,
                    "\(shape)")
                for window in windows where window.name == "5h" {
                    let seconds = try #require(window.resetsAt) - now
                    #expect((3_500...3_601).contains(seconds.seconds), "\(shape)")
                }
                #expect(windows.contains(where: \.isInconsistent) == (shape == "contradicting"), "\(shape)")
            }
        }
    }

    @Test func readsBalancesAndLimits() async throws {
        let scenario = #"{"accounts": [{"balance": 7.5, "cost": 1, "key_limit": 4, "requests": {"limit": 10}}]}"#
        try await SimulatorProcess.with { simulator in
            try await simulator.setScenario(scenario)
            var client = simulator.client
            client.fields = [("Authorization", "Bearer sk-a")]
            let now = WallTime(microseconds: Int64(Date().timeIntervalSince1970 * 1e6))
            let body = #"{"model":"gpt-sim","messages":[{"role":"user","content":"How are you?"}]}"#
            let chat = try await client.post("/v1/chat/completions", body)
            let fields = HeaderFields(chat.head.fields.map { ($0.name, $0.value) })
            let requests = UsageHeaders.windows(in: fields, kind: .openAI, at: now).first { $0.name == "requests" }
            #expect(requests?.used == 1)
            #expect(requests?.limit == 10)
            let expected: [(UsageEndpoint, String, String, Double)] = [
                (.moonshotBalance, "/v1/users/me/balance", "balance", 6.5),
                (.deepSeekBalance, "/user/balance", "balance", 6.5),
                (.openRouterCredits, "/api/v1/credits", "balance", 6.5), (.openRouterKey, "/api/v1/key", "limit", 4),
            ]
            for (endpoint, target, name, limit) in expected {
                let answer = try await client.get(target)
                let window = UsageReading(answer.text.utf8, of: endpoint, at: now).report?.windows.first
                #expect(window?.name == name)
                #expect(window?.limit == limit)
            }
        }
    }
}
