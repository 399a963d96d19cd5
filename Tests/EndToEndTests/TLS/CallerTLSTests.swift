import Foundation
import TestSupport
import Testing

@Suite("TLS towards callers (T-007, K-004)", .serialized, .timeLimit(.minutes(5)))
struct CallerTLSTests {
    @Test("both listeners are served over TLS, and say so")
    func serves() async throws {
        try await Encrypted.with { encrypted in
            #expect(try await encrypted.curl("/v1/models").status == "200")
            let metrics = try await encrypted.curl("/metrics", "admin")
            #expect(metrics.status == "200")
            for listener in ["data", "admin"] {
                let place = try encrypted.place(listener)
                #expect(metrics.body.contains("kmi_listener_info{listener=\"\(place)\",tls=\"on\"} 1"))
                #expect(try await encrypted.curl("/v1/models", listener, scheme: "http").body.isEmpty)
            }
            #expect(encrypted.daemon.process.text(.standardError).contains("\"tls\":\"1.2+\""))
        }
    }

    @Test("TLS 1.1 and older fail, 1.2 and 1.3 do not, and sslscan finds nothing weak")
    func versions() async throws {
        try await Encrypted.with { encrypted in
            let openssl = try #require(Tools.path(of: "openssl"))
            for (version, isServed) in [("-tls1", false), ("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)] {
                let result = try await FinishedProcess.run(
                    openssl,
                    arguments: [
                        "s_client", "-connect", try encrypted.place(), "-CAfile", encrypted.authority.path,
                        "-verify_return_error", "-brief", "-cipher", "ALL:@SECLEVEL=0", version,
                    ], environment: ["PATH": "/usr/bin:/bin"])
                #expect(result.isSuccess == isServed, "\(version): \(result.standardError)")
            }
            guard let sslscan = Tools.path(of: "sslscan") else { return }
            let scan = try await FinishedProcess.run(
                sslscan, arguments: ["--no-colour", try encrypted.place()], environment: ["PATH": "/usr/bin:/bin"],
                within: .seconds(60))
            let text = scan.standardOutput
            for version in ["SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1"] {
                #expect(!text.contains(try Regex("\(version) +enabled")), "\(text)")
            }
            for version in ["TLSv1.2", "TLSv1.3"] {
                #expect(text.contains(try Regex("\(version) +enabled")), "\(text)")
            }
            let accepted = text.split(separator: "\n").filter { $0.hasPrefix("Preferred") || $0.hasPrefix("Accepted") }
            #expect(accepted.count >= 5)
            for line in accepted {
                #expect(line.contains("GCM") || line.contains("CHACHA20") || line.contains("POLY1305"), "\(line)")
                #expect(line.contains("TLSv1.3") || line.contains("ECDHE-"), "\(line)")
            }
            #expect(text.contains("Server supports TLS Fallback SCSV"))
            #expect(text.contains("renegotiation not supported"))
            #expect(!text.contains("Compression enabled"))
            let bleeding = text.split(separator: "\n").filter { $0.contains("vulnerable to heartbleed") }
            #expect(!bleeding.isEmpty && bleeding.allSatisfy { $0.contains("not vulnerable") })
            #expect(try await encrypted.curl("/v1/models").status == "200")
        }
    }

    @Test(
        "the OpenAI client is served over https", .enabled(if: PythonEnvironment.isAvailable, "make setup makes it"))
    func stockClient() async throws {
        let script = """
            import openai, sys
            client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key=sys.argv[2], max_retries=0, timeout=30)
            messages = [{"role": "user", "content": "Hello"}]
            assert client.chat.completions.create(model="sim-large", messages=messages).choices[0].message.content
            stream = client.chat.completions.create(model="sim-events-50", messages=messages, stream=True)
            assert len(list(stream)) > 50
            """
        try await Encrypted.with { encrypted in
            let result = try await FinishedProcess.run(
                PythonEnvironment.interpreter,
                arguments: ["-c", script, "https://\(try encrypted.place())", encrypted.daemon.token],
                environment: [
                    "PATH": "/usr/bin:/bin", "HOME": encrypted.directory.path, "NO_PROXY": "*",
                    "SSL_CERT_FILE": encrypted.authority.path,
                ])
            #expect(result.isSuccess, "\(result.standardError)")
        }
    }

    @Test("a renewed pair is taken by itself; connections that are open go on (T-014)")
    func renewal() async throws {
        // Holds a connection and a stream while the pair is renewed; a new connection is shown the new one then.
        let script = """
            import http.client, json, ssl, sys
            host, port = sys.argv[1].split(":")
            token, authority = sys.argv[2], sys.argv[3]
            context = ssl.create_default_context(cafile=authority)
            def connect():
                connection = http.client.HTTPSConnection(host, int(port), context=context, timeout=30)
                connection.connect()
                return connection, connection.sock.getpeercert()["serialNumber"]
            def models(connection):
                connection.request("GET", "/v1/models", headers={"Authorization": "Bearer " + token})
                answer = connection.getresponse()
                answer.read()
                return answer.status
            held, first = connect()
            assert models(held) == 200
            streaming, _ = connect()
            body = json.dumps({"model": "sim-events-30-delay-200", "stream": True,
                               "messages": [{"role": "user", "content": "x"}]})
            streaming.request("POST", "/v1/chat/completions", body,
                              {"Authorization": "Bearer " + token, "Content-Type": "application/json"})
            answer = streaming.getresponse()
            print("ready", flush=True)
            open(sys.argv[4], "rb", buffering=0).read(1)
            fresh, serial = connect()
            assert models(fresh) == 200
            assert serial != first
            assert models(held) == 200
            assert held.sock.getpeercert()["serialNumber"] == first
            assert answer.read().endswith(b"data: [DONE]\\n\\n")
            """
        try await Encrypted.with(environment: ["KMI_CONTROL_WATCH": "true"]) { encrypted in
            let directory = encrypted.directory
            try await encrypted.authority.issue("next-server")
            try await StartSignal.with(at: directory.path("renewed")) { renewed in
                try await ChildProcess.with(
                    "/usr/bin/python3",
                    arguments: [
                        "-c", script, try encrypted.place(), encrypted.daemon.token, encrypted.authority.path,
                        renewed.path,
                    ], environment: ["PATH": "/usr/bin:/bin"]
                ) { process in
                    _ = try await process.firstMatch(on: .standardOutput, "ready") { $0 == "ready" ? true : nil }
                    for name in ["server.key", "server.pem"] {
                        #expect(rename(directory.path("next-" + name), directory.path(name)) == 0)
                    }
                    try await encrypted.wait(for: "certificate_renewed")
                    try renewed.give()
                    #expect(
                        try await process.waitForExit(within: .seconds(30)) == .exited(0),
                        "\(process.report)\n\(encrypted.daemon.process.report)")
                }
            }
            #expect(encrypted.count("certificate_renewed") == 1)
        }
    }

