import Foundation
import TestSupport
import Testing

@Suite("Start, reload and stop", .serialized, .timeLimit(.minutes(5)))
struct LifecycleTests {
    @Test("SIGTERM lets a running stream end, takes no new caller, and ends in 0 (T-026)")
    func drains() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let client = try daemon.client()
                let text = try await onOwnThread {
                    let connection = try client.connect()
                    try connection.write(Chat.request(client, model: "sim-events-100-delay-10", stream: true))
                    _ = try connection.readHead()
                    var body = try connection.readPiece() ?? []
                    daemon.process.send(SIGTERM)
                    while let piece = try connection.readPiece() { body += piece }
                    return String(decoding: body, as: UTF8.self)
                }
                #expect(text.contains("[DONE]"))
                #expect(try await daemon.process.waitForExit() == .exited(0))
                #expect(throws: TestFailure.self) { try client.connect() }
                #expect(try await simulator.statistics().key("alpha").completed == 1)
                try await daemon.waitForNotification("STOPPING=1", within: .seconds(1))
            }
        }
    }

    @Test("a second SIGTERM ends at once, whatever runs (T-026)")
    func endsAtOnce() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let client = try daemon.client()
                try await onOwnThread {
                    let connection = try client.connect()
                    try connection.write(Chat.request(client, model: "sim-events-2000-delay-50", stream: true))
                    _ = try connection.readHead()
                    _ = try connection.readPiece()
                    daemon.process.send(SIGTERM)
                    // The stream goes on: it is being waited for.
                    for _ in 0..<5 {
                        guard try connection.readPiece() != nil else { throw TestFailure("the stream was cut") }
                    }
                    guard daemon.process.exitStatus == nil else { throw TestFailure("did not wait for the stream") }
                    daemon.process.send(SIGTERM)
                }
                let start = ContinuousClock.now
                // The stream would go on for 100 s, the drain for 30 s; a busy machine may take a moment.
                _ = try await daemon.process.waitForExit(within: .seconds(15))
                #expect(ContinuousClock.now - start < .seconds(5))
            }
        }
    }

    @Test("SIGHUP takes a new key into use, and keeps what was when the file is wrong (T-014, T-034)")
    func reloads() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator)
            configuration.tables["rotation"] = "affinity = false"
            try await DaemonProcess.with(configuration) { daemon in
                let client = try daemon.client()
                #expect(try await client.chat()["X-KMI-Key"] == "alpha")

                configuration.keys = [.init("beta")]
                for (name, contents) in configuration.files { try daemon.directory.write(name, contents) }
                try daemon.directory.write("kmi.toml", configuration.text)
                daemon.process.send(SIGHUP)
                try await daemon.waitForNotification("RELOADING=1")
                try await daemon.waitForNotification("READY=1")
                #expect(try await client.chat()["X-KMI-Key"] == "beta")

                try daemon.directory.write("kmi.toml", configuration.text + "\n[sever]\nlisten = 3\n")
                daemon.process.send(SIGHUP)
                _ = try await daemon.process.firstMatch(on: .standardError, "the refused table") { line in
                    line.contains("sever") ? true : nil
                }
                #expect(try await client.chat()["X-KMI-Key"] == "beta")
            }
        }
    }

    @Test("wrong usage ends in 64, a wrong configuration in 78 with every problem named (K-016)")
    func exitCodes() async throws {
        let usage = try await DaemonProcess.run(configuration: "", arguments: ["--nonsense"])
        #expect(usage.status == .exited(64))

        let wrong = "[server]\nlisten = 5\nsokcet = \"off\"\n\n[rotation]\nmode = \"nonsense\"\n"
        for arguments in [nil, ["check-config", "--config", "CONFIG"]] {
            let result = try await DaemonProcess.run(configuration: wrong, arguments: arguments)
            #expect(result.status == .exited(78))
            let said = result.standardError + result.standardOutput
            for part in ["kmi.toml", "listen", "sokcet", "socket", "mode"] { #expect(said.contains(part)) }
        }

        let missing = try await DaemonProcess.run(
            configuration: "",
            arguments: ["check-config", "--config", "/nowhere/kmi.toml"]
        )
        #expect(missing.status == .exited(78))
    }

    @Test("an address off loopback is refused without TLS (K-004)", arguments: ["0.0.0.0:0", "[::]:0"])
    func refusesOpenListeners(address: String) async throws {
        let result = try await DaemonProcess.run(
            configuration: "[server]\nlisten = [\"\(address)\"]\nadmin_listen = \"off\"\n"
        )
        #expect(result.status == .exited(78))
        #expect((result.standardError + result.standardOutput).contains("listen"))
    }

    @Test("a valid configuration passes check-config, and `version` prints one")
    func checkConfigAndVersion() async throws {
        let configuration = DaemonConfiguration(providerBaseURL: "http://127.0.0.1:9/v1")
        let valid = try await DaemonProcess.run(
            configuration: configuration.text,
            files: configuration.files,
            arguments: ["check-config", "--config", "CONFIG"]
        )
        #expect(valid.isSuccess, "\(valid.standardError)")
        let version = try await DaemonProcess.run(configuration: "", arguments: ["version"])
        #expect(version.isSuccess)
        #expect(version.standardOutput.contains("kmid"))
    }

    @Test("no secret appears in the log or in an answer")
    func keepsSecrets() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(
                DaemonConfiguration(simulator, keys: ["alpha", "beta"]),
                environment: ["KMI_LOG_LEVEL": "trace"]
            ) { daemon in
                let client = try daemon.client()
                var seen = ""
                for model in ["sim-large", "sim-status-500", "sim-status-429"] {
                    let response = try await client.chat(model: model)
                    seen += response.text + response.head.fields.map { "\($0.name): \($0.value)" }.joined()
                }
                seen += daemon.process.text(.standardError) + daemon.process.text(.standardOutput)
                #expect(!seen.contains("sk-sim-alpha"))
                #expect(!seen.contains("sk-sim-beta"))
                #expect(!seen.contains(daemon.token))
            }
        }
    }
}
