import Foundation
import TestSupport
import Testing

@Suite(
    "Whatever happens, no secret lies where it was not put (K-009, X-051, T-001)", .serialized, .timeLimit(.minutes(5)))
struct LeakScanTests {
    private static func planted(_ name: String) -> LeakScan.Planted {
        // Mixed, so that no two of them have a half in common.
        let digits = Data("\(name)/\(UInt64.random(in: .min ... .max))/\(UInt64.random(in: .min ... .max))".utf8)
        return LeakScan.Planted(name: name, secret: "sk-" + digits.base64EncodedString().filter { $0 != "=" })
    }

    @Test("the scan finds what it looks for, in each form")
    func findsItsOwn() {
        let planted = Self.planted("own")
        let scan = LeakScan([planted])
        let secret = Data(planted.secret.utf8)
        for (form, bytes) in LeakScan.forms(of: secret) { #expect(!scan.found(in: bytes).isEmpty, "\(form)") }
        for shift in 0..<3 {
            let coded = (Data("abc".utf8.prefix(shift)) + secret + Data("xyz".utf8)).base64EncodedString()
            #expect(!scan.found(in: coded).isEmpty)
        }
        #expect(scan.found(in: "sk-****" + planted.secret.suffix(4)).isEmpty)
        let key = LeakScan([
            .init(
                name: "pem", secret: "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIPZ\n-----END PRIVATE KEY-----")
        ])
        #expect(!key.found(in: "x MC4CAQAwBQYDK2VwBCIEIPZ").isEmpty)
        #expect(key.found(in: "-----BEGIN PRIVATE KEY-----").isEmpty)
    }

    /// The secrets of one run.
    private struct Secrets {
        let file = LeakScanTests.planted("file:")
        let environment = LeakScanTests.planted("env:")
        let credential = LeakScanTests.planted("credential:")
        let added = LeakScanTests.planted("store:")
        let rekeyed = LeakScanTests.planted("rekeyed")
        let token = LeakScanTests.planted("client token")
        let proxy = LeakScanTests.planted("proxy password")
        let wrong = LeakScanTests.planted("wrong token")

        var all: [LeakScan.Planted] {
            [
                self.file, self.environment, self.credential, self.added, self.rekeyed, self.token, self.proxy,
                self.wrong,
            ]
        }
    }

    /// What was printed and answered.
    private final class Seen {
        var texts: [(String, String)] = []

        func add(_ name: String, _ text: String) { self.texts.append((name, text)) }

        func add(_ name: String, _ response: RawHTTPResponse) {
            self.add(
                name, response.head.fields.map { "\($0.name): \($0.value)" }.joined(separator: "\n") + response.text)
        }
    }

    private static func configuration(_ simulator: SimulatorProcess, _ secrets: Secrets) throws -> DaemonConfiguration {
        var configuration = DaemonConfiguration.threeKeys(simulator)
        configuration.token = secrets.token.secret
        configuration.keys = [.init("alpha", secret: secrets.file.secret)]
        configuration.tables["upstream"] = "ca_file = \"\(try #require(simulator.caFile))\""
        configuration.appendix = """
            [[key]]
            label = "beta"
            provider = "sim"
            secret = "env:TEST_PLANTED"
            [[key]]
            label = "gamma"
            provider = "sim"
            secret = "credential:gamma"
            [[provider]]
            name = "untrusted"
            kind = "compatible"
            base_url = "https://\(try #require(simulator.tls["self-signed"]))/v1"
            pins = ["sha256//\(String(repeating: "A", count: 43))=", "sha256//\(String(repeating: "E", count: 43))="]
            [[key]]
            label = "delta"
            provider = "untrusted"
            secret = "file:delta.key"
            """
        return configuration
    }

    @Test(
        "keys of every source, tokens and passwords, through traffic, faults, changes, a backup and a kill",
        .enabled(if: BusRecording.isAvailable, "make setup installs dbus-monitor"))
    func nothingLeaks() async throws {
        let secrets = Secrets()
        let seen = Seen()
        try await SimulatorProcess.with(tls: true) { simulator in
            try await PrivateBus.with { bus in
                try await BusRecording.with(bus) { recording in
                    try await TemporaryDirectory.with { directory in
                        try DaemonProcess.write(Self.configuration(simulator, secrets), to: directory)
                        try directory.write("delta.key", secrets.file.secret + "delta")
                        try directory.write("credentials/gamma", secrets.credential.secret)
                        let environment = [
                            "TEST_PLANTED": secrets.environment.secret,
                            "CREDENTIALS_DIRECTORY": directory.path("credentials"), "KMI_LOG_LEVEL": "trace",
                            "TMPDIR": try directory.makeDirectory("tmp"),
                        ]
                        let scan = LeakScan(secrets.all)
                        for isLast in [false, true] {
                            try await DaemonProcess.with(
                                in: directory, token: secrets.token.secret, bus: bus.address, environment: environment
                            ) { daemon in
                                if isLast {
                                    seen.add("after the kill", try await daemon.client().chat())
                                } else {
                                    try await self.drive(daemon, simulator, Steering(bus: bus.address), secrets, seen)
                                }
                                #expect(try scan.found(inProcess: daemon.process.pid) == [])
                                if !isLast { try await daemon.killHard() }
                                seen.add(
                                    "the log",
                                    daemon.process.text(.standardError) + daemon.process.text(.standardOutput))
                            }
                        }
                        for (name, text) in seen.texts { #expect(scan.found(in: text) == [], "in \(name)") }
                        let recorded = try await recording.text()
                        #expect(recorded.contains("member=AddKey"))
                        #expect(scan.found(in: recorded) == [], "on the bus")
                        for secret in secrets.all { #expect(!BusRecording.holds(recorded, secret.secret)) }
                        #expect(FileManager.default.fileExists(atPath: directory.path("state/state.sqlite")))
                        let files = try scan.found(below: directory.path) { name in
                            name.hasSuffix(".key") || name == "client.token" || name.hasPrefix("credentials/")
                                || name.hasPrefix("state/secrets/") || name.hasPrefix("input/")
                        }
                        #expect(files == [])
                    }
                }
            }
        }
    }

    private func drive(
        _ daemon: DaemonProcess, _ simulator: SimulatorProcess, _ steering: Steering, _ secrets: Secrets, _ seen: Seen
    ) async throws {
        let directory = daemon.directory
        func command(_ words: String..., input: String = "/dev/null", isRefused: Bool = false) async throws {
            let result = try await steering.run(words, input: input)
            #expect((result.status != .exited(0)) == isRefused, "kmictl \(words): \(result.standardError)")
            seen.add("kmictl \(words)", result.standardOutput + result.standardError)
        }
        let added = try directory.write("input/added", secrets.added.secret)
        try await command("keys", "add", "added", "--provider", "sim", "--secret-file", "-", input: added)
        try await command(
            "keys", "rekey", "added", "--secret-file", try directory.write("input/rekeyed", secrets.rekeyed.secret))
        try await self.sendRequests(daemon, simulator, secrets, seen)
        // A file with a password where none may stand, and one with a key in place of its reference.
        let good = try String(contentsOfFile: daemon.configurationPath, encoding: .utf8)
        for bad in [
            good.replacingOccurrences(
                of: "[upstream]", with: "[upstream]\nproxy = \"http://user:\(secrets.proxy.secret)@127.0.0.1:3128\""),
            good.replacingOccurrences(of: "file:alpha.key", with: secrets.file.secret),
            good + "\n[[key]]\nlabel = \"\(secrets.wrong.secret) \"\n",
        ] {
            #expect(bad != good)
            try directory.write("kmi.toml", bad)
            try await command("reload", isRefused: true)
            try await command("config", "check", isRefused: true)
            let checked = try await DaemonProcess.run(
                configuration: bad, arguments: ["check-config", "--config", "CONFIG"])
            #expect(checked.status == .exited(78))
            seen.add("check-config", checked.standardOutput + checked.standardError)
        }
        try directory.write("kmi.toml", good)
        for words in [
            ["reload"], ["status"], ["keys", "list"], ["keys", "show", "added"], ["config", "show"],
            ["providers", "list"],
            ["requests"], ["audit"], ["doctor"], ["clients", "list"], ["health"], ["usage"], ["metrics"], ["backup"],
        ] {
            for words in [words, ["--json"] + words] {
                let result = try await steering.run(words)
                // The doctor finds fault with a provider that is not to be trusted, which is his office.
                if !words.contains("doctor") {
                    #expect(result.status == .exited(0), "kmictl \(words): \(result.standardError)")
                }
                seen.add("kmictl \(words)", result.standardOutput + result.standardError)
            }
        }
        seen.add("/metrics", try await daemon.admin().get("/metrics"))
        seen.add("/readyz", try await daemon.admin().get("/readyz"))
    }

    private func sendRequests(
        _ daemon: DaemonProcess, _ simulator: SimulatorProcess, _ secrets: Secrets, _ seen: Seen
    ) async throws {
        // A provider that repeats the key, as some do: its answer is the caller's as it is, and nobody else's.
        let echo =
            #"{"error":{"message":"Incorrect API key provided: \#(secrets.file.secret)","type":"invalid_request_error"}}"#
        try await simulator.setScenario(
            """
            {"rules": [
                {"match": {"model": "echo-400"}, "action": {"status": 400, "body": \(echo)}},
                {"match": {"model": "echo-401"}, "action": {"status": 401, "body": \(echo)}},
                {"match": {"model": "echo-429"}, "action": {"status": 429, "body": \(echo)}},
                {"match": {"model": "echo-500"}, "action": {"status": 500, "body": \(echo)}},
                {"match": {"model": "two-lengths"}, "action": {"framing": "two-content-lengths"}}
            ]}
            """)
        let client = try daemon.client()
        for model in ["sim-large", "sim-cut-1", "sim-status-500", "two-lengths", "sim-error-1"] {
            for stream in [false, true] {
                seen.add(model, try await client.chat(model: model, stream: stream))
            }
        }
        for status in [400, 429, 500, 401] {
            let answer = try await client.chat(model: "echo-\(status)", fields: [("X-KMI-Key", "alpha")])
            if answer["X-KMI-Error"] == nil {
                #expect(answer.text.contains(secrets.file.secret), "the answer is passed byte for byte")
            } else {
                seen.add("echo-\(status)", answer)
            }
        }
        for label in ["beta", "gamma", "added", "delta"] {
            seen.add(label, try await client.chat(fields: [("X-KMI-Key", label)]))
        }
        seen.add("a provider without trust", try await client.post("/p/untrusted/chat/completions", Chat.body()))
        let data = try daemon.address("data")
        for field in ["Authorization", "x-api-key", "x-goog-api-key", "X-Title"] {
            let value = field == "Authorization" ? "Bearer \(secrets.wrong.secret)" : secrets.wrong.secret
            seen.add("wrong \(field)", try await RawHTTPClient(data, fields: [(field, value)]).chat())
        }
        seen.add("in the query", try await client.get("/v1/models?key=\(secrets.wrong.secret)"))
        seen.add("in the path", try await client.get("/nowhere/\(secrets.wrong.secret)"))
        seen.add("as Host", try await client.get("/v1/models", fields: [("Host", secrets.wrong.secret)]))
        seen.add(
            "as Origin", try await client.get("/v1/models", fields: [("Origin", "https://" + secrets.wrong.secret)]))
        seen.add("as a label", try await client.chat(fields: [("X-KMI-Key", secrets.wrong.secret)]))
        seen.add("as a body", try await client.post(Chat.target, secrets.wrong.secret))
    }
}
