import ProxyCore
import Testing

struct HostGuardTests {
    private static let guardian = HostGuard(allowedHosts: [
        "localhost", "Proxy.Example.:443", "10.0.0.7", "[2001:db8::1]", "fd00::2",
    ])

    @Test(
        "lets configured hosts and loopback literals through (T-006)",
        arguments: [
            "localhost", "LOCALHOST", "localhost:7878", "localhost.", "localhost.:1", "localhost:", "proxy.example",
            "proxy.example:80", "127.0.0.1", "127.0.0.1:1", "127.255.0.3", "[::1]", "[::1]:7878", "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]", "10.0.0.7:9", "[2001:DB8:0::1]", "[fd00::2]:5",
        ])
    func letsThrough(host: String) {
        #expect(Self.guardian.allows(host))
        #expect(throws: Never.self) { try Self.guardian.check(["Host": host]) }
    }

    @Test(
        "refuses every other host (T-006)",
        arguments: [
            "", ":80", "evil.example", "localhost.evil.example", "evil.localhost", "xlocalhost",
            "127.0.0.1.evil.example",
            "user@localhost", "localhost@evil", "localhost:80:80", "localhost:x", "localhost:65536", "localhost:-1",
            "::1",
            "[::1", "::1]", "[127.0.0.1]", "[::1]x", "[::1]:x", "[::1%lo]", "[localhost]", "127.1", "2130706433",
            "0x7f.0.0.1",
            "0177.0.0.1", "127.0.0.256", "0.0.0.0", "[::]", "10.0.0.8", "localhost/", "localhost ", " localhost",
            "localhost,x",
            "local host", "localhost..", ".", "lоcalhost", "localhost\u{0}", "[2001:db8::2]", "[]", "[:::1]", "[::1::]",
        ])
    func refuses(host: String) {
        #expect(!Self.guardian.allows(host))
        #expect { try Self.guardian.check(["Host": host]) } throws: { ($0 as? ProxyFault)?.code == .forbidden }
    }

    @Test("needs exactly one line", arguments: [[:], ["Host": "localhost", "host": "localhost"]] as [HeaderFields])
    func needsOneLine(headers: HeaderFields) {
        #expect { try Self.guardian.check(headers) } throws: { ($0 as? ProxyFault)?.status == 400 }
    }

    @Test func lettingNothingThroughStillLeavesLoopback() {
        let empty = HostGuard(allowedHosts: [])
        #expect(empty.allows("127.0.0.1") && empty.allows("[::1]"))
        #expect(!empty.allows("localhost"))
        #expect(!HostGuard(allowedHosts: ["*", ""]).allows("x"))
    }
}

struct OriginGuardTests {
    private static let guardian = OriginGuard(allowedOrigins: [
        "https://app.example", "http://localhost:3000", "*", "null",
    ])

    @Test func lettingListedOriginsThrough() throws {
        #expect(try Self.guardian.check([:]) == .noOrigin)
        #expect(try Self.guardian.check(["Origin": "https://app.example"]) == .allowed(origin: "https://app.example"))
    }

    @Test(
        "refuses every other origin (T-006)",
        arguments: [
            "null", "*", "", "https://app.example/", "https://APP.example", "http://app.example",
            "https://app.example:443",
            "https://app.example.evil", "http://localhost", "https://app.example https://app.example", "file://",
        ])
    func refuses(origin: String) {
        #expect { try Self.guardian.check(["Origin": origin]) } throws: { ($0 as? ProxyFault)?.status == 403 }
    }

    @Test func refusesTwoOrigins() {
        let headers: HeaderFields = ["Origin": "https://app.example", "origin": "https://app.example"]
        #expect { try Self.guardian.check(headers) } throws: { ($0 as? ProxyFault)?.status == 403 }
    }

    @Test(
        "refuses what a page of another site or port embeds without telling its origin (T-006)",
        arguments: ["cross-site", "same-site", "x"], ["image", "script", "iframe", "empty", "video", "style"])
    func refusesEmbedding(site: String, destination: String) {
        let mode = destination == "iframe" ? "navigate" : "no-cors"
        let headers: HeaderFields = [
            "Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": destination,
        ]
        #expect { try Self.guardian.check(headers) } throws: { ($0 as? ProxyFault)?.status == 403 }
        #expect { try Self.guardian.check(["Sec-Fetch-Site": site]) } throws: { ($0 as? ProxyFault)?.status == 403 }
        var listed = headers
        listed.add(name: "Origin", value: "https://app.example")
        #expect(throws: Never.self) { try Self.guardian.check(listed) }
    }

    @Test("lets people follow links and type addresses, and programs that only tell their mode (T-006)")
    func letsPeopleThrough() throws {
        let followed: HeaderFields = [
            "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
        ]
        for headers in [
            followed, ["Sec-Fetch-Site": "none"], ["Sec-Fetch-Site": "same-origin"], ["Sec-Fetch-Mode": "cors"],
        ] {
            #expect(try Self.guardian.check(headers) == .noOrigin)
        }
    }

    @Test("answers preflights of listed origins (T-006)")
    func answersPreflights() {
        let request: HeaderFields = [
            "Origin": "https://app.example", "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, Content-Type,bad name, x-api-key",
            "Access-Control-Request-Private-Network": "true",
        ]
        #expect(OriginGuard.isPreflight(method: "OPTIONS", headers: request))
        #expect(!OriginGuard.isPreflight(method: "POST", headers: request))
        #expect(!OriginGuard.isPreflight(method: "OPTIONS", headers: ["Origin": "https://app.example"]))
        let head = Self.guardian.preflightAnswer(origin: "https://app.example", request: request, requestID: "r")
        #expect(head.status == 204)
        #expect(head.headers.first("access-control-allow-origin") == "https://app.example")
        #expect(head.headers.first("access-control-allow-headers") == "authorization, Content-Type, x-api-key")
        #expect(head.headers.first("access-control-allow-methods")?.contains("POST") == true)
        #expect(head.headers.first("access-control-allow-private-network") == "true")
        #expect(head.headers.listMembers("vary").contains("Origin"))
        #expect(head.headers.first("x-request-id") == "r")
        #expect(!head.headers.contains("access-control-allow-credentials"))
    }

    @Test("decorates answers to listed origins only (T-006)")
    func decorates() {
        var answer: HeaderFields = ["Vary": "Accept"]
        Self.guardian.decorate(&answer, verdict: .allowed(origin: "https://app.example"))
        #expect(answer.first("access-control-allow-origin") == "https://app.example")
        #expect(answer.first("access-control-expose-headers")?.contains("X-Request-Id") == true)
        #expect(answer.all("vary") == ["Accept", "Origin"])
        Self.guardian.decorate(&answer, verdict: .allowed(origin: "https://app.example"))
        #expect(answer.count == 4)
        var plain = HeaderFields()
        Self.guardian.decorate(&plain, verdict: .noOrigin)
        #expect(plain == ["Vary": "Origin"])
        var untouched = HeaderFields()
        OriginGuard(allowedOrigins: []).decorate(&untouched, verdict: .noOrigin)
        #expect(untouched.isEmpty)
    }
}
