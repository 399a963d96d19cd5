import Foundation
import TestSupport
import Testing

@Suite("Callers' certificates (L-006)", .serialized, .timeLimit(.minutes(5)))
struct CallerCertificateTests {
    private static func prepare(_ authority: OpenSSLAuthority) async throws {
        try await authority.issue("ci", subject: "/O=Example/CN=ci", names: "DNS:ci.example", usage: .client)
        try await authority.issue("guest", subject: "/O=Example/CN=guest", names: "DNS:guest.example", usage: .client)
    }

    private static func lines(_ subjects: String, _ mode: String = "required") -> String {
        "client_ca = \"ca.pem\"\nclient_auth = \"\(mode)\"\nclient_subjects = [\(subjects)]\n"
    }

    /// Puts other lines of `[server.tls]` in force.
    private static func reload(_ encrypted: Encrypted, _ old: String, _ new: String, count: Int) async throws {
        let path = encrypted.daemon.configurationPath
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try encrypted.directory.write("kmi.toml", text.replacingOccurrences(of: old, with: new))
        encrypted.daemon.process.send(SIGHUP)
        try await encrypted.wait(for: "config_reloaded", count: count)
    }

    @Test("required: nobody comes in without one, others get 403 and an event; the list is live")
    func subjects() async throws {
        try await PrivateBus.with { bus in
            let (first, second) = (Self.lines("\"CN=ci,O=Example\""), Self.lines("\"DNS:guest.example\""))
            try await Encrypted.with(tls: first, bus: bus.address, prepare: Self.prepare) { encrypted in
                for listener in ["data", "admin"] {
                    let path = listener == "data" ? "/v1/models" : "/metrics"
                    #expect(try await encrypted.curl(path, listener, showing: "ci").status == "200")
                    #expect(try await encrypted.curl(path, listener).status == "000")
                    // Certificate of a server.
                    #expect(try await encrypted.curl(path, listener, showing: "server").status == "000")
                    let guest = try await encrypted.curl(path, listener, showing: "guest")
                    #expect(guest.status == "403")
                    #expect(guest.body.contains("\"code\":\"forbidden\""))
                    #expect(!guest.body.contains("guest"))
                }
                // Of the same caller, within a minute.
                #expect(encrypted.count("certificate_refused") == 1)
                let events = try await Steering(bus: bus.address)
                    .show([Shown.Event].self, "audit", "--action", "certificate_refused")
                #expect(events.first?.result == "refused")
                #expect(events.first?.detail.contains("subject=CN=guest,O=Example") == true)
                try await Self.reload(encrypted, first, second, count: 1)
                #expect(try await encrypted.curl("/v1/models", showing: "ci").status == "403")
                #expect(try await encrypted.curl("/v1/models", showing: "guest").status == "200")
            }
        }
    }

    @Test("optional: without one the token alone decides; what is shown has to be good")
    func optional() async throws {
        try await Encrypted.with(tls: Self.lines("\"ci\"", "optional"), prepare: Self.prepare) { encrypted in
            #expect(try await encrypted.curl("/v1/models").status == "200")
            #expect(try await encrypted.curl("/v1/models", showing: "ci").status == "200")
            #expect(try await encrypted.curl("/v1/models", showing: "guest").status == "403")
            #expect(try await encrypted.curl("/v1/models", showing: "server").status == "000")
            let stranger = try await encrypted.curl(
                "/v1/models", showing: "ci", "--header", "Authorization: Bearer wrong")
            #expect(stranger.status == "401")
        }
    }

    @Test("a session from before a reload is not resumed past new rules")
    func resumption() async throws {
        let script = """
            import socket, ssl, sys
            host, port = sys.argv[1].split(":")
            context = ssl.create_default_context(cafile=sys.argv[2])
            context.maximum_version = getattr(ssl.TLSVersion, sys.argv[4])
            def connect(session):
                connection = context.wrap_socket(socket.create_connection((host, int(port)), 20),
                                                 server_hostname="localhost", session=session)
                try:
                    connection.sendall(("GET /v1/models HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n"
                                        "Authorization: Bearer %s\\r\\n\\r\\n" % sys.argv[3]).encode())
                    data = b""
                    while piece := connection.recv(65536):
                        data += piece
                except (ssl.SSLError, ConnectionError):
                    data = b""
                return connection.session, connection.session_reused, data[:12]
            session, _, answer = connect(None)
            assert answer == b"HTTP/1.1 200", answer
            session, reused, answer = connect(session)
            assert reused and answer == b"HTTP/1.1 200", (reused, answer)
            print("ready", flush=True)
            open(sys.argv[5], "rb", buffering=0).read(1)
            try:
                _, reused, answer = connect(session)
            except (ssl.SSLError, ConnectionError):
                reused, answer = False, b""
            assert not reused and answer == b"", (reused, answer)
            """
        for version in ["TLSv1_2", "TLSv1_3"] {
            try await Encrypted.with(prepare: Self.prepare) { encrypted in
                try await StartSignal.with(at: encrypted.directory.path("go")) { go in
                    try await ChildProcess.with(
                        "/usr/bin/python3",
                        arguments: [
                            "-c", script, try encrypted.place(), encrypted.authority.path, encrypted.daemon.token,
                            version, go.path,
                        ], environment: ["PATH": "/usr/bin:/bin"]
                    ) { process in
                        _ = try await process.firstMatch(on: .standardOutput, "ready") { $0 == "ready" ? true : nil }
                        let stricter = Encrypted.pair + Self.lines("")
                        try await Self.reload(encrypted, Encrypted.pair, stricter, count: 1)
                        try go.give()
                        #expect(try await process.waitForExit() == .exited(0), "\(process.report)")
                    }
                }
            }
        }
    }
}
