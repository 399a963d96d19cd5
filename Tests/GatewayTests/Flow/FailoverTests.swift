import NIOCore
import ProxyCore
import Testing

@testable import Gateway

/// What becomes of a request when attempts fail (contract section 5).
struct FailoverTests {
    private static let body = #"{"model":"m","messages":[{"role":"user","content":"hello"}]}"#

    @Test(
        "goes on with the next key, the same body and nothing of the failure (T-003)",
        arguments: [429, 500, 502, 503, 504, 529])
    func nextKey(status: Int) throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post(Self.body)
        try fixture.transfer(0).answer(status, ["Content-Type": "text/plain", "Retry-After": "7"], "BROKEN")
        #expect(exchange.head == nil)
        let second = try fixture.transfer(1)
        second.answer(200, ["Content-Type": "application/json"], #"{"ok":1}"#)
        fixture.run()
        #expect(second.text == Self.body)
        #expect(try fixture.transfer(0).text == Self.body)
        #expect(second.credential == "Bearer sk-beta")
        #expect(exchange.status == 200)
        #expect(exchange.text == #"{"ok":1}"#)
        #expect(exchange.header("x-kmi-key") == "beta")
        #expect(exchange.header("x-kmi-attempts") == "2")
        #expect(exchange.header("retry-after") == nil)
        // Only a rate limit is the key's own (X-068).
        #expect(try fixture.key("alpha").state == (status == 429 ? .cooling : .usable))
        #expect(try fixture.key("beta").state == .usable)
        #expect(fixture.metric("kmi_retries_total") == 1)
        #expect(fixture.metric("kmi_key_requests_total", ["key": "beta", "outcome": "ok"]) == 1)
        #expect(fixture.metric("kmi_errors_total") == 0)
        fixture.expectAllSettled()
    }

