import Foundation
import TestSupport
import Testing

/// Signed requests with a real daemon (contract section 5, K-041, A-020).
@Suite("Signed requests", .serialized, .timeLimit(.minutes(5)))
struct SignedRequestsTests {
    private static func configuration(_ simulator: SimulatorProcess) -> DaemonConfiguration {
        var configuration = DaemonConfiguration(simulator)
        configuration.tables["auth"] = "hmac = \"required\""
        return configuration
    }

    private static func fields(
        _ daemon: DaemonProcess, nonce: String, _ method: String = "POST", _ target: String = Chat.target, body: String
    ) -> [(String, String)] {
        RequestSigner(token: daemon.token, timestamp: Int64(Date().timeIntervalSince1970), nonce: nonce)
            .fields(method, target, body)
    }

    @Test("the example of docs/clients.md is let through, and without its signature it is not (K-041)")
    func example() async throws {
        let page = try String(contentsOfFile: BuildProducts.packageRoot + "/docs/clients.md", encoding: .utf8)
        let start = try #require(page.range(of: "```python\nimport hashlib"))
        let rest = page[start.lowerBound...].dropFirst("```python\n".count)
        let end = try #require(rest.range(of: "```"))
        let script = String(rest[..<end.lowerBound])
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(Self.configuration(simulator)) { daemon in
                let address = try daemon.address("data")
                func run(_ script: String) async throws -> FinishedProcess {
                    try await FinishedProcess.run(
                        "/usr/bin/python3", arguments: ["-c", script],
                        environment: [
                            "PATH": "/usr/bin:/bin", "KMI_TOKEN": daemon.token, "KMI_MODEL": "sim-large",
                            "KMI_ADDRESS": "\(address)".replacingOccurrences(of: "http://", with: ""),
                        ])
                }
                let result = try await run(script)
                #expect(result.standardOutput.hasPrefix("200 {"), "\(result.standardError)\(result.standardOutput)")
                let changed = try await run(script.replacingOccurrences(of: "token.encode(), text", with: "b'x', text"))
                #expect(changed.standardOutput.hasPrefix("401 "), "\(changed.standardError)\(changed.standardOutput)")
                #expect(changed.standardOutput.contains("signature wrong"))
                #expect(try await simulator.statistics().requests == 1)
            }
        }
    }

    @Test(
        "one that was recorded never passes again: not at once, not many at a time, not after a restart (K-041, A-020)")
    func replay() async throws {
        try await SimulatorProcess.with { simulator in
            let configuration = Self.configuration(simulator)
            try await TemporaryDirectory.with { directory in
                try DaemonProcess.write(configuration, to: directory)
                let body = Chat.body()
                var recorded: [(String, String)] = []
                try await DaemonProcess.with(in: directory, token: configuration.token) { daemon in
                    let client = try daemon.client()
                    let signed = Self.fields(daemon, nonce: "nonce-of-the-first", body: body)
                    recorded = signed
                    var statuses: [Int: Int] = [:]
                    try await withThrowingTaskGroup(of: RawHTTPResponse.self) { group in
                        for _ in 0..<20 { group.addTask { try await client.post(Chat.target, body, fields: signed) } }
                        for try await response in group { statuses[response.status, default: 0] += 1 }
                    }
                    #expect(statuses == [200: 1, 401: 19])
                    #expect(try await client.post(Chat.target, body + " ", fields: signed).status == 401)
                    #expect(try await client.get("/v1/models").status == 401)
                    let list = Self.fields(daemon, nonce: "nonce-of-the-list", "GET", "/v1/models", body: "")
                    #expect(try await client.get("/v1/models", fields: list).status == 200)
                    #expect(daemon.process.report.contains("signature used before"))
                    try await eventually("the nonces are stored", within: .seconds(10), every: .milliseconds(50)) {
                        try await daemon.metric("kmi_store_writes_total", ["table": "nonces"]) >= 2
                    }
                    // Not even the time for a farewell: what is stored counts.
                    try await daemon.killHard()
                }
                let requests = try await simulator.statistics().requests
                let fields = recorded
                try await DaemonProcess.with(in: directory, token: configuration.token) { daemon in
                    let client = try daemon.client()
                    #expect(try await client.post(Chat.target, body, fields: fields).status == 401)
                    #expect(try await simulator.statistics().requests == requests)
                    let fresh = Self.fields(daemon, nonce: "nonce-of-the-second", body: body)
                    #expect(try await client.post(Chat.target, body, fields: fresh).status == 200)
                }
            }
        }
    }

    @Test("a body that is spooled to the disk is signed like any other (K-041)")
    func spooled() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = Self.configuration(simulator)
            configuration.tables["server.limits"] = "body_memory = \"64KiB\""
            try await DaemonProcess.with(configuration) { daemon in
                let client = try daemon.client()
                let body = Chat.body(content: String(repeating: "a", count: 1 << 20))
                let signed = Self.fields(daemon, nonce: "nonce-of-a-megabyte", body: body)
                let changed = body.replacingOccurrences(of: "aaaa\"}]", with: "aaab\"}]")
                #expect(try await client.post(Chat.target, changed, fields: signed).status == 401)
                #expect(try await simulator.statistics().requests == 0)
                #expect(try await client.post(Chat.target, body, fields: signed).status == 200)
            }
        }
    }
}
