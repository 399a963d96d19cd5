import Foundation
import TestSupport
import Testing

/// How keys and providers are protected from too much (K-008, K-026, X-030).
@Suite("Limits of keys and outages of providers", .serialized, .timeLimit(.minutes(5)))
struct ProtectionTests {
    @Test("200 requests at once over keys that take three each: the provider never sees a fourth (K-026)")
    func keepsLimits() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator, keys: [])
            for label in ["alpha", "beta"] {
                configuration.appendix += """
                    [[key]]
                    label = "\(label)"
                    provider = "sim"
                    secret = "file:\(label).key"
                    in_flight = 3

                    """
            }
            try await TemporaryDirectory.with { directory in
                try DaemonProcess.write(configuration, to: directory)
                for label in ["alpha", "beta"] { try directory.write("\(label).key", "sk-sim-\(label)") }
                try await DaemonProcess.with(in: directory, token: configuration.token, bus: "none") { daemon in
                    let client = try daemon.client()
                    var statuses: [Int: Int] = [:]
                    try await withThrowingTaskGroup(of: RawHTTPResponse.self) { group in
                        for _ in 0..<200 { group.addTask { try await client.chat(model: "sim-delay-50") } }
                        for try await response in group {
                            statuses[response.status, default: 0] += 1
                            guard response.status != 200 else { continue }
                            #expect(response["X-KMI-Error"] == "rate_limited")
                            #expect((response["Retry-After"].flatMap { Int($0) } ?? 0) >= 1)
                        }
                    }
                    #expect(statuses[200, default: 0] >= 6)
                    #expect(Set(statuses.keys).isSubset(of: [200, 429]))
                    let statistics = try await simulator.statistics()
                    for label in ["alpha", "beta"] {
                        #expect((1...3).contains(statistics.key(label).maxInFlight))
                    }
                    #expect(statistics.requests == statuses[200])
                    #expect(try await daemon.metric("kmi_key_in_flight") == 0)
                }
            }
        }
    }

    @Test("every answer 503: few repeats, then nobody is sent there but one at a time; and it heals by itself (K-008)")
    func boundsOutage() async throws {
        try await SimulatorProcess.with { simulator in
            try await simulator.setScenario(ContractWire.scenario(#"{"status": 503}"#))
            var configuration = DaemonConfiguration(simulator, keys: ["alpha", "beta", "gamma"])
            configuration.tables["breaker"] = "open = \"1s\""
            configuration.tables["retry"] = "base = \"20ms\"\ncap = \"100ms\""
            try await DaemonProcess.with(configuration) { daemon in
                let client = try daemon.client()
                let callers = 50
                let rounds = 4
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<callers {
                        group.addTask {
                            for _ in 0..<rounds {
                                let response = try await client.chat()
                                #expect(response.status == 503)
                                if response["X-KMI-Error"] != nil {
                                    #expect(response["X-KMI-Error"] == "overloaded")
                                    #expect((response["Retry-After"].flatMap { Int($0) } ?? 0) >= 1)
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                let requests = Double(callers * rounds)
                let seen = Double(try await simulator.statistics().requests)
                #expect(seen <= 1.2 * requests + 10)
                #expect(try await daemon.metric("kmi_retries_total") <= 0.2 * requests + 10)
                #expect(try await daemon.metric("kmi_breaker_state", ["provider": "sim", "state": "closed"]) == 0)
                for state in ["cooling", "suspect", "billing", "exhausted"] {
                    #expect(try await daemon.metric("kmi_key_state", ["state": state]) == 0)
                }
                try await simulator.setScenario(ContractWire.peace)
                try await eventually("the provider is asked again", within: .seconds(20), every: .milliseconds(50)) {
                    try await client.chat().status == 200
                }
                #expect(try await daemon.metric("kmi_breaker_state", ["provider": "sim", "state": "closed"]) == 1)
            }
        }
    }

    @Test("429 never opens the breaker (X-030)")
    func sparesBreaker() async throws {
        try await SimulatorProcess.with { simulator in
            try await simulator.setScenario(
                ContractWire.scenario(#"{"status": 429, "retry_after": {"seconds": 1}}"#))
            try await DaemonProcess.with(DaemonConfiguration(simulator, keys: ["alpha", "beta"])) { daemon in
                let client = try daemon.client()
                for _ in 0..<20 { #expect(try await client.chat().status == 429) }
                #expect(try await daemon.metric("kmi_breaker_state", ["state": "closed"]) == 1)
            }
        }
    }

    private static func date(_ text: String) -> Date? {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions.insert(.withFractionalSeconds)
        return formatter.date(from: text)
    }

    @Test("rests, an open breaker and due checks are after a kill what they were before (A-031, X-030)")
    func survivesKill() async throws {
        try await SimulatorProcess.with { simulator in
            try await simulator.setScenario(
                """
                {"rules": [
                    {"match": {"key": "sk-sim-alpha"}, "action": {"status": 402}},
                    {"match": {"key": "sk-sim-beta"}, "action": {"status": 429, "retry_after": {"seconds": 600}}},
                    {"match": {"key": "sk-sim-gamma"}, "action": {"status": 401}},
                    {"match": {"key": "sk-sim-delta"}, "action": {"status": 503}}
                ]}
                """)
            var configuration = DaemonConfiguration(simulator, keys: ["alpha", "beta", "gamma", "delta"])
            configuration.tables["rotation"] = "mode = \"sticky\"\naffinity = false"
            configuration.tables["breaker"] = "failures = 1\nopen = \"200s\""
            configuration.tables["cooldown"] = "auth = [\"300s\"]"
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    try DaemonProcess.write(configuration, to: directory)
                    let steering = Steering(bus: bus.address)
                    var before: [String: Shown.Key] = [:]
                    try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) {
                        daemon in
                        _ = try await daemon.client().chat()
                        before = try await steering.keys()
                        // What was told is on the disk within the tenth of a second that a batch may take.
                        try await eventually("the rests are stored", within: .seconds(5), every: .milliseconds(50)) {
                            try await daemon.metric("kmi_store_writes_total", ["table": "breakers"]) > 0
                        }
                        try await daemon.killHard()
                    }
                    #expect(
                        before.mapValues(\.state) == [
                            "alpha": "billing", "beta": "cooling", "gamma": "suspect", "delta": "usable",
                        ])
                    try await DaemonProcess.with(in: directory, token: configuration.token, bus: bus.address) {
                        let after = try await steering.keys()
                        #expect(after.mapValues(\.state) == before.mapValues(\.state))
                        #expect(after.mapValues(\.reason) == before.mapValues(\.reason))
                        for (label, key) in before {
                            let (old, new) = (
                                key.usableAt.flatMap(Self.date), after[label]?.usableAt.flatMap(Self.date)
                            )
                            #expect((old == nil) == (new == nil))
                            // Counted from one clock to the other and back: a reading of both is never the same to the microsecond.
                            if let old, let new { #expect(abs(new.timeIntervalSince(old)) < 0.01, "\(label)") }
                        }
                        #expect(try await $0.metric("kmi_breaker_state", ["state": "open"]) == 1)
                        let requests = try await simulator.statistics().requests
                        #expect(try await $0.client().chat()["X-KMI-Error"] == "overloaded")
                        #expect(try await simulator.statistics().requests == requests)
                    }
                }
            }
        }
    }
}