    @Test(
        "goes on after faults of the transport (T-003)",
        arguments: [
            UpstreamFailure.Kind.unreachable, .connectTimeout, .closedBeforeAnswer, .closedDuringAnswer,
            .protocolViolation,
        ])
    func transportFaults(kind: UpstreamFailure.Kind) throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post(Self.body)
        try fixture.transfer(0).fail(kind)
        try fixture.transfer(1).answer(200)
        #expect(try fixture.transfer(1).text == Self.body)
        #expect(exchange.status == 200)
        #expect(try fixture.key("alpha").state == .usable)
        fixture.expectAllSettled()
    }

    @Test("the last answer is passed on unchanged when all attempts failed (T-004)", arguments: [429, 500, 503])
    func lastAnswer(status: Int) throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post(Self.body)
        for index in 0..<3 {
            try fixture.transfer(index).answer(
                status, ["Content-Type": "text/x-odd", "Retry-After": "\(40 + index)"], "failure \(index)")
        }
        #expect(fixture.transfers.count == 3)
        #expect(exchange.status == status)
        #expect(exchange.text == "failure 2")
        #expect(exchange.header("content-type") == "text/x-odd")
        #expect(exchange.header("retry-after") == "42")
        #expect(exchange.header("x-kmi-error") == nil)
        #expect(exchange.header("x-kmi-attempts") == "3")
        #expect(exchange.header("x-kmi-key") == "gamma")
        #expect(fixture.metric("kmi_errors_total") == 1)
        fixture.expectAllSettled()
    }

    @Test("no more attempts than max_attempts", arguments: [1, 2, 3])
    func maxAttempts(most: Int) throws {
        let fixture = try GatewayFixture { $0.retry.maxAttempts = most }
        let exchange = fixture.post()
        for _ in 0..<most { try fixture.transfer().answer(500) }
        #expect(fixture.transfers.count == most)
        #expect(exchange.status == 500)
        fixture.expectAllSettled()
    }

    @Test("no attempt starts after the deadline")
    func deadline() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        fixture.advance(by: .seconds(30))
        try fixture.transfer().answer(500)
        #expect(fixture.transfers.count == 1)
        #expect(exchange.status == 500)
        fixture.expectAllSettled()
    }

    @Test(
        "transport faults become the errors of the contract, without their detail (T-017)",
        arguments: [
            (UpstreamFailure.Kind.unreachable, 502, "upstream_unreachable"), (.tls, 502, "upstream_tls"),
            (.pinMismatch, 502, "upstream_pin_mismatch"), (.connectTimeout, 504, "upstream_timeout"),
            (.closedDuringAnswer, 502, "upstream_protocol"), (.protocolViolation, 502, "upstream_protocol"),
            (.internalFault, 500, "internal"),
        ])
    func transportErrors(kind: UpstreamFailure.Kind, status: Int, code: String) throws {
        let fixture = try GatewayFixture { $0.retry.maxAttempts = 1 }
        let exchange = fixture.post()
        try fixture.transfer().fail(kind)
        #expect(exchange.status == status)
        #expect(exchange.header("x-kmi-error") == code)
        #expect(!exchange.text.contains("SECRET-DETAIL"))
        #expect(!exchange.text.contains("kimi.com"))
        fixture.expectAllSettled()
    }

    @Test("TLS trouble concerns the provider: no other key of it is tried")
    func tlsConcernsOrigin() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        try fixture.transfer().fail(.tls, sent: false)
        #expect(fixture.transfers.count == 1)
        #expect(exchange.status == 502)
        fixture.expectAllSettled()
    }

    @Test("a refused key is 502 upstream_auth, never a 401 that the caller takes for its own (T-004)")
    func upstreamAuth() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        for _ in 0..<3 {
            try fixture.transfer().answer(
                401, ["Content-Type": "application/json", "WWW-Authenticate": "Bearer"], #"{"error":"sk-alpha"}"#)
        }
        #expect(fixture.transfers.count == 3)
        #expect(exchange.status == 502)
        #expect(exchange.header("x-kmi-error") == "upstream_auth")
        #expect(exchange.header("www-authenticate") == nil)
        #expect(!exchange.text.contains("sk-alpha"))
        // What every key is refused is not the fault of any of them.
        for label in ["alpha", "beta", "gamma"] { #expect(try fixture.key(label).state == .usable) }
        fixture.expectAllSettled()
    }

    @Test("402 becomes no_usable_key, with every key and its state")
    func billing() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        for _ in 0..<3 { try fixture.transfer().answer(402) }
        #expect(exchange.status == 503)
        #expect(exchange.header("x-kmi-error") == "no_usable_key")
        #expect(exchange.header("retry-after") == "3600")
        #expect(exchange.header("x-should-retry") == "false")
        for label in ["alpha", "beta", "gamma"] {
            #expect(
                exchange.text.contains(
                    #"{"label":"\#(label)","state":"billing","reason":"provider_billing","usable_at":"2026-01-01T01:00:00"#
                ))
        }
        fixture.expectAllSettled()
    }

    @Test("all keys cooling: 429 no_usable_key with the keys, and the soonest as Retry-After")
    func allCooling() throws {
        let fixture = try GatewayFixture()
        _ = fixture.post()
        for wait in [50, 20, 90] { try fixture.transfer().answer(429, ["Retry-After": "\(wait)"]) }
        let exchange = fixture.post()
        #expect(fixture.transfers.count == 3)
        #expect(exchange.status == 429)
        #expect(exchange.header("x-kmi-error") == "no_usable_key")
        #expect(exchange.header("retry-after") == "20")
        #expect(exchange.header("x-should-retry") == nil)
        #expect(exchange.header("x-kmi-attempts") == "0")
        #expect(
            exchange.text.contains(
                #"{"label":"beta","state":"cooling","reason":"provider_rate_limited","usable_at":"2026-01-01T00:00:20"#)
        )
        fixture.advance(by: .seconds(20))
        let later = fixture.post()
        try fixture.transfer().answer(200)
        #expect(later.header("x-kmi-key") == "beta")
        fixture.expectAllSettled()
    }

    @Test("no key at all: 503 no_usable_key, not worth another try")
    func noKeys() throws {
        let fixture = try GatewayFixture { $0.keys = [] }
        let exchange = fixture.post()
        #expect(exchange.status == 503)
        #expect(exchange.header("x-kmi-error") == "no_usable_key")
        #expect(exchange.header("x-should-retry") == "false")
        #expect(exchange.text.contains(#""keys":[]"#))
        fixture.expectAllSettled()
    }

    @Test("the request's own fault passes at once and changes no key", arguments: [400, 404, 413, 422])
    func rejected(status: Int) throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        try fixture.transfer().answer(
            status, ["Content-Type": "application/json"], #"{"error":{"type":"invalid_request_error"}}"#)
        #expect(fixture.transfers.count == 1)
        #expect(exchange.status == status)
        #expect(exchange.text == #"{"error":{"type":"invalid_request_error"}}"#)
        #expect(try fixture.key("alpha").state == .usable)
        #expect(fixture.metric("kmi_errors_total", ["type": "provider_rejected"]) == 1)
        fixture.expectAllSettled()
    }

    @Test("a JSON answer that is cut before it is complete is fetched again (contract 4)")
    func cutJSON() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        let first = try fixture.transfer()
        first.takeBody()
        first.head(200, ["Content-Type": "application/json; charset=utf-8"])
        first.body(#"{"half":"#)
        #expect(exchange.head == nil)
        first.fail(.closedDuringAnswer)
        try fixture.transfer(1).answer(200, ["Content-Type": "application/json"], #"{"whole":1}"#)
        #expect(exchange.text == #"{"whole":1}"#)
        fixture.expectAllSettled()
    }

    @Test("a JSON answer over 256 KiB is passed on as it comes, and cut off where it breaks")
    func longJSON() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        let transfer = try fixture.transfer()
        transfer.takeBody()
        transfer.head(200, ["Content-Type": "application/json"])
        transfer.body(ByteBuffer(repeating: 0x20, count: Attempt.jsonBodyLimit))
        #expect(exchange.head == nil)
        transfer.body("x")
        #expect(exchange.status == 200)
        #expect(exchange.body.readableBytes == Attempt.jsonBodyLimit + 1)
        transfer.fail(.closedDuringAnswer)
        #expect(fixture.transfers.count == 1)
        #expect(exchange.end == .aborted)
        fixture.expectAllSettled()
    }

    @Test("an answer over response_body is an error of its own, or cut where it has begun (K-039)")
    func responseTooLarge() throws {
        let fixture = try GatewayFixture { configuration in
            configuration.server.limits.responseBody = 100
            configuration.retry.maxAttempts = 1
        }
        let announced = fixture.post()
        try fixture.transfer().answer(200, ["Content-Type": "application/json", "Content-Length": "101"])
        #expect(announced.header("x-kmi-error") == "response_too_large")
        let held = fixture.post()
        try fixture.transfer().answer(200, ["Content-Type": "application/json"], String(repeating: "x", count: 101))
        #expect(held.header("x-kmi-error") == "response_too_large")
        #expect(held.status == 502)
        let passed = fixture.post()
        try fixture.transfer().head(200, ["Content-Type": "audio/wav"])
        try fixture.transfer().body(String(repeating: "x", count: 60))
        #expect(passed.status == 200)
        try fixture.transfer().body(String(repeating: "x", count: 60))
        #expect(passed.end == .aborted)
        #expect(passed.body.readableBytes == 60)
        let error = fixture.post()
        try fixture.transfer().answer(400, ["Content-Type": "text/plain"], String(repeating: "x", count: 101))
        #expect(error.end == .aborted)
        fixture.expectAllSettled()
    }

    @Test("an idle connection that died is replaced once, on the same key")
    func staleConnection() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post(Self.body, "/v1/chat/completions", [("X-KMI-Key", "beta")])
        try fixture.transfer(0).takeBody()
        try fixture.transfer(0).fail(.closedBeforeAnswer, reused: true)
        #expect(try fixture.transfer(1).credential == "Bearer sk-beta")
        #expect(try fixture.key("beta").inFlight == 1)
        try fixture.transfer(1).answer(200)
        #expect(try fixture.transfer(1).text == Self.body)
        #expect(exchange.header("x-kmi-attempts") == "2")
        let again = fixture.post(Self.body, "/v1/chat/completions", [("X-KMI-Key", "beta")])
        for _ in 0..<2 { try fixture.transfer().fail(.closedBeforeAnswer, reused: true) }
        #expect(fixture.transfers.count == 4)
        #expect(again.status == 502)
        fixture.expectAllSettled()
    }

    @Test("repeat_possibly_billed = false: what was fully sent and may be done is not asked again")
    func possiblyBilled() throws {
        let fixture = try GatewayFixture { $0.providers[0].repeatPossiblyBilled = false }
        let timedOut = fixture.post()
        try fixture.transfer().answer(504)
        #expect(timedOut.status == 504)
        let cut = fixture.post()
        try fixture.transfer().takeBody()
        try fixture.transfer().fail(.closedBeforeAnswer)
        #expect(cut.status == 502)
        #expect(fixture.transfers.count == 2)
        let unsent = fixture.post()
        try fixture.transfer().fail(.unreachable, sent: false)
        try fixture.transfer().answer(200)
        #expect(unsent.status == 200)
        let limited = fixture.post()
        try fixture.transfer().answer(429)
        try fixture.transfer().answer(200)
        #expect(limited.status == 200)
        fixture.expectAllSettled()
    }

    @Test("a pinned key is not failed over from, and its answer passes")
    func pinned() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post(Self.body, "/v1/chat/completions", [("X-KMI-Key", "gamma")])
        try fixture.transfer().answer(429, ["Retry-After": "9"], "slow down")
        #expect(fixture.transfers.count == 1)
        #expect(exchange.status == 429)
        #expect(exchange.text == "slow down")
        let next = fixture.post(Self.body, "/v1/chat/completions", [("X-KMI-Key", "gamma")])
        #expect(next.status == 429)
        #expect(next.header("x-kmi-error") == "no_usable_key")
        #expect(next.header("retry-after") == "9")
        fixture.expectAllSettled()
    }

    @Test("a conversation stays on its key and moves with a failure")
    func session() throws {
        let fixture = try GatewayFixture()
        func ask(_ status: Int) throws -> String? {
            let exchange = fixture.post(Self.body, "/v1/chat/completions", [("X-KMI-Session", "s1")])
            try fixture.transfer().answer(status)
            if status != 200 { try fixture.transfer().answer(200) }
            return exchange.header("x-kmi-key")
        }
        #expect(try ask(200) == "alpha")
        _ = fixture.post()
        try fixture.transfer().answer(200)
        #expect(try ask(200) == "alpha")
        let moved = try ask(429)
        #expect(moved != "alpha")
        fixture.advance(by: .seconds(60))
        #expect(try ask(200) == moved)
        fixture.expectAllSettled()
    }

    @Test("an error whose body does not come is decided by its status, and its key rests (X-068)")
    func stalledError() throws {
        let fixture = try GatewayFixture()
        let exchange = fixture.post()
        try fixture.transfer(0).takeBody()
        try fixture.transfer(0).head(429, ["Retry-After": "33"])
        fixture.advance(by: .seconds(6))
        #expect(try fixture.key("alpha").state == .cooling)
        #expect(try fixture.transfer(0).isCancelled)
        try fixture.transfer(1).answer(200)
        #expect(exchange.status == 200)
        fixture.expectAllSettled()
    }

    @Test("key limits: a full key leads to the next one, and no key is given more than it may have (K-026)")
    func keyLimits() throws {
        let fixture = try GatewayFixture { configuration in
            for index in configuration.keys.indices { configuration.keys[index].inFlight = 2 }
        }
        let exchanges = (0..<7).map { _ in fixture.post() }
        #expect(fixture.transfers.count == 6)
        #expect(exchanges[6].status == 429)
        #expect(exchanges[6].header("x-kmi-error") == "rate_limited")
        #expect(exchanges[6].header("retry-after") == "1")
        for label in ["alpha", "beta", "gamma"] { #expect(try fixture.key(label).inFlight == 2) }
        for transfer in fixture.transfers { transfer.answer(200) }
        #expect(exchanges.prefix(6).allSatisfy { $0.status == 200 })
        fixture.expectAllSettled()
    }
}
