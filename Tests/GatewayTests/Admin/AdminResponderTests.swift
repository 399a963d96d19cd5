import NIOCore
import ProxyCore
import TestSupport
import Testing

@testable import Gateway

/// The admin listener's answers (contract section 6).
struct AdminResponderTests {
    private static func ask(
        _ fixture: GatewayFixture, _ method: String = "GET", _ target: String,
        _ headers: HeaderFields = ["Host": "localhost"],
        transport: ConnectionInfo.Transport = .tcp(peer: "127.0.0.1"),
        checks: [ReadinessCheck] = [ReadinessCheck(name: "storage", isPassed: true)]
    ) -> FakeExchange {
        let responder = AdminResponder(gateway: fixture.gateway, metrics: fixture.metrics) { checks }
        let exchange = FakeExchange(eventLoop: fixture.loop, connection: ConnectionInfo(transport: transport, id: 1))
        exchange.handler = responder.respond(
            to: RequestHead(method: method, target: target, headers: headers), on: exchange)
        fixture.run()
        #expect(exchange.misuses.isEmpty)
        #expect(exchange.end == .finished)
        return exchange
    }

    @Test(
        "refuses foreign hosts and origins, other methods and other paths (T-001, T-006)",
        arguments: [
            ("GET", "/metrics", [], 400), ("GET", "/metrics", [("Host", "a"), ("Host", "b")], 400),
            ("GET", "/metrics", [("Host", "evil.example")], 403),
            ("GET", "/metrics", [("Host", "localhost"), ("Origin", "https://evil.example")], 403),
            ("POST", "/metrics", [("Host", "localhost")], 405), ("DELETE", "/readyz", [("Host", "localhost")], 405),
            ("GET", "/", [("Host", "localhost")], 404), ("GET", "/metrics/", [("Host", "localhost")], 404),
            ("GET", "/v1/models", [("Host", "localhost")], 404), ("GET", "/a/../metrics", [("Host", "localhost")], 400),
            ("GET", "/metrics?x=1", [("Host", "127.0.0.1:7879")], 200), ("HEAD", "/healthz", [("Host", "[::1]")], 200),
        ] as [(String, String, [(String, String)], Int)])
    func guards(method: String, target: String, headers: [(String, String)], status: Int) throws {
        let fixture = try GatewayFixture()
        let exchange = Self.ask(fixture, method, target, HeaderFields(headers))
        #expect(exchange.status == status)
        #expect((exchange.header("allow") == "GET, HEAD") == (status == 405))
        #expect((exchange.header("x-kmi-error") == nil) == (status == 200))
    }

    @Test("a Unix socket has no Host to check")
    func unixSocket() throws {
        let fixture = try GatewayFixture()
        #expect(Self.ask(fixture, "GET", "/healthz", [:], transport: .unix(uid: 5, pid: 5)).status == 200)
    }

    @Test("shows the metrics in the format that is asked for (T-019)")
    func metrics() throws {
        let fixture = try GatewayFixture()
        _ = fixture.post("{}", "/v1/x", [("Authorization", "")])
        let plain = Self.ask(fixture, "GET", "/metrics")
        #expect(plain.header("content-type")?.hasPrefix("text/plain; version=0.0.4") == true)
        #expect(MetricsText(plain.text).sum("kmi_rejected_total", ["reason": "unauthorized"]) == 1)
        #expect(!plain.text.contains("# EOF"))
        let open = Self.ask(
            fixture, "GET", "/metrics",
            ["Host": "localhost", "Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"])
        #expect(open.header("content-type")?.hasPrefix("application/openmetrics-text; version=1.0.0") == true)
        #expect(open.text.hasSuffix("# EOF\n"))
    }

    @Test("is ready with a usable key and everything else in order; names no keys and no paths (T-018)")
    func readiness() throws {
        let fixture = try GatewayFixture { $0.keys = [try GatewayFixture.key("alpha")] }
        let ready = Self.ask(fixture, "GET", "/readyz")
        #expect(ready.status == 200)
        #expect(ready.text == #"{"status":"ready","checks":{"breakers":"ok","keys":"ok","storage":"ok"}}"#)
        let failing = Self.ask(fixture, "GET", "/readyz", checks: [ReadinessCheck(name: "storage", isPassed: false)])
        #expect(failing.status == 503)
        #expect(failing.text == #"{"status":"not_ready","checks":{"breakers":"ok","keys":"ok","storage":"failed"}}"#)
        // Requests go on without the disk (T-011).
        let degraded = Self.ask(
            fixture, "GET", "/readyz", checks: [ReadinessCheck(name: "storage", isPassed: false, isVital: false)])
        #expect(degraded.status == 503)
        #expect(degraded.text == #"{"status":"degraded","checks":{"breakers":"ok","keys":"ok","storage":"failed"}}"#)
        _ = fixture.post()
        try fixture.transfer().answer(429, ["Retry-After": "30"])
        let keyless = Self.ask(fixture, "GET", "/readyz")
        #expect(keyless.status == 503)
        #expect(!keyless.text.contains("alpha"))
        fixture.advance(by: .seconds(30))
        #expect(Self.ask(fixture, "GET", "/readyz").status == 200)
    }

    @Test("keeps the caller's request id")
    func requestID() throws {
        let fixture = try GatewayFixture()
        #expect(
            Self.ask(fixture, "GET", "/healthz", ["Host": "localhost", "X-Request-Id": "r-1"]).header("x-request-id")
                == "r-1")
    }
}
