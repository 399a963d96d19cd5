import NIOCore
import ProxyCore
import TestSupport
import Testing

@testable import Gateway

/// Signed requests through the gateway (contract section 5, K-041).
struct SignedRequestTests {
    private static let body = #"{"model":"m","messages":[]}"#
    private static let target = "/v1/chat/completions"
    /// The time of day that the fixtures begin with, in seconds.
    private static let start: Int64 = 1_767_225_600

    private static func fixture(
        _ change: (inout Configuration) throws -> Void = { _ in }
    ) throws -> GatewayFixture {
        try GatewayFixture { configuration in
            configuration.auth.hmac = .required
            try change(&configuration)
        }
    }

    private static func signer(_ nonce: String = "0123456789abcdef", at seconds: Int64 = 0) -> RequestSigner {
        RequestSigner(token: GatewayFixture.token, timestamp: Self.start + seconds, nonce: nonce)
    }

    private static func post(
        _ fixture: GatewayFixture, _ signer: RequestSigner, body: String = body, target: String = target,
        _ changes: [(String, String)] = []
    ) -> FakeExchange {
        fixture.post(body, target, signer.fields("POST", target, body) + changes)
    }

    private static func expectRefused(
        _ exchange: FakeExchange, _ fixture: GatewayFixture, _ reason: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(exchange.status == 401, sourceLocation: sourceLocation)
        #expect(exchange.header("www-authenticate") == "Bearer", sourceLocation: sourceLocation)
        #expect(exchange.header("x-kmi-error") == "unauthorized", sourceLocation: sourceLocation)
        #expect(fixture.observer.incidents.last?.reason == reason, sourceLocation: sourceLocation)
    }

    @Test("one that is signed passes, and passes once (K-041)")
    func passesOnce() throws {
        let fixture = try Self.fixture()
        let first = Self.post(fixture, Self.signer())
        try fixture.transfer().answer(200)
        fixture.run()
        #expect(first.status == 200)
        #expect(try fixture.transfer().text == Self.body)
        // What signs the request does not go on.
        #expect(try !fixture.transfer().request.headers.contains { $0.name.lowercased().hasPrefix("x-kmi-") })
        #expect(fixture.observer.nonces.count == 1)
        Self.expectRefused(Self.post(fixture, Self.signer()), fixture, "signature used before")
        fixture.advance(by: .seconds(300))
        Self.expectRefused(Self.post(fixture, Self.signer()), fixture, "signature used before")
        fixture.advance(by: .seconds(1))
        Self.expectRefused(Self.post(fixture, Self.signer()), fixture, "signature out of time")
        #expect(fixture.attempts.count == 1)
        fixture.expectAllSettled()
    }

    @Test("the time may be 300 s off, to both sides (K-041)", arguments: [-301, -300, 300, 301] as [Int64])
    func skew(seconds: Int64) throws {
        let fixture = try Self.fixture { $0.server.dryRun = true }
        let exchange = Self.post(fixture, Self.signer(at: seconds))
        if abs(seconds) <= 300 {
            #expect(exchange.status == 200)
        } else {
            Self.expectRefused(exchange, fixture, "signature out of time")
            #expect(!exchange.isBodyWanted)
        }
    }

    @Test("whatever is changed on the way is refused before a provider is asked (K-041)")
    func tampered() throws {
        let fixture = try Self.fixture()
        let signed = Self.signer().fields("POST", Self.target, Self.body)
        func changed(_ name: String, _ value: String) -> [(String, String)] {
            signed.map { $0.0 == name ? (name, value) : $0 }
        }
        Self.expectRefused(fixture.post(Self.body, Self.target + "?x=1", signed), fixture, "signature wrong")
        Self.expectRefused(fixture.post(Self.body, "/v1/responses", signed), fixture, "signature wrong")
        Self.expectRefused(fixture.post(Self.body + " ", Self.target, signed), fixture, "signature wrong")
        Self.expectRefused(
            fixture.post(Self.body, Self.target, changed("X-KMI-Timestamp", String(Self.start + 1))), fixture,
            "signature wrong")
        Self.expectRefused(
            fixture.post(Self.body, Self.target, changed("X-KMI-Nonce", "0123456789abcdeX")), fixture,
            "signature wrong")
        Self.expectRefused(fixture.post(Self.body, Self.target), fixture, "signature missing")
        Self.expectRefused(
            fixture.post(Self.body, Self.target, changed("X-KMI-Nonce", String(repeating: "n", count: 15))), fixture,
            "signature nonce malformed")
        var other = Self.signer()
        other.token = "token-of-somebody-else"
        Self.expectRefused(
            fixture.post(Self.body, Self.target, other.fields("POST", Self.target, Self.body)), fixture,
            "signature wrong")
        Self.expectRefused(
            fixture.open("PUT", Self.target, GatewayFixture.fields(signed)), fixture, "signature wrong")
        #expect(fixture.transfers.isEmpty)
        #expect(fixture.observer.nonces.isEmpty)
        #expect(fixture.observer.incidents.allSatisfy { $0.client?.text == "ci" && $0.kind == .authenticationFailed })
        // None of them has used the nonce up.
        _ = Self.post(fixture, Self.signer())
        try fixture.transfer().answer(200)
        fixture.expectAllSettled()
    }

