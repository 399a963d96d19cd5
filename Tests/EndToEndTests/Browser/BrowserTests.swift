import Foundation
import TestSupport
import Testing

/// Web pages in a real browser reach nothing that they may not (T-006): not the data listener, not the admin listener, not
/// with the token in their hands.
@Suite(
    "Web pages in a browser", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: Browser.path != nil, "chromium is missing"))
struct BrowserTests {
    private static let limit = Duration.seconds(60)

    /// A daemon whose listeners are listened in on.
    private static func with(
        allowing origin: String? = nil,
        _ body: (DaemonProcess, SimulatorProcess, _ data: LoopbackServer, _ admin: LoopbackServer) async throws -> Void
    ) async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator)
            if let origin { configuration.tables["server"] = "allowed_origins = [\"\(origin)\"]" }
            try await DaemonProcess.with(configuration) { daemon in
                let data = try LoopbackServer(handingOnTo: daemon.address("data"))
                let admin = try LoopbackServer(handingOnTo: daemon.address("admin"))
                defer {
                    data.stop()
                    admin.stop()
                }
                try await body(daemon, simulator, data, admin)
            }
        }
    }

    private static func findings(of page: String, on server: LoopbackServer) async throws -> [String: String] {
        let report = try await Browser.with(page: page) { try await server.firstReport(within: Self.limit) }
        return try JSONDecoder().decode(Browser.Findings.self, from: Data(report.utf8)).ways
    }

    /// Nothing but refusals, as the page saw it.
    private static func expectNothingRead(_ ways: [String: String], sourceLocation: SourceLocation = #_sourceLocation) {
        for (way, seen) in ways {
            let isRefusal =
                ["blocked", "opaque", "error", "unreadable", "nothing", "true", "false"].contains(seen)
                || (seen.hasPrefix("403 ") || seen.hasPrefix("read ")) && seen.contains(#""code":"forbidden""#)
            #expect(isRefusal, "\(way): \(seen)", sourceLocation: sourceLocation)
            for content in ["kmi_", "sim-", "object", "# HELP"] {
                #expect(!seen.contains(content), "\(way): \(seen)", sourceLocation: sourceLocation)
            }
        }
    }

    /// Nothing but refusals, as they went over the wire, and the provider has seen nobody.
    private static func expectNothingServed(
        _ servers: [LoopbackServer], _ daemon: DaemonProcess, _ simulator: SimulatorProcess,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        for server in servers {
            // Connections that were kept open told of their answers when the browser ended.
            try await eventually("the page has tried", within: .seconds(5)) {
                server.statuses.count >= Browser.ways / 2
            }
            let served = server.statuses.filter { $0 != 403 }
            // A WebSocket is refused as such before anybody looks at where it comes from.
            #expect(served.filter { $0 != 426 }.isEmpty, "\(server.statuses)", sourceLocation: sourceLocation)
            #expect(served.count <= 2, "\(server.statuses)", sourceLocation: sourceLocation)
        }
        #expect(try await simulator.statistics().requests == 0, sourceLocation: sourceLocation)
        #expect(try await daemon.metric("kmi_upstream_attempts_total") == 0, sourceLocation: sourceLocation)
        #expect(
            try await daemon.metric("kmi_requests_total", ["code": "200"]) == 0, sourceLocation: sourceLocation)
    }

    @Test(
        "a page at another origin reaches nothing, on the same site and on another, with the right token (T-006)",
        arguments: ["127.0.0.1", Browser.elsewhere])
    func refusesOtherOrigins(_ host: String) async throws {
        try await Self.with { daemon, simulator, data, admin in
            let own = try LoopbackServer()
            defer { own.stop() }
            let targets = [
                "data": "http://127.0.0.1:\(data.port)", "admin": "http://127.0.0.1:\(admin.port)",
                "named": "http://localhost:\(data.port)",
            ]
            own.serve(try Browser.attack(on: targets, token: daemon.token, reportingTo: own), at: "/attack.html")
            let ways = try await Self.findings(of: "http://\(host):\(own.port)/attack.html", on: own)
            #expect(ways.count == targets.count * Browser.ways)
            Self.expectNothingRead(ways)
            try await Self.expectNothingServed([data, admin], daemon, simulator)
        }
    }

    @Test(
        "a page whose name becomes the listener's address reaches nothing: DNS rebinding (T-006)",
        arguments: [true, false])
    func refusesRebinding(_ isData: Bool) async throws {
        try await Self.with { daemon, simulator, data, admin in
            let target = isData ? data : admin
            // To the browser this is its own origin: it lets the page read whatever comes.
            let reports = try LoopbackServer()
            defer { reports.stop() }
            target.serve(
                try Browser.attack(on: ["own": ""], token: daemon.token, reportingTo: reports), at: "/attack.html")
            let ways = try await Self.findings(of: "http://\(Browser.rebound):\(target.port)/attack.html", on: reports)
            #expect(ways.count == Browser.ways)
            // The browser did not save us: the page has read the refusal itself.
            #expect(ways["own get"]?.hasPrefix("403 ") == true)
            Self.expectNothingRead(ways)
            try await Self.expectNothingServed([target], daemon, simulator)
        }
    }

    @Test("a page at a listed origin is served, and needs its token all the same")
    func servesListedOrigins() async throws {
        let own = try LoopbackServer()
        defer { own.stop() }
        let origin = "http://127.0.0.1:\(own.port)"
        try await Self.with(allowing: origin) { daemon, simulator, data, _ in
            own.serve(
                try Browser.attack(
                    on: ["data": "http://127.0.0.1:\(data.port)"], token: daemon.token, reportingTo: own),
                at: "/page.html"
            )
            let ways = try await Self.findings(of: origin + "/page.html", on: own)
            #expect(ways["data get"]?.hasPrefix("401 ") == true, "\(ways)")
            #expect(ways["data token"]?.hasPrefix("200 ") == true, "\(ways)")
            #expect(ways["data custom"]?.hasPrefix("200 ") == true, "\(ways)")
            // A sandboxed frame of that page has no origin.
            #expect(ways["data sandboxed"] == "blocked", "\(ways)")
            #expect(try await simulator.statistics().totals.completed >= 1)
        }
    }
}
