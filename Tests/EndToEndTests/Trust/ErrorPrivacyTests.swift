import Foundation
import ProxyCore
import TestSupport
import Testing

@Suite("No error tells of the inside, and each is found in the log (T-017)", .serialized, .timeLimit(.minutes(5)))
struct ErrorPrivacyTests {
    /// What no test can provoke from outside: a fault of the daemon itself.
    private static let inner: Set<ProxyErrorCode> = [.internalFault]

    private static func configuration(_ simulator: SimulatorProcess) throws -> DaemonConfiguration {
        var configuration = DaemonConfiguration(simulator)
        configuration.tables["retry"] = "max_attempts = 1"
        configuration.tables["breaker"] = "failures = 3"
        configuration.tables["upstream"] =
            "first_byte_timeout = \"2s\"\nca_file = \"\(try #require(simulator.caFile))\""
        configuration.tables["server.timeouts"] = "header = \"3s\""
        configuration.tables["server.limits"] = "request_body = \"64KiB\"\nresponse_body = \"64KiB\""
        let pins = ["A", "E"].map { "\"sha256//\(String(repeating: $0, count: 43))=\"" }.joined(separator: ", ")
        for (name, lines) in [
            ("untrusted", "base_url = \"https://\(try #require(simulator.tls["self-signed"]))/v1\""),
            ("pinned", "base_url = \"https://\(try #require(simulator.tls["good"]))/v1\"\npins = [\(pins)]"),
            ("dead", "base_url = \"http://127.0.0.1:9/v1\""), ("keyless", "base_url = \"\(simulator.baseURL)/v1\""),
            ("refusing", "base_url = \"\(simulator.baseURL)/v1\""),
            ("limited", "base_url = \"\(simulator.baseURL)/v1\""),
        ] {
            configuration.appendix += "[[provider]]\nname = \"\(name)\"\nkind = \"compatible\"\n\(lines)\n"
            if name == "keyless" { continue }
            let extra = name == "limited" ? "rpm = 1\n" : ""
            configuration.appendix +=
                "[[key]]\nlabel = \"\(name)\"\nprovider = \"\(name)\"\nsecret = \"env:TEST_\(name)\"\n\(extra)\n"
        }
        return configuration
    }

    private static let scenario = """
        {"rules": [
            {"match": {"key": "sk-planted-refusing*"}, "action": {"status": 401, "body": {"error": "no /etc/passwd for you"}}},
            {"match": {"model": "two-lengths"}, "action": {"framing": "two-content-lengths"}}
        ]}
        """

    /// One answer of each code, by the code.
    private func provoke(_ daemon: DaemonProcess) async throws -> [ProxyErrorCode: RawHTTPResponse] {
        let client = try daemon.client()
        func provider(_ name: String) async throws -> RawHTTPResponse {
            try await client.post("/p/\(name)/chat/completions", Chat.body())
        }
        var answers: [ProxyErrorCode: RawHTTPResponse] = [
            .invalidRequest: try await client.post(Chat.target, "no JSON at all"),
            .unauthorized: try await daemon.stranger().chat(),
            .forbidden: try await client.get("/v1/models", fields: [("Origin", "https://attacker.example")]),
            .notFound: try await client.get("/nothing/here"),
            .methodNotAllowed: try await client.send("TRACE", Chat.target),
            .upgradeRefused: try await client.get(
                "/v1/x", fields: [("Connection", "Upgrade"), ("Upgrade", "websocket")]),
            .headersTooLarge: try await client.get(
                "/v1/x", fields: [("X-Long", String(repeating: "a", count: 70 << 10))]),
            .bodyTooLarge: try await client.post(Chat.target, String(repeating: "a", count: 65 << 10)),
            .noUsableKey: try await provider("keyless"),
            .upstreamAuth: try await provider("refusing"),
            .upstreamUnreachable: try await provider("dead"),
            .upstreamTLS: try await provider("untrusted"),
            .upstreamPinMismatch: try await provider("pinned"),
            .upstreamProtocol: try await client.chat(model: "two-lengths"),
            .responseTooLarge: try await client.chat(model: "sim-body-100000"),
            .upstreamTimeout: try await client.chat(model: "sim-head-20000"),
        ]
        _ = try await provider("limited")
        answers[.rateLimited] = try await provider("limited")
        for _ in 0..<4 { answers[.overloaded] = try await provider("dead") }
        let data = try daemon.address("data")
        answers[.requestTimeout] = try await onOwnThread {
            let connection = try RawHTTPConnection(data)
            try connection.write("POST \(Chat.target) HTTP/1.1\r\nHost: localhost\r\nX-Slow:")
            return try connection.readResponse(to: "POST")
        }
        return answers
    }

    @Test(
        "every code is provoked, says nothing of paths, databases, libraries, addresses and keys, and has its id in the log"
    )
    func tellNothing() async throws {
        try await SimulatorProcess.with(scenario: Self.scenario, tls: true) { simulator in
            let names = ["untrusted", "pinned", "dead", "refusing", "limited"]
            var environment = ["KMI_LOG_LEVEL": "debug"]
            for name in names { environment["TEST_\(name)"] = "sk-planted-\(name)-0123456789abcdef" }
            try await DaemonProcess.with(try Self.configuration(simulator), environment: environment) { daemon in
                let answers = try await self.provoke(daemon)
                #expect(Set(answers.keys) == Set(ProxyErrorCode.allCases).subtracting(Self.inner))
                var forbidden = [
                    daemon.directory.path, "/etc/", "/tmp", "/home", ".sqlite", "SQL", "curl", "OpenSSL", "NIO",
                    "errno", "Errno",
                    "certificate problem", "self-signed", "127.0.0.1", "localhost", "Swift.", "sk-", daemon.token,
                    "X-KMI-Key",
                ]
                forbidden += simulator.tls.values.map { "\($0)" } + ["\(simulator.address)"]
                var identifiers: [ProxyErrorCode: String] = [:]
                for (code, answer) in answers {
                    #expect(answer["X-KMI-Error"] == code.rawValue, "\(code): \(answer.status) \(answer.text)")
                    #expect(answer.status == code.status || code == .noUsableKey, "\(code): \(answer.status)")
                    for text in forbidden { #expect(!answer.text.contains(text), "\(code): \(text) in \(answer.text)") }
                    let identifier = try #require(answer["X-Request-Id"], "\(code)")
                    identifiers[code] = identifier
                }
                // The log is written a moment behind.
                _ = try? await eventually("the log knows all of them", within: .seconds(5)) {
                    let log = daemon.process.text(.standardError)
                    return identifiers.values.allSatisfy { log.contains($0) }
                }
                let log = daemon.process.text(.standardError)
                for (code, identifier) in identifiers { #expect(log.contains(identifier), "\(code)") }
            }
        }
    }
}