    @Test("every route of the data plane asks for a signature, dry run and lists included (K-041)")
    func everyRoute() throws {
        let fixture = try Self.fixture { $0.server.dryRun = true }
        for (index, target) in ["/v1/messages", "/p/kimi/chat/completions", "/kmi-rotor/v1/x", "/v1/x?a"].enumerated() {
            #expect(fixture.post(Self.body, target).status == 401)
            #expect(Self.post(fixture, Self.signer("0123456789abcde\(index)"), target: target).status == 200)
        }
        #expect(fixture.open("GET", "/v1/models").status == 401)
        let list = Self.signer("nonce-of-the-list")
        #expect(
            fixture.open("GET", "/v1/models", GatewayFixture.fields(list.fields("GET", "/v1/models"))).status == 200)
        Self.expectRefused(
            fixture.open("GET", "/v1/models", GatewayFixture.fields(list.fields("GET", "/v1/models"))), fixture,
            "signature used before")
        let second = Self.signer("nonce-of-list-two").fields("GET", "/v1/models", "x") + [("Content-Length", "1")]
        #expect(fixture.open("GET", "/v1/models", GatewayFixture.fields(second)).status == 400)
        #expect(fixture.observer.nonces.count == 5)
        #expect(fixture.open("POST", "/nowhere").status == 401)
        fixture.expectAllSettled()
    }

    @Test("without a token nobody can sign: the own user on the Unix socket and open listeners included (K-041)")
    func withoutToken() throws {
        let fixture = try Self.fixture { $0.auth.requireToken = false }
        let none = [("Authorization", "")]
        Self.expectRefused(
            fixture.post(Self.body, Self.target, none, transport: .unix(uid: GatewayFixture.userID, pid: 1)), fixture,
            "no token")
        Self.expectRefused(fixture.post(Self.body, Self.target, none), fixture, "no token")
        let signed = Self.signer().fields("POST", Self.target, Self.body)
        Self.expectRefused(fixture.post(Self.body, Self.target, signed + none), fixture, "no token")
        #expect(
            fixture.post(
                Self.body, Self.target, signed, transport: .unix(uid: GatewayFixture.userID + 1, pid: 1)
            ).status == nil)
        #expect(fixture.attempts.count == 1)
        try fixture.transfer().answer(200)
    }

    @Test("without the setting nobody looks at signatures")
    func off() throws {
        let fixture = try GatewayFixture { $0.server.dryRun = true }
        #expect(fixture.post(Self.body, Self.target, [("X-KMI-Signature", "nonsense")]).status == 200)
        #expect(fixture.observer.nonces.isEmpty)
    }

    @Test("of two at once with one nonce exactly one passes (K-041)")
    func concurrentReplay() throws {
        let fixture = try Self.fixture()
        var fields = GatewayFixture.fields(Self.signer().fields("POST", Self.target, Self.body))
        fields.add(name: "Content-Length", value: String(Self.body.utf8.count))
        // Both heads are in before either body is.
        let both = (0..<2).map { _ in fixture.open("POST", Self.target, fields) }
        #expect(both.allSatisfy { $0.status == nil && $0.isBodyWanted })
        for exchange in both {
            exchange.send(ByteBuffer(string: Self.body))
            exchange.sendEnd()
        }
        fixture.run()
        #expect(fixture.attempts.count == 1)
        #expect(both[0].status == nil)
        Self.expectRefused(both[1], fixture, "signature used before")
        try fixture.transfer().answer(200)
        fixture.expectAllSettled()
    }

    @Test("a request that is refused before it is sent on does not use up its nonce (K-041)")
    func refusedKeepsNonce() throws {
        let fixture = try Self.fixture { configuration in
            configuration.clients[0].models = [try #require(ModelName("m"))]
            configuration.keys = [try GatewayFixture.key("alpha")]
        }
        // A model that the client may not use, a key that rests, and a caller who leaves.
        let other = #"{"model":"other"}"#
        for _ in 0..<2 { #expect(Self.post(fixture, Self.signer(), body: other).status == 403) }
        _ = Self.post(fixture, Self.signer("the-one-that-exhausts"))
        try fixture.transfer().answer(429, ["Retry-After": "30"])
        fixture.run()
        for _ in 0..<2 { #expect(Self.post(fixture, Self.signer()).status == 429) }
        #expect(fixture.observer.nonces.count == 1)
        var fields = GatewayFixture.fields(Self.signer().fields("POST", Self.target, Self.body))
        fields.add(name: "Content-Length", value: String(Self.body.utf8.count))
        fixture.open("POST", Self.target, fields).leave()
        fixture.advance(by: .seconds(30))
        _ = Self.post(fixture, Self.signer())
        try fixture.transfer().answer(200)
        fixture.run()
        #expect(fixture.observer.nonces.count == 2)
        Self.expectRefused(Self.post(fixture, Self.signer()), fixture, "signature used before")
        fixture.expectAllSettled()
    }

    @Test("one whose attempt failed was sent on: its nonce is used up (K-041)")
    func failedAttempt() throws {
        let fixture = try Self.fixture { $0.keys = [try GatewayFixture.key("alpha")] }
        let exchange = Self.post(fixture, Self.signer())
        try fixture.transfer().answer(400)
        fixture.run()
        #expect(exchange.status == 400)
        Self.expectRefused(Self.post(fixture, Self.signer()), fixture, "signature used before")
        fixture.expectAllSettled()
    }

    @Test("nothing of a body goes up before its signature is confirmed, whatever its type and length (K-041)")
    func nothingBefore() throws {
        for isChunked in [true, false] {
            let fixture = try Self.fixture()
            let body = String(repeating: "x", count: 100_000)
            let signed = Self.signer().fields("PUT", "/v1/files", body)
            var fields = GatewayFixture.fields(signed + [("Content-Type", "application/octet-stream")])
            fields.add(
                name: isChunked ? "Transfer-Encoding" : "Content-Length",
                value: isChunked ? "chunked" : String(body.utf8.count))
            let exchange = fixture.open("PUT", "/v1/files", fields)
            #expect(exchange.isBodyWanted)
            for piece in stride(from: 0, to: 100_000, by: 10_000) {
                #expect(fixture.transfers.isEmpty)
                exchange.send(
                    ByteBuffer(string: String(repeating: piece == 90_000 && isChunked ? "y" : "x", count: 10_000)))
            }
            exchange.sendEnd()
            fixture.run()
            if isChunked {
                Self.expectRefused(exchange, fixture, "signature wrong")
                #expect(fixture.transfers.isEmpty)
            } else {
                try fixture.transfer().answer(200)
                #expect(try fixture.transfer().text == body)
            }
            fixture.expectAllSettled()
        }
    }

    @Test("nonces of an earlier process do not pass, and those that have ended do not count (A-020, K-041)")
    func restart() throws {
        let before = try Self.fixture()
        _ = Self.post(before, Self.signer())
        try before.transfer().answer(200)
        let after = try Self.fixture()
        after.gateway.restore(before.observer.nonces)
        Self.expectRefused(Self.post(after, Self.signer()), after, "signature used before")
        _ = Self.post(after, Self.signer("fedcba9876543210"))
        #expect(after.attempts.count == 1)
        try after.transfer().answer(200)
        after.expectAllSettled()
    }

    @Test("a client whose nonces have no room waits as long as it is told to (K-041)")
    func full() throws {
        let fixture = try Self.fixture { $0.server.dryRun = true }
        let client = try #require(ClientName("ci"))
        let expires = WallTime(microseconds: (Self.start + 50) * 1_000_000)
        fixture.gateway.restore(
            try (0..<NonceLedger.Room().client).map { number in
                let digest = (0..<16).map { UInt8(truncatingIfNeeded: number >> ($0 < 3 ? 8 * $0 : 24)) }
                return try #require(UsedNonce(client: client, digest: digest, expires: expires))
            })
        let refused = Self.post(fixture, Self.signer())
        #expect(refused.status == 503)
        #expect(refused.header("x-kmi-error") == "overloaded")
        #expect(refused.header("retry-after") == "50")
        fixture.advance(by: .seconds(50))
        #expect(Self.post(fixture, Self.signer()).status == 200)
        fixture.expectAllSettled()
    }
}
