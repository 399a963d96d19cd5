import Foundation
import Synchronization
import TestSupport
import Testing

/// Limits of callers as outsiders meet them.
@Suite("Limits of callers", .serialized, .timeLimit(.minutes(3)))
struct LimitEndToEndTests {
    private static let other = "kmi-test-token-of-other-9876543210"

    /// A daemon with the clients `test` and `other`, whose tables are given.
    private static func with(
        limits: String, client: String = "", scopes: String = "", server: String = "",
        _ body: (DaemonProcess, RawHTTPClient, SimulatorProcess) async throws -> Void
    ) async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator)
            configuration.appendix = """
                [limits]
                \(limits)

                [[client]]
                name = "other"
                token = "file:other.token"
                \(scopes)
                \(client)

                """
            if !server.isEmpty { configuration.tables["server"] = server }
            try await TemporaryDirectory.with { directory in
                try DaemonProcess.write(configuration, to: directory)
                try directory.write("other.token", Self.other)
                try await DaemonProcess.with(in: directory, token: configuration.token) { daemon in
                    let other = RawHTTPClient(
                        try daemon.address("data"), fields: [("Authorization", "Bearer \(Self.other)")])
                    try await body(daemon, other, simulator)
                }
            }
        }
    }

    private static func sixRequests(_ client: RawHTTPClient) async throws -> RawHTTPResponse? {
        // On a busy machine six requests may take more than a second: then it is tried again.
        for _ in 0..<5 {
            try await Task.sleep(for: .milliseconds(1100))
            let begun = ContinuousClock.now
            var last: RawHTTPResponse?
            for number in 1...6 {
                let response = try await client.chat()
                if number < 6 { #expect(response.status == 200) }
                last = response
            }
            // The sixth was there before a fifth of a second had given one back.
            if ContinuousClock.now - begun < .milliseconds(190) { return last }
            if last?.status == 429 { return last }
        }
        return nil
    }

    @Test("five in a second: the sixth is 429, another client notices nothing, and Retry-After is right (K-040, T-037)")
    func limitsRate() async throws {
        try await Self.with(limits: "client.rps = 5", client: "rps = 100") { daemon, other, simulator in
            let refused = try #require(try await Self.sixRequests(try daemon.client()))
            #expect(refused.status == 429)
            #expect(refused["X-KMI-Error"] == "rate_limited")
            let wait = try #require(refused["Retry-After"].flatMap { Int($0) })
            #expect(wait == 1)
            for _ in 0..<6 { #expect(try await other.chat().status == 200) }
            try await Task.sleep(for: .seconds(wait))
            #expect(try await daemon.client().chat().status == 200)
            #expect(try await daemon.metric("kmi_limited_total", ["limit": "client_rps"]) >= 1)
            #expect(try await daemon.metric("kmi_errors_total", ["type": "caller_rate_limited"]) >= 1)
            #expect(try await daemon.metric("kmi_limit_table_entries") == 2)
            let log = daemon.process.text(.standardError)
            #expect(log.contains("caller_limited"))
            #expect(!log.contains(Self.other))
            // Health and metrics pass no limit.
            for _ in 0..<10 { #expect(try await daemon.admin().get("/healthz").status == 200) }
            _ = simulator
        }
    }

    @Test("the same holds for a user on the Unix socket (K-040)")
    func limitsUsers() async throws {
        try await Self.with(limits: "client.rps = 5", server: "socket = \"auto\"") { daemon, other, _ in
            let socket = RawHTTPClient(.unix(path: daemon.directory.path("run/kmi/proxy.sock")))
            let refused = try #require(try await Self.sixRequests(socket))
            #expect(refused.status == 429)
            #expect(refused["Retry-After"] == "1")
            #expect(try await other.chat().status == 200)
        }
    }

    @Test("with A at its limit and 100 of its requests waiting, B's first is answered at once (X-043)")
    func doesNotDelayOthers() async throws {
        try await Self.with(limits: "in_flight = 8\nclient.in_flight = 2") { daemon, other, simulator in
            let client = try daemon.client(limit: .seconds(60))
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<102 { group.addTask { try await client.chat(model: "sim-head-300").status } }
                try await eventually("they wait", within: .seconds(20)) {
                    try await daemon.metric("kmi_queued_requests") >= 60
                }
                let begun = ContinuousClock.now
                #expect(try await other.chat().status == 200)
                // Far less than the queue takes, which is some fifteen seconds.
                #expect(ContinuousClock.now - begun < .seconds(3))
                #expect(try await daemon.metric("kmi_queued_requests") >= 20)
                for try await status in group { #expect(status == 200) }
            }
            #expect(try await simulator.statistics().totals.maxInFlight <= 3)
        }
    }

    @Test("who waits too long is refused: 429 at its own limit, 503 for want of places")
    func waitsNoLonger() async throws {
        let limits = "in_flight = 2\nclient.in_flight = 1\nqueue_timeout = \"300ms\"\nhigh_reserved = 0"
        try await Self.with(limits: limits) { daemon, other, _ in
            let client = try daemon.client()
            let first = HeldStream(client, model: "sim-stall-3", key: "alpha")
            try await first.waitForBegin()
            let own = try await client.chat()
            #expect(own.status == 429)
            #expect(own["X-KMI-Error"] == "rate_limited")
            #expect((own["Retry-After"].flatMap { Int($0) } ?? 0) >= 1)
            let second = HeldStream(other, model: "sim-stall-3", key: "alpha")
            try await second.waitForBegin()
            #expect(try await daemon.metric("kmi_limited_total", ["limit": "client_in_flight"]) == 1)
            try await first.finish()
            try await second.finish()
            try await eventually("both are over", within: .seconds(10)) {
                try await client.chat().status == 200
            }
        }
    }

    @Test("high priority has a place while all others are taken (L-004)")
    func keepsHigh() async throws {
        let limits = "in_flight = 2\nqueue_timeout = \"300ms\""
        try await Self.with(limits: limits, scopes: #"scopes = ["inference", "priority:high"]"#) { daemon, other, _ in
            let client = try daemon.client()
            let held = HeldStream(client, model: "sim-stall-3", key: "alpha")
            try await held.waitForBegin()
            let normal = try await client.chat()
            #expect(normal.status == 503)
            #expect(normal["X-KMI-Error"] == "overloaded")
            #expect(try await other.chat(fields: [("X-KMI-Priority", "high")]).status == 200)
            #expect(try await client.chat(fields: [("X-KMI-Priority", "urgent")]).status == 400)
            let labels = ["priority": "high", "outcome": "admitted"]
            #expect(try await daemon.metric("kmi_priority_requests_total", labels) == 1)
            #expect(
                try await daemon.metric("kmi_priority_requests_total", ["priority": "normal", "outcome": "refused"])
                    == 1)
            try await held.finish()
        }
    }

    @Test("while the provider answers slower under constant load the limit is lowered, and the gauge shows it (X-044)")
    func adapts() async throws {
        try await Self.with(limits: "in_flight = 16") { daemon, _, simulator in
            let client = try daemon.client(limit: .seconds(60))
            #expect(try await daemon.metric("kmi_concurrency_limit") == 16)
            let isOver = Flag()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask { while !isOver.value { _ = try await client.chat() } }
                }
                try await Task.sleep(for: .seconds(2))
                #expect(try await daemon.metric("kmi_concurrency_limit") == 16)
                try await simulator.setScenario(
                    #"{"rules": [{"match": {}, "action": {"delay_before_head_ms": 1200}}]}"#)
                try await eventually("the limit is lowered", within: .seconds(10)) {
                    try await daemon.metric("kmi_concurrency_limit") < 16
                }
                isOver.raise()
                try await group.waitForAll()
            }
        }
    }

    @Test("a client that is made at run time is kept to the limits that it was given (K-040)")
    func limitsMadeClients() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(DaemonConfiguration(simulator), bus: bus.address) { daemon in
                    let steering = Steering(bus: bus.address)
                    let token = try await steering.succeed(
                        "clients", "create", "small", "--rpm", "2", "--in-flight", "1")
                    let client = RawHTTPClient(
                        try daemon.address("data"),
                        fields: [("Authorization", "Bearer \(token.trimmingCharacters(in: .newlines))")])
                    #expect(try await client.chat().status == 200)
                    #expect(try await client.chat().status == 200)
                    let refused = try await client.chat()
                    #expect(refused.status == 429)
                    #expect((1...30).contains(refused["Retry-After"].flatMap { Int($0) } ?? 0))
                    #expect(try await daemon.client().chat().status == 200)
                }
            }
        }
    }
}

/// Something that is raised once.
private final class Flag: Sendable {
    private let isRaised = Mutex(false)
    var value: Bool { self.isRaised.withLock { $0 } }
    func raise() { self.isRaised.withLock { $0 = true } }
}
