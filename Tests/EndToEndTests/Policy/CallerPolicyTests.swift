import Foundation
import TestSupport
import Testing

/// What callers may do, with a real daemon (A-001, L-005, L-011, T-001, X-039, X-051).
@Suite("Who may call what", .serialized, .timeLimit(.minutes(5)))
struct CallerPolicyTests {
    @Test(
        "clients that are made at run time are kept to their routes and projects, and end when they are revoked (L-011)"
    )
    func clients() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await DaemonProcess.with(DaemonConfiguration(simulator), bus: bus.address) { daemon in
                    let steering = Steering(bus: bus.address)
                    let token = try await steering.succeed(
                        "clients", "create", "narrow", "--route", "/v1/chat/completions", "--project", "thesis",
                        "--model", "sim-large", "--rpm", "1000"
                    ).trimmingCharacters(in: .whitespacesAndNewlines)
                    var client = try daemon.stranger()
                    client.fields = [("Authorization", "Bearer \(token)")]
                    #expect(try await client.chat().status == 200)
                    #expect(try await client.chat(model: "sim-small").status == 403)
                    #expect(try await client.chat(fields: [("X-KMI-Project", "other")]).status == 403)
                    #expect(try await client.chat(fields: [("X-KMI-Priority", "high")]).status == 403)
                    for target in ["/p/sim/chat/completions", "/kmi-rotor/v1/chat/completions", "/v1/messages"] {
                        #expect(try await client.post(target, Chat.body()).status == 403, "\(target)")
                    }
                    #expect(try await client.get("/v1/models").status == 403)
                    #expect(try await steering.succeed("requests", "--json").contains("thesis"))
                    let shown = try await steering.succeed("clients", "list", "--json")
                    #expect(shown.contains("/v1/chat/completions") && shown.contains("\"rpm\":1000"))
                    // Only a keyed hash is kept, and nobody can ask again.
                    #expect(!shown.contains(token))
                    let state = try Data(contentsOf: URL(filePath: daemon.directory.path("state/state.sqlite")))
                    #expect(state.range(of: Data(token.utf8)) == nil)
                    try await steering.succeed("clients", "revoke", "narrow", "--yes")
                    #expect(try await client.chat().status == 401)
                }
            }
        }
    }

    @Test("the audit names callers behind a trusted proxy by their own address, and nobody by a claim (L-005)")
    func forwarded() async throws {
        try await SimulatorProcess.with { simulator in
            for (trusted, actor) in [("127.0.0.1", "address:192.0.2.1"), ("10.0.0.0/8", "address:127.0.0.1")] {
                var configuration = DaemonConfiguration(simulator)
                configuration.tables["auth"] = "trusted_proxies = [\"\(trusted)\"]"
                try await PrivateBus.with { bus in
                    try await DaemonProcess.with(configuration, bus: bus.address) { daemon in
                        let stranger = try daemon.stranger()
                        #expect(
                            try await stranger.chat(fields: [("X-Forwarded-For", "203.0.113.9, 192.0.2.1")]).status
                                == 401)
                        let audit = try await Steering(bus: bus.address).succeed("audit", "--json")
                        #expect(audit.contains("\"\(actor)\""), "\(audit)")
                        #expect(!audit.contains("203.0.113.9"))
                    }
                }
            }
        }
    }

    @Test("no credential is taken from an address, and none gets into the log (X-051)")
    func addresses() async throws {
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let stranger = try daemon.stranger()
                for name in ["key", "api_key", "api-key", "token", "access_token", "x-api-key", "authorization"] {
                    let target = Chat.target + "?\(name)=\(daemon.token)"
                    #expect(try await stranger.post(target, Chat.body()).status == 401, "\(name)")
                }
                #expect(
                    try await stranger.chat(fields: [("Cookie", "token=\(daemon.token); c=canary-of-a-cookie")]).status
                        == 401)
                let right = try daemon.client()
                #expect(
                    try await right.post(
                        Chat.target + "?q=canary-of-a-query", Chat.body(content: "canary-of-a-body"),
                        fields: [("Cookie", "c=canary-of-a-cookie")]
                    ).status == 200)
                let log = daemon.process.text(.standardError)
                #expect(log.contains("auth_failed"))
                for canary in [daemon.token, "canary-of-a-query", "canary-of-a-body", "canary-of-a-cookie"] {
                    #expect(!log.contains(canary), "\(canary)")
                }
            }
        }
    }

    @Test("no token of the data plane reaches control: HTTP has no route for it, whatever is tried (T-001)")
    func noControl() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator)
            configuration.tables["server"] = "base_path = \"\""
            try await DaemonProcess.with(configuration) { daemon in
                let data = try daemon.client()
                let admin = RawHTTPClient(try daemon.address("admin"), fields: data.fields)
                let paths = [
                    "/", "/admin", "/api/keys", "/keys", "/keys/alpha", "/reload", "/drain", "/rotate", "/config",
                    "/clients", "/audit", "/debug", "/metrics/reset", "/org/kmi/Proxy1", "/kmi/v1/keys",
                ]
                for path in paths {
                    for method in ["GET", "POST", "PUT", "DELETE"] {
                        #expect(try await data.send(method, path).status == 404, "\(method) \(path)")
                        let status = try await admin.send(method, path).status
                        #expect(status == (method == "GET" ? 404 : 405), "\(method) \(path)")
                    }
                }
                #expect(try await simulator.statistics().requests == 0)
            }
        }
    }

    @Test(
        "another user at the Unix socket needs a token, even where the socket's mode lets it in (A-001)",
        .enabled(if: OtherUser.isAvailable))
    func otherUser() async throws {
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator)
            try await TemporaryDirectory.with { directory in
                let path = directory.path("proxy.sock")
                configuration.tables["server"] = "socket = \"\(path)\""
                try DaemonProcess.write(configuration, to: directory)
                try await DaemonProcess.with(in: directory, token: configuration.token) { daemon in
                    let files = FileManager.default
                    try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.path)
                    try files.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path)
                    let script = """
                        import socket, sys
                        for token in ("", "wrong", sys.argv[2]):
                            s = socket.socket(socket.AF_UNIX)
                            s.settimeout(20)
                            s.connect(sys.argv[1])
                            line = f"Authorization: Bearer {token}\\r\\n" if token else ""
                            s.sendall(f"GET /v1/models HTTP/1.1\\r\\nHost: x\\r\\n{line}Connection: close\\r\\n\\r\\n".encode())
                            print(s.recv(64).split()[1].decode())
                        """
                    let result = try await OtherUser.run(
                        "/usr/bin/python3", arguments: ["-c", script, path, daemon.token],
                        environment: ["PATH": "/usr/bin:/bin"])
                    #expect(result.standardOutput == "401\n401\n200", "\(result.standardError)")
                }
            }
        }
    }
}