    @Test("a pair that does not fit is told once, and the old one stays in force")
    func badPair() async throws {
        try await Encrypted.with(environment: ["KMI_CONTROL_WATCH": "true"]) { encrypted in
            let key = try String(contentsOfFile: encrypted.directory.path("server.key"), encoding: .utf8)
            try await encrypted.authority.issue("other")
            #expect(rename(encrypted.directory.path("other.key"), encrypted.directory.path("server.key")) == 0)
            try await encrypted.wait(for: "reload_rejected")
            #expect(encrypted.daemon.process.text(.standardError).contains("does not belong to the certificate"))
            #expect(try await encrypted.curl("/v1/models").status == "200")
            #expect(encrypted.count("config_reloaded") == 0)
            // And the one that fits is found again.
            try encrypted.directory.write("server.key", key)
            try await encrypted.wait(for: "config_reloaded")
            #expect(encrypted.count("reload_rejected") == 1)
            #expect(try await encrypted.curl("/v1/models").status == "200")
        }
    }

    @Test("off loopback TLS and tokens are enough, and the guards stand (K-004)")
    func offLoopback() async throws {
        try await Encrypted.with(server: "listen = [\"https://0.0.0.0:0\"]") { encrypted in
            #expect(try await encrypted.curl("/v1/models").status == "200")
            let foreign = try await encrypted.curl("/v1/models", "data", "--header", "Host: evil.example")
            #expect(foreign.status == "403")
            let stranger = try await encrypted.curl("/v1/models", "data", "--header", "Authorization: Bearer no")
            #expect(stranger.status == "401")
        }
    }

