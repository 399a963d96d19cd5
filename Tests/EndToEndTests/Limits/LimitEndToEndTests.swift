import Foundation
import Synchronization
import TestSupport
import Testing

/// Limits of callers as outsiders meet them.
@Suite("Limits of callers", .serialized, .timeLimit(.minutes(5)))
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

    /// How many requests of a flood were let in, and the refusals.
    private struct Flood {
        var admitted = 0
        var refused: [RawHTTPResponse] = []
    }

    /// Sends many requests, and checks that a limit of five in a second held, however long they took.
    private static func flood(_ client: RawHTTPClient) async throws -> Flood {
        let begun = ContinuousClock.now
        var flood = Flood()
        for _ in 0..<10 {
            try await withThrowingTaskGroup(of: RawHTTPResponse.self) { group in
                for _ in 0..<20 { group.addTask { try await client.chat() } }
                for try await response in group {
                    if response.status == 200 { flood.admitted += 1 } else { flood.refused.append(response) }
                }
            }
        }
        let elapsed = (ContinuousClock.now - begun) / .seconds(1)
        #expect(flood.admitted >= 5)
        #expect(Double(flood.admitted) <= 5 + 5 * elapsed + 1)
        #expect(!flood.refused.isEmpty)
        for refused in flood.refused {
            #expect(refused.status == 429)
            #expect(refused["X-KMI-Error"] == "rate_limited")
            #expect(refused["Retry-After"] == "1")
        }
        return flood
    }

    /// Waits until a client that was refused is let in again.
    private static func waitForAdmission(_ client: RawHTTPClient) async throws {
        try await eventually("it is let in again", every: .milliseconds(50)) { try await client.chat().status == 200 }
    }

    @Test("five in a second: what is over is 429 with Retry-After, and another client notices nothing (K-040, T-037)")
    func limitsRate() async throws {
        try await Self.with(limits: "client.rps = 5", client: "rps = 100") { daemon, other, simulator in
            let flood = try await Self.flood(try daemon.client())
            #expect(try await simulator.statistics().requests == flood.admitted)
            let refused = Double(flood.refused.count)
            #expect(try await daemon.metric("kmi_limited_total", ["limit": "client_rps"]) == refused)
            try await eventually("they are counted") {
                try await daemon.metric("kmi_errors_total", ["type": "caller_rate_limited"]) == refused
            }
            for _ in 0..<6 { #expect(try await other.chat().status == 200) }
            try await Self.waitForAdmission(try daemon.client())
            #expect(try await daemon.metric("kmi_limit_table_entries") == 2)
            let log = daemon.process.text(.standardError)
            #expect(log.contains("caller_limited"))
            #expect(!log.contains(Self.other))
            // Health and metrics pass no limit.
            for _ in 0..<10 { #expect(try await daemon.admin().get("/healthz").status == 200) }
        }
    }

    @Test("the same holds for a user on the Unix socket (K-040)")
    func limitsUsers() async throws {
        try await Self.with(limits: "client.rps = 5", server: "socket = \"auto\"") { daemon, other, _ in
            let socket = RawHTTPClient(.unix(path: daemon.directory.path("run/kmi/proxy.sock")))
            _ = try await Self.flood(socket)
            #expect(try await other.chat().status == 200)
            try await Self.waitForAdmission(socket)
        }
    }

    @Test("with A at its limit and 100 of its requests waiting, B's first is answered at once (X-043)")
    func doesNotDelayOthers() async throws {
        let limits = "in_flight = 8\nqueue_timeout = \"2m\"\nclient.in_flight = 2"
        try await Self.with(limits: limits) { daemon, other, simulator in
            let client = try daemon.client(limit: .seconds(120))
            let held = (0..<2).map { _ in HeldStream(client, model: "sim-stall-3", key: "alpha") }
            for stream in held { try await stream.waitForBegin() }
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<100 { group.addTask { try await client.chat().status } }
                try await eventually("they wait", within: .seconds(60)) {
                    try await daemon.metric("kmi_queued_requests") == 100
                }
                #expect(try await other.chat().status == 200)
                // None of them went before it, or has gone at all.
                #expect(try await daemon.metric("kmi_queued_requests") == 100)
                #expect(try await simulator.statistics().requests == 3)
                for stream in held { try await stream.finish() }
                for try await status in group { #expect(status == 200) }
            }
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
                try await eventually("it is known how long answers take", within: .seconds(60)) {
                    try await simulator.statistics().requests >= 100
                }
                try await simulator.setScenario(
                    #"{"rules": [{"match": {}, "action": {"delay_before_head_ms": 3000}}]}"#)
                try await eventually("the limit is lowered", within: .seconds(60), every: .milliseconds(100)) {
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
