import Foundation
import TestSupport
import Testing

@Suite("What becomes of a provider's answers and failures (contract 5)", .serialized, .timeLimit(.minutes(5)))
struct ContractFailoverTests {
    /// What one key, or every key, does, and what the caller sees of it.
    struct Case: Sendable, CustomTestStringConvertible {
        /// The action of the simulator, as JSON.
        var action: String
        /// Whether every key does it; else `alpha` alone, which is asked first.
        var everyKey = false
        var kind = "compatible"
        var base = "/v1"
        var keys = ["alpha", "beta"]
        var retry = ""
        var fields: [(String, String)] = []
        var status: Int
        var code: String?
        var attempts: Int
        /// The state that `alpha` is in afterwards.
        var state = "usable"

        var testDescription: String { "\(self.everyKey ? "all" : "alpha"): \(self.action) \(self.kind)" }
    }

    static func moves(_ action: String, state: String = "usable") -> Case {
        Case(action: action, status: 200, attempts: 2, state: state)
    }

    static func passes(_ status: Int) -> Case {
        Case(action: "{\"status\": \(status)}", status: status, attempts: 1)
    }

    static func kimi(_ error: String, _ status: Int, _ code: String?, _ attempts: Int, _ state: String) -> Case {
        Case(
            action: "{\"error\": \"kimi.\(error)\"}",
            everyKey: true,
            kind: "kimi",
            base: "/coding/v1",
            status: status,
            code: code,
            attempts: attempts,
            state: state
        )
    }