    @Test(
        "a listener that others reach without TLS and tokens keeps the daemon from starting, by name (K-004, L-006)",
        arguments: [
            ("listen = [\"0.0.0.0:0\"]", "", "server.tls.certificate"),
            ("listen = [\"[::]:0\"]", "", "server.tls.private_key"),
            ("listen = [\"http://0.0.0.0:0\"]", Encrypted.pair, "https:// instead of http://"),
            ("listen = [\"0.0.0.0:0\"]\n[auth]\nrequire_token = false", Encrypted.pair, "auth.require_token"),
            ("admin_listen = \"0.0.0.0:0\"", "", "server.tls.certificate"),
            ("listen = [\"https://127.0.0.1:0\"]", "", "server.tls.certificate"),
            ("", "certificate = \"server.pem\"\n", "server.tls.private_key"),
            ("", "private_key = \"server.key\"\n", "server.tls.certificate"),
            ("", Encrypted.pair + "client_auth = \"required\"\n", "server.tls.client_ca"),
            ("", Encrypted.pair + "client_auth = \"required\"\nclient_ca = \"server.key\"\n", "server.tls.client_ca"),
            ("", "certificate = \"ca.pem\"\nprivate_key = \"server.key\"\n", "with the private key"),
            ("", "certificate = \"server.pem\"\nprivate_key = \"open.key\"\n", "chmod 600"),
        ])
    func refusals(server: String, tls: String, named: String) async throws {
        try await TemporaryDirectory.with { directory in
            let authority = try await OpenSSLAuthority(in: directory)
            try await authority.issue("server")
            let key = try String(contentsOfFile: directory.path("server.key"), encoding: .utf8)
            try directory.write("open.key", key, mode: 0o644)
            let lines = server.isEmpty ? "listen = [\"127.0.0.1:0\"]" : server
            try directory.write("kmi.toml", "[server]\n\(lines)\n[server.tls]\n\(tls)")
            for arguments in [
                ["check-config", "--config", directory.path("kmi.toml")],
                [
                    "run", "--config", directory.path("kmi.toml"), "--state-dir", directory.path("state"), "--bus",
                    "none",
                ],
            ] {
                let result = try await FinishedProcess.run(
                    BuildProducts.path(of: "kmid"), arguments: arguments,
                    environment: ["HOME": directory.path, "PATH": "/usr/bin:/bin"])
                #expect(result.status == .exited(78))
                #expect(result.standardError.contains(named), "\(result.standardError)")
                #expect(!result.standardError.contains(key.split(separator: "\n")[1]))
            }
        }
    }

    @Test("kmictl tells the address with https, and points programs at it")
    func control() async throws {
        try await PrivateBus.with { bus in
            try await Encrypted.with(bus: bus.address) { encrypted in
                let steering = Steering(bus: bus.address)
                let place = try encrypted.place()
                #expect(try await steering.succeed("status").contains("https://\(place)"))
                #expect(try await steering.succeed("env").contains("https://\(place)/v1"))
                let doctor = try await steering.run(["doctor", "--offline"]).standardOutput
                #expect(doctor.contains("certificate"))
                #expect(doctor.contains("good until"))
            }
        }
    }
}
