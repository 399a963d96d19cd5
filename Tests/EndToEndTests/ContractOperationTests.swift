import Foundation
import TestSupport
import Testing

@Suite("Operation: metrics, admin, reload, start, log (contract 1, 2, 6 and 8)", .serialized, .timeLimit(.minutes(5)))
struct ContractOperationTests {
    @Test("/metrics tells exactly what was sent")
    func counts() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator, keys: ["alpha", "beta"])) { daemon in
                let client = try daemon.client()
                for _ in 0..<4 { _ = try await client.chat() }
                for _ in 0..<2 { _ = try await client.chat(stream: true) }
                for _ in 0..<2 { _ = try await client.post("/v1/messages", ContractStreamTests.body("/v1/messages")) }
                _ = try await client.chat(model: "sim-status-400")
                for _ in 0..<3 { _ = try await daemon.stranger().chat() }
                _ = try await client.get("/nowhere")
                _ = try await ContractWire.send(Array("NONSENSE\r\n\r\n".utf8), over: client, answers: 1)

                let metrics = MetricsText(try await daemon.admin().get("/metrics").text)
                let expected: [(String, [String: String], Double)] = [
                    ("kmi_requests_total", ["dialect": "openai", "provider": "sim", "code": "200"], 6),
                    ("kmi_requests_total", ["dialect": "anthropic", "provider": "sim", "code": "200"], 2),
                    ("kmi_requests_total", ["dialect": "openai", "provider": "sim", "code": "400"], 1),
                    ("kmi_requests_total", ["dialect": "openai", "provider": "", "code": "401"], 3),
                    ("kmi_requests_total", ["dialect": "openai", "provider": "", "code": "404"], 1),
                    ("kmi_requests_total", ["dialect": "other", "provider": "", "code": "400"], 1),
                    ("kmi_requests_total", [:], 14),
                    ("kmi_key_requests_total", ["outcome": "ok"], 8),
                    ("kmi_key_requests_total", ["outcome": "provider_rejected"], 1),
                    ("kmi_upstream_attempts_total", ["provider": "sim"], 9),
                    ("kmi_errors_total", ["type": "caller_unauthorized", "provider": ""], 3),
                    ("kmi_errors_total", ["type": "provider_rejected", "provider": "sim"], 1),
                    ("kmi_rejected_total", ["reason": "unauthorized"], 3),
                    ("kmi_rejected_total", ["reason": "not_found"], 1),
                    ("kmi_request_duration_seconds_count", ["stream": "true"], 4),
                    ("kmi_request_duration_seconds_count", [:], 13),
                    ("kmi_time_to_first_byte_seconds_count", ["provider": "sim"], 9),
                    ("kmi_overhead_seconds_count", [:], 13),
                    ("kmi_in_flight_requests", [:], 0), ("kmi_active_streams", [:], 0), ("kmi_queued_requests", [:], 0),
                    ("kmi_key_in_flight", [:], 0), ("kmi_key_state", ["state": "usable"], 2),
                    ("kmi_build_info", [:], 1),
                ]
                for (name, labels, value) in expected {
                    #expect(metrics.sum(name, labels) == value, "\(name) \(labels)")
                }
                #expect(metrics.sum("kmi_key_requests_total", ["key": "alpha"]) >= 4)
                #expect(metrics.sum("kmi_key_requests_total", ["key": "beta"]) >= 4)
            }
        }
    }

    @Test("the admin listener: HEAD, Allow, and OpenMetrics where it is asked for")
    func admin() async throws {
        try await DaemonProcess.with(DaemonConfiguration(providerBaseURL: "http://127.0.0.1:1/v1")) { daemon in
            let admin = try daemon.admin()
            for target in ["/metrics", "/healthz", "/readyz"] {
                let head = try await admin.send("HEAD", target)
                #expect(head.status == 200 && head.body.isEmpty)
                #expect(head["Content-Length"].flatMap { Int($0) } ?? 0 > 0)
                for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"] {
                    let refused = try await admin.send(method, target)
                    #expect(refused.status == 405)
                    #expect(refused["Allow"] == "GET, HEAD")
                }
            }
            let open = "application/openmetrics-text"
            for (accept, isOpen) in [
                ("\(open); version=1.0.0", true), ("\(open);version=1.0.0;q=0.5,text/plain;q=0.3", true),
                ("\(open);version=1.0.0;q=0", false), ("text/plain, \(open);version=1.0.0;q=0.1", false),
                ("*/*", false),
            ] {
                let response = try await admin.get("/metrics", fields: [("Accept", accept)])
                #expect(
                    response["Content-Type"]?.hasPrefix(isOpen ? open : "text/plain; version=0.0.4") == true,
                    "\(accept)")
                #expect(response.text.hasSuffix("# EOF\n") == isOpen, "\(accept)")
            }
        }
    }

    @Test("a reload keeps running streams, applies limits, and tells every problem of a file that it refuses (T-014)")
    func reload() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator)
            try await DaemonProcess.with(configuration) { daemon in
                let client = try daemon.client()
                async let stream = client.chat(model: "sim-events-60-delay-20", stream: true)
                try await eventually("it streams") { try await daemon.metric("kmi_active_streams") == 1 }
                configuration.keys = [.init("beta")]
                configuration.tables["server.limits"] = "request_body = \"1KiB\""
                for (name, contents) in configuration.files { try daemon.directory.write(name, contents) }
                try daemon.directory.write("kmi.toml", configuration.text)
                daemon.process.send(SIGHUP)
                try await eventually("the new key is used", within: .seconds(2)) {
                    try await client.chat()["X-KMI-Key"] == "beta"
                }
                let large = Chat.body(content: String(repeating: "a", count: 2000))
                #expect(try await client.post(Chat.target, large).status == 413)
                #expect(try await stream.text.contains("[DONE]"))

                try daemon.directory.write("kmi.toml", configuration.text + "\n[sever]\nx = 1\n[rotatoin]\ny = 1\n")
                daemon.process.send(SIGHUP)
                for table in ["sever", "rotatoin"] {
                    _ = try await daemon.process.firstMatch(on: .standardError, "\(table)") { line in
                        line.contains("\(table): unknown key") ? true : nil
                    }
                }
                let after = try await client.chat()
                #expect(after["X-KMI-Key"] == "beta", "\(after.status) \(after.text)")
            }
        }
    }

    @Test("is not ready while it drains, and takes no new caller (T-026)")
    func drains() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let client = try daemon.client()
                async let stream = client.chat(model: "sim-events-60-delay-20", stream: true)
                try await eventually("it streams") { try await daemon.metric("kmi_active_streams") == 1 }
                daemon.process.send(SIGTERM)
                try await eventually("it is not ready", within: .seconds(1)) {
                    try await daemon.admin().get("/readyz").status == 503
                }
                try await eventually("new callers are not taken", within: .seconds(1)) {
                    do {
                        _ = try client.connect()
                        return false
                    } catch {
                        return true
                    }
                }
                #expect(try await daemon.admin().get("/healthz").status == 200)
                #expect(try await stream.text.contains("[DONE]"))
                #expect(try await daemon.process.waitForExit() == .exited(0))
            }
        }
    }

    @Test("starts without any configuration file: the socket of the same user, and settings from the environment")
    func withoutFile() async throws {
        try await TemporaryDirectory.with { directory in
            let environment = [
                "HOME": try directory.makeDirectory("home"), "XDG_RUNTIME_DIR": try directory.makeDirectory("run"),
                "PATH": "/usr/bin:/bin", "KMI_SERVER_LISTEN": "127.0.0.1:0", "KMI_SERVER_ADMIN_LISTEN": "off",
                "KMI_SERVER_DRY_RUN": "true",
            ]
            try await ChildProcess.with(BuildProducts.path(of: "kmid"), environment: environment) { process in
                _ = try await process.firstMatch(on: .standardError, "that it is ready") { line in
                    line.contains("\"event\":\"ready\"") ? true : nil
                }
                #expect(!process.text(.standardError).contains("\"listener\":\"admin\""))
                let path = directory.path("run/kmi/proxy.sock")
                let socket = try FileManager.default.attributesOfItem(atPath: path)
                #expect(socket[.posixPermissions] as? Int == 0o600)
                for name in ["run/kmi", "home/.local/state/kmi"] {
                    let found = try FileManager.default.attributesOfItem(atPath: directory.path(name))
                    #expect(found[.posixPermissions] as? Int == 0o700, "\(name)")
                }
                let client = RawHTTPClient(.unix(path: path))
                let response = try await client.chat()
                #expect(response.status == 503)
                #expect(response["X-KMI-Error"] == "no_usable_key")
                #expect(try await client.chat(fields: [("x-api-key", "wrong")]).status == 401)
                #expect(try await client.chat(fields: [("Host", "any.example")]).status == 503)
                #expect(try await client.chat(fields: [("Origin", "https://any.example")]).status == 403)
                #expect(try await process.terminate() == .exited(0))
                #expect(!FileManager.default.fileExists(atPath: path))
            }
        }
    }

    @Test("addresses in use end it within two seconds, with all of them named (T-016)")
    func addressesInUse() async throws {
        let configuration = DaemonConfiguration(providerBaseURL: "http://127.0.0.1:1/v1")
        try await DaemonProcess.with(configuration) { daemon in
            let taken = [try daemon.address("data"), try daemon.address("admin")].map { "\($0)" }
            var second = configuration
            second.tables["server"] = "listen = [\"\(taken[0])\"]\nadmin_listen = \"\(taken[1])\""
            let start = ContinuousClock.now
            let result = try await DaemonProcess.run(configuration: second.text, files: second.files)
            // Two seconds where nobody else computes; whoever waits for the addresses needs longer than this.
            #expect(ContinuousClock.now - start < .seconds(15))
            #expect(result.status == .exited(1))
            for address in taken { #expect(result.standardError.contains(address)) }
        }
    }

    @Test(
        "wrong usage ends in 64, help and version in 0",
        arguments: [
            (["--help"], 0), (["version"], 0), (["--version"], 0), (["run", "--help"], 0), (["nonsense"], 64),
            (["run", "--config"], 64), (["run", "--bus", "no bus"], 64), (["check-config", "extra"], 64),
            (["check-config", "--config", "/nowhere/kmi.toml"], 78),
        ] as [([String], Int32)])
    func usage(arguments: [String], status: Int32) async throws {
        let result = try await DaemonProcess.run(configuration: "", arguments: arguments)
        #expect(result.status == .exited(status), "\(result.standardError)")
    }

    @Test("the log holds no token, key, query, body or upstream address, whatever happens (contract 11, X-051)")
    func log() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator, keys: ["alpha", "beta"])
            configuration.token = "canary-token"
            configuration.keys = [.init("alpha", secret: "canary-alpha"), .init("beta", secret: "canary-beta")]
            try await DaemonProcess.with(configuration, environment: ["KMI_LOG_LEVEL": "trace"]) { daemon in
                let client = try daemon.client()
                let body = Chat.body(content: "canary-body")
                _ = try await client.post("\(Chat.target)?q=canary-query", body)
                for model in ["sim-status-401", "sim-status-500", "sim-cut-0", "sim-reset-3"] {
                    _ = try? await client.chat(model: model, stream: true, fields: [("X-Title", "canary-field")])
                }
                _ = try await daemon.stranger().chat(fields: [("x-api-key", "canary-wrong")])
                _ = try await client.get("/nowhere/canary-path?canary-query")
                _ = try await client.get("/v1/x", fields: [("Host", "canary-host"), ("Origin", "canary-origin")])
                _ = try await client.post(Chat.target, "canary-nonsense")
                daemon.process.send(SIGHUP)
                try await daemon.waitForNotification("RELOADING=1")
                let text = daemon.process.text(.standardError) + daemon.process.text(.standardOutput)
                #expect(text.contains("attempt_failed"))
                #expect(!text.contains("canary"), "\(text.split(separator: "\n").filter { $0.contains("canary") })")
            }
        }
    }
}