    /// The next key takes over.
    static let moving: [Case] =
        [
            Self.moves(#"{"status": 429}"#, state: "cooling"), Self.moves(#"{"status": 401}"#, state: "suspect"),
            Self.moves(#"{"status": 402}"#, state: "billing"),
        ] + [408, 500, 502, 503, 504, 529].map { Self.moves("{\"status\": \($0)}") }

    /// The next key takes over from a connection that failed.
    static let broken: [Case] = [
        #"{"cut": {"before_head": true}}"#, #"{"cut": {"before_head": true, "how": "reset"}}"#,
        #"{"cut": {"after_bytes": 20}}"#, #"{"cut": {"after_bytes": 20, "how": "reset"}}"#,
        #"{"framing": "two-content-lengths"}"#, #"{"framing": "content-length-and-chunked"}"#,
        #"{"framing": "bad-chunk-size"}"#, #"{"framing": "short-body"}"#, #"{"framing": "garbage"}"#,
        #"{"framing": "bare-lf"}"#, #"{"framing": "obs-fold"}"#, #"{"framing": "unexpected-101"}"#,
        #"{"framing": "head-only-close"}"#,
    ].map { Self.moves($0) }

    /// The request's own fault: another key would not help.
    static let rejected: [Case] = [400, 409, 413, 418, 422, 425].map { Self.passes($0) }

    /// No key has a better answer: the last attempt decides.
    static let last: [Case] = [
        Case(action: #"{"status": 429}"#, everyKey: true, status: 429, attempts: 2, state: "cooling"),
        Case(action: #"{"status": 500}"#, everyKey: true, status: 500, attempts: 2),
        Case(action: #"{"status": 503}"#, everyKey: true, status: 503, attempts: 2),
        Case(
            // What the same request is refused with both keys is the fault of neither.
            action: #"{"status": 401}"#, everyKey: true, status: 502, code: "upstream_auth", attempts: 2),
        Case(
            action: #"{"status": 402}"#, everyKey: true, status: 503, code: "no_usable_key", attempts: 2,
            state: "billing"),
        Case(
            action: #"{"cut": {"before_head": true}}"#, everyKey: true, status: 502, code: "upstream_unreachable",
            attempts: 2),
        Case(
            action: #"{"framing": "garbage"}"#, everyKey: true, status: 502, code: "upstream_protocol", attempts: 2),
        Case(
            action: #"{"framing": "short-body"}"#, everyKey: true, status: 502, code: "upstream_protocol",
            attempts: 2),
        Self.kimi("access_terminated.client", 403, nil, 1, "usable"),
        Self.kimi("access_terminated.weekly", 429, "no_usable_key", 2, "exhausted"),
        Self.kimi("membership", 503, "no_usable_key", 2, "billing"),
        Self.kimi("permission_denied_error", 502, "upstream_auth", 2, "usable"),
        Self.kimi("invalid_authentication_error", 502, "upstream_auth", 2, "usable"),
        Self.kimi("exceeded_current_quota_error", 429, nil, 2, "billing"),
    ]

    /// What bounds the attempts.
    static let bounded: [Case] = [
        Case(
            action: #"{"status": 500}"#, everyKey: true, keys: ["alpha", "b", "c", "d", "e"], status: 500,
            attempts: 4),
        Case(action: #"{"status": 500}"#, everyKey: true, retry: "max_attempts = 1", status: 500, attempts: 1),
        Case(
            action: #"{"status": 429}"#, fields: [("X-KMI-Key", "alpha")], status: 429, attempts: 1,
            state: "cooling"),
        Case(
            action: #"{"cut": {"before_head": true}}"#, fields: [("X-KMI-Key", "alpha")], status: 502,
            code: "upstream_unreachable", attempts: 1),
        Case(action: #"{"framing": "early-100"}"#, status: 200, attempts: 1),
    ]

    @Test(
        "each class of failure moves on or is passed on as the table says, and every attempt is counted",
        arguments: [Self.moving, Self.broken, Self.rejected, Self.last, Self.bounded])
    func table(cases: [Case]) async throws {
        try await SimulatorProcess.with { simulator in
            for entry in cases {
                try await simulator.reset()
                let match = entry.everyKey ? #"{"model": "*"}"# : #"{"key": "sk-sim-alpha"}"#
                try await simulator.setScenario(ContractWire.scenario(entry.action, match: match))
                var configuration = DaemonConfiguration(providerBaseURL: simulator.baseURL + entry.base)
                configuration.providerKind = entry.kind
                configuration.keys = entry.keys.map { .init($0) }
                configuration.tables["retry"] = "base = \"1ms\"\n" + entry.retry
                try await DaemonProcess.with(configuration) { daemon in
                    let response = try await daemon.client().chat(fields: entry.fields)
                    let what = entry.testDescription
                    #expect(response.status == entry.status, "\(what)")
                    #expect(response["X-KMI-Error"] == entry.code, "\(what)")
                    #expect(response["X-KMI-Attempts"] == "\(entry.attempts)", "\(what)")
                    #expect(response["X-KMI-Key"] == entry.keys[entry.attempts - 1], "\(what)")
                    // What the daemon asks about keys in the background is no attempt.
                    let used = try await simulator.requests().filter { $0.method == "POST" }.map(\.key)
                    #expect(used == entry.keys.prefix(entry.attempts).map { "sk-sim-\($0)" }, "\(what)")
                    #expect(!response.text.contains("\(simulator.address)"), "\(what)")

                    let metrics = MetricsText(try await daemon.admin().get("/metrics").text)
                    let attempts = Double(entry.attempts)
                    #expect(metrics.sum("kmi_upstream_attempts_total") == attempts, "\(what)")
                    #expect(metrics.sum("kmi_key_requests_total") == attempts, "\(what)")
                    #expect(metrics.sum("kmi_retries_total") == attempts - 1, "\(what)")
                    #expect(metrics.sum("kmi_requests_total", ["code": "\(entry.status)"]) == 1, "\(what)")
                    #expect(metrics.sum("kmi_errors_total") == (entry.status == 200 ? 0 : 1), "\(what)")
                    let state = ["key": "alpha", "state": entry.state]
                    #expect(metrics.sum("kmi_key_state", state) == 1, "\(what)")
                    #expect(metrics.sum("kmi_key_state", ["key": "alpha"]) == 1, "\(what)")
                }
            }
        }
    }

    /// What the provider asks for, the field that is passed on, and what the next caller is told.
    static let waits: [(asked: String, passed: (String, String)?, seconds: ClosedRange<Int>)] = [
        (#"{"seconds": 7}"#, ("Retry-After", "7"), 6...7),
        (#"{"milliseconds": 2500}"#, ("retry-after-ms", "2500"), 2...3),
        (#"{"date_in": 9}"#, nil, 8...10), (#"{"seconds": 0}"#, ("Retry-After", "0"), 1...1),
    ]

    @Test("Retry-After of the provider is passed on and honoured; the soonest key decides (contract 5)")
    func retryAfter() async throws {
        try await SimulatorProcess.with { simulator in
            for wait in Self.waits {
                try await simulator.reset()
                try await simulator.setScenario(
                    ContractWire.scenario("{\"status\": 429, \"retry_after\": \(wait.asked)}"))
                try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                    let limited = try await daemon.client().chat()
                    #expect(limited.status == 429)
                    #expect(limited["X-KMI-Error"] == nil)
                    if let (name, value) = wait.passed { #expect(limited[name] == value) }
                    let refused = try await daemon.client().chat()
                    // A wait of nothing may be over already.
                    guard wait.seconds.upperBound > 1 || refused["X-KMI-Error"] != nil else { return }
                    #expect(refused["X-KMI-Error"] == "no_usable_key", "\(wait.asked)")
                    let seconds = try #require(refused["Retry-After"].flatMap { Int($0) })
                    #expect(wait.seconds.contains(seconds), "\(wait.asked): \(seconds)")
                }
            }
            try await simulator.reset()
            try await simulator.setScenario(
                """
                {"rules": [
                    {"match": {"key": "sk-sim-alpha"}, "action": {"status": 429, "retry_after": {"seconds": 30}}},
                    {"match": {"key": "sk-sim-beta"}, "action": {"status": 429, "retry_after": {"seconds": 5}}}
                ]}
                """)
            try await DaemonProcess.with(DaemonConfiguration(simulator, keys: ["alpha", "beta"])) { daemon in
                _ = try await daemon.client().chat()
                let refused = try await daemon.client().chat()
                #expect(refused.status == 429)
                #expect((4...5).contains(refused["Retry-After"].flatMap { Int($0) } ?? 0))
                let keys = try #require(try refused.error()["keys"] as? [[String: Any]])
                #expect(keys.map { $0["label"] as? String } == ["alpha", "beta"])
                #expect(keys.map { $0["state"] as? String } == ["cooling", "cooling"])
                for key in keys {
                    let text = try #require(key["usable_at"] as? String)
                    #expect(ISO8601DateFormatter().date(from: text) != nil, "\(text)")
                }
                #expect(try await simulator.statistics().requests == 2)
            }
        }
    }

    @Test("no key at all is 503 and not worth another try; nobody listening is 502; both in both dialects")
    func nothingThere() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator, keys: [])) { daemon in
                for target in [Chat.target, "/v1/messages"] {
                    let response = try await daemon.client().post(target, Chat.body())
                    #expect(response.status == 503)
                    #expect(response["X-KMI-Error"] == "no_usable_key")
                    #expect(response["x-should-retry"] == "false")
                    #expect(response["Retry-After"] == nil)
                    let error = try response.error()
                    #expect((error["keys"] as? [Any])?.isEmpty == true)
                    let type = target == Chat.target ? "server_error" : "overloaded_error"
                    #expect(error["type"] as? String == type)
                }
                let ready = try await daemon.admin().get("/readyz")
                #expect(ready.status == 503)
                #expect(try ready.json()["status"] is String)
                let checks = try #require(try ready.json()["checks"] as? [String: String])
                #expect(checks == ["breakers": "ok", "keys": "failed", "listeners": "ok", "storage": "ok"])
            }
            #expect(try await simulator.statistics().requests == 0)
        }
        // Nobody listens on port 1 of loopback.
        try await DaemonProcess.with(DaemonConfiguration(providerBaseURL: "http://127.0.0.1:1/v1")) { daemon in
            for (target, type) in [(Chat.target, "server_error"), ("/v1/messages", "api_error")] {
                let response = try await daemon.client().post(target, Chat.body())
                #expect(response.status == 502)
                #expect(response["X-KMI-Error"] == "upstream_unreachable")
                #expect(try response.error()["type"] as? String == type)
                #expect(!response.text.contains("127.0.0.1"))
            }
        }
    }

    @Test("dry_run chooses and tells, and asks nobody")
    func dryRun() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator, keys: ["alpha", "beta"])
            configuration.tables["server"] = "dry_run = true"
            try await DaemonProcess.with(configuration) { daemon in
                for (stream, key) in [(false, "alpha"), (true, "beta")] {
                    let response = try await daemon.client().chat(stream: stream)
                    #expect(response.status == 200)
                    #expect(response["X-KMI-Dry-Run"] == "true")
                    #expect(
                        response.text
                            == #"{"dry_run":true,"provider":"sim","key":"\#(key)","model":"sim-large"}"#)
                }
                #expect(try await simulator.forwarded().isEmpty)
            }
        }
    }

    @Test("a first byte, and a whole answer, that take too long are 504; one that is too large is 502")
    func bounds() async throws {
        let late = ContractWire.scenario(#"{"delay_before_head_ms": 3000}"#)
        try await SimulatorProcess.with(scenario: late) { simulator in
            var configuration = DaemonConfiguration(simulator)
            configuration.tables["upstream"] = "first_byte_timeout = \"200ms\""
            configuration.tables["server.limits"] = "response_body = \"64KiB\""
            try await DaemonProcess.with(configuration) { daemon in
                for stream in [false, true] {
                    let response = try await daemon.client().chat(stream: stream)
                    #expect(response.status == 504)
                    #expect(response["X-KMI-Error"] == "upstream_timeout")
                }
                try await eventually("the upstream is let go", within: .seconds(1)) {
                    try await simulator.statistics().inFlight == 0
                }
                try await simulator.setScenario(ContractWire.peace)
                let large = try await daemon.client().chat(model: "sim-body-100000")
                #expect(large.status == 502)
                #expect(large["X-KMI-Error"] == "response_too_large")
            }
        }
    }
}
