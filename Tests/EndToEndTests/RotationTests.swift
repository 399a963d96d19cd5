import Foundation
import TestSupport
import Testing

@Suite("Rotation over several keys", .serialized, .timeLimit(.minutes(5)))
struct RotationTests {
    @Test("300 requests over three keys are 100 each, for the provider and in /metrics (X-042, T-029)")
    func spreadsEvenly() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator, keys: ["alpha", "beta", "gamma"])
            configuration.tables["rotation"] = "mode = \"round-robin\"\naffinity = false"
            try await DaemonProcess.with(configuration) { daemon in
                let client = try daemon.client()
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<6 {
                        group.addTask {
                            for _ in 0..<50 {
                                let response = try await client.chat()
                                guard response.status == 200 else { return response.status }
                            }
                            return 200
                        }
                    }
                    for try await status in group { #expect(status == 200) }
                }
                let statistics = try await simulator.statistics()
                for label in ["alpha", "beta", "gamma"] {
                    #expect(statistics.key(label).requests == 100)
                    #expect(statistics.key(label).completed == 100)
                    #expect(try await daemon.metric("kmi_key_requests_total", ["key": label]) == 100)
                }
                #expect(statistics.requests == 300)
                #expect(try await daemon.metric("kmi_requests_total", ["code": "200"]) == 300)
            }
        }
    }

    @Test("a 429 of one key reaches no caller, and the key takes part again after its Retry-After (X-040)")
    func movesOnWithinTheRequest() async throws {
        try await SimulatorProcess.with(scenario: Scenarios.alphaLimitedOnce) { simulator in
            var configuration = DaemonConfiguration(simulator, keys: ["alpha", "beta", "gamma"])
            configuration.tables["rotation"] = "mode = \"round-robin\"\naffinity = false"
            try await DaemonProcess.with(configuration) { daemon in
                let client = try daemon.client()
                var moved = 0
                for _ in 0..<6 {
                    let response = try await client.chat()
                    #expect(response.status == 200)
                    #expect(response["X-KMI-Key"] != "alpha")
                    if response["X-KMI-Attempts"] == "2" { moved += 1 }
                }
                #expect(moved == 1)
                let limitedAt = ContinuousClock.now
                #expect(try await simulator.statistics().key("alpha").statuses["429"] == 1)
                #expect(try await daemon.metric("kmi_key_state", ["key": "alpha", "state": "cooling"]) == 1)

                try await eventually("alpha answers again", within: .seconds(5), every: .milliseconds(50)) {
                    let response = try await client.chat()
                    #expect(response.status == 200)
                    return response["X-KMI-Key"] == "alpha"
                }
                // Seen from after the last of the requests, so a little is taken off.
                #expect(ContinuousClock.now - limitedAt > .milliseconds(1000))
                #expect(try await daemon.metric("kmi_requests_total", ["code": "429"]) == 0)
                #expect(try await daemon.metric("kmi_key_state", ["key": "alpha", "state": "usable"]) == 1)
            }
        }
    }

    @Test("when every key is limited, the caller gets the provider's 429 with its Retry-After (contract 5)")
    func passesOnTheLastAnswer() async throws {
        try await SimulatorProcess.with { simulator in
            let configuration = DaemonConfiguration(simulator, keys: ["alpha", "beta"])
            try await DaemonProcess.with(configuration) { daemon in
                let limited = try await daemon.client().chat(model: "sim-status-429")
                #expect(limited.status == 429)
                #expect(limited["X-KMI-Error"] == nil)
                #expect(limited["X-KMI-Attempts"] == "2")

                let refused = try await daemon.client().chat(model: "sim-status-429")
                #expect(refused.status == 429)
                #expect(refused["X-KMI-Error"] == "no_usable_key")
                let seconds = try #require(refused["Retry-After"].flatMap { Int($0) })
                #expect(seconds >= 1)
                #expect(try await simulator.statistics().requests == 2)
            }
        }
    }
}
