import NIOCore
import ProxyCore
import TestSupport
import Testing

@testable import Gateway

/// Limits of callers, addresses and priorities as requests meet them (K-040, X-041, X-043, X-044, L-004).
struct LimitTests {
    private static let announced = [("Content-Length", "13")]

    private static func sendBody(_ exchange: FakeExchange) {
        exchange.send(ByteBuffer(string: #"{"model":"m"}"#))
        exchange.sendEnd()
    }

    private static func other(_ changes: [(String, String)] = []) -> [(String, String)] {
        [("Authorization", "Bearer token-of-other")] + changes
    }

    private static func fixture(_ change: (inout Configuration) throws -> Void) throws -> GatewayFixture {
        try GatewayFixture { configuration in
            configuration.clients.append(try GatewayFixture.client("other"))
            try change(&configuration)
        }
    }

    @Test("the sixth request within a second is 429 with Retry-After, another client is served (K-040, X-041)")
    func limitsRate() throws {
        let fixture = try Self.fixture { $0.limits.client.rps = 5 }
        for _ in 0..<5 {
            let exchange = fixture.post()
            try fixture.transfer().answer(200)
            #expect(exchange.status == 200)
        }
        let sixth = fixture.open("POST", "/v1/chat/completions", GatewayFixture.fields(Self.announced))
        #expect(sixth.status == 429)
        #expect(sixth.header("x-kmi-error") == "rate_limited")
        #expect(sixth.header("retry-after") == "1")
        #expect(!sixth.isBodyWanted)
        #expect(sixth.text.contains(#""type":"rate_limit_error""#))
        let another = fixture.post(#"{"model":"m"}"#, "/v1/chat/completions", Self.other())
        try fixture.transfer().answer(200)
        #expect(another.status == 200)
        fixture.advance(by: .seconds(1))
        let later = fixture.post()
        try fixture.transfer().answer(200)
        #expect(later.status == 200)
        fixture.expectAllSettled()
        #expect(fixture.metric("kmi_limited_total", ["limit": "client_rps"]) == 1)
        #expect(fixture.metric("kmi_rejected_total", ["reason": "rate_limited"]) == 1)
        #expect(fixture.metric("kmi_priority_requests_total", ["priority": "normal", "outcome": "refused"]) == 1)
        #expect(fixture.metric("kmi_priority_requests_total", ["priority": "normal", "outcome": "admitted"]) == 7)
        let refused = fixture.observer.records.filter { $0.status == 429 }
        #expect(refused.map(\.errorClass) == [.callerRateLimited])
        #expect(refused.map(\.outcome) == [.refused])
    }

    @Test("who leaves before the end is charged the prompt at least, who leaves before it was sent nothing (T-037)")
    func chargesPrompt() throws {
        let fixture = try Self.fixture { $0.limits.client.tpm = 60 }
        let early = fixture.open("POST", "/v1/chat/completions", GatewayFixture.fields(Self.announced))
        early.leave()
        fixture.run()
        let body =
            #"{"model":"m","messages":[{"role":"user","content":""# + String(repeating: "word ", count: 200) + #""}]}"#
        // As long as the provider has not got all of it there is nothing that it could have worked on.
        for isSent in [false, true] {
            let leaving = fixture.post(body)
            if isSent { try fixture.transfer().takeBody() }
            leaving.leave()
            fixture.run()
            #expect(leaving.status == nil)
            #expect(try fixture.transfer().isCancelled)
        }
        let next = fixture.post()
        #expect(next.status == 429)
        fixture.expectAllSettled()
        #expect(fixture.metric("kmi_limited_total", ["limit": "client_tpm"]) == 1)
    }

    @Test("a request that the provider does not answer in time is charged its prompt (T-037)")
    func chargesTimeouts() throws {
        let fixture = try Self.fixture {
            $0.limits.client.tpm = 60
            $0.upstream.firstByteTimeout = .seconds(1)
            $0.retry.maxAttempts = 1
        }
        let words = String(repeating: "word ", count: 200)
        let exchange = fixture.post(#"{"model":"m","messages":[{"role":"user","content":"\#(words)"}]}"#)
        try fixture.transfer().takeBody()
        fixture.advance(by: .seconds(1))
        #expect(exchange.status == 504)
        #expect(fixture.observer.records.map(\.outcome) == [.timedOut])
        #expect(fixture.post().status == 429)
        fixture.expectAllSettled()
    }

    @Test("a user of the Unix socket is limited by its number (K-040)")
    func limitsUsers() throws {
        let fixture = try Self.fixture { $0.limits.client.rps = 1 }
        let socket = ConnectionInfo.Transport.unix(uid: GatewayFixture.userID, pid: 1)
        let changes = [("Authorization", "")]
        let first = fixture.post(#"{"model":"m"}"#, "/v1/chat/completions", changes, transport: socket)
        try fixture.transfer().answer(200)
        #expect(first.status == 200)
        #expect(fixture.post(#"{"model":"m"}"#, "/v1/chat/completions", changes, transport: socket).status == 429)
        let client = fixture.post()
        try fixture.transfer().answer(200)
        #expect(client.status == 200)
        fixture.expectAllSettled()
    }

    @Test("a list of models counts for the rates, and a refusal is in the caller's dialect")
    func limitsLists() throws {
        let fixture = try Self.fixture { configuration in
            configuration.limits.client.rps = 1
            configuration.server.dryRun = true
        }
        let fields = GatewayFixture.fields([("anthropic-version", "2023-06-01")])
        #expect(fixture.open("GET", "/v1/models", fields).status == 200)
        let second = fixture.open("GET", "/v1/models", fields)
        #expect(second.status == 429)
        #expect(second.header("retry-after") == "1")
        #expect(second.text.contains(#""type":"error""#))
        #expect(fixture.post().status == 429)
        fixture.run()
    }

    @Test("dry-run passes the limits as well")
    func limitsDryRun() throws {
        let fixture = try Self.fixture { configuration in
            configuration.limits.client.rps = 1
            configuration.server.dryRun = true
        }
        #expect(fixture.post().status == 200)
        #expect(fixture.post().status == 429)
        fixture.expectAllSettled()
    }

    @Test("tokens that an answer took are counted for its client, whose next request waits for the debt")
    func limitsTokens() throws {
        let fixture = try Self.fixture { $0.limits.client.tpm = 600 }
        let first = fixture.post()
        try fixture.transfer().answer(
            200, ["Content-Type": "application/json"],
            #"{"model":"m-1","usage":{"prompt_tokens":1000,"completion_tokens":200,"total_tokens":1200}}"#)
        fixture.run()
        #expect(first.status == 200)
        let second = fixture.post()
        #expect(second.status == 429)
        #expect(["60", "61"].contains(second.header("retry-after")))
        #expect(fixture.metric("kmi_limited_total", ["limit": "client_tpm"]) == 1)
        let another = fixture.post(#"{"model":"m"}"#, "/v1/chat/completions", Self.other())
        try fixture.transfer().answer(200)
        #expect(another.status == 200)
        fixture.advance(by: .seconds(Int(second.header("retry-after") ?? "") ?? 0))
        let third = fixture.post()
        try fixture.transfer().answer(200)
        #expect(third.status == 200)
        fixture.expectAllSettled()
    }

    @Test("a key over its tokens is passed over until they are paid back")
    func limitsTokensOfKeys() throws {
        let fixture = try Self.fixture { configuration in
            configuration.keys[0].tpm = 600
            configuration.rotation.mode = .sticky
            configuration.rotation.affinity = false
        }
        let usage = #"{"model":"m-1","usage":{"prompt_tokens":1000,"completion_tokens":200,"total_tokens":1200}}"#
        for _ in 0..<2 {
            _ = fixture.post()
            try fixture.transfer().answer(200, ["Content-Type": "application/json"], usage)
            fixture.run()
        }
        #expect(fixture.transfers.map(\.credential) == ["Bearer sk-alpha", "Bearer sk-beta"])
        fixture.expectAllSettled()
    }

    @Test(
        "an attempt that ends early counts for its key as its prompt at least (T-037)",
        arguments: [
            "the caller leaves", "the caller leaves a stream", "the stream breaks off", "no answer comes",
            "an error in the stream", "refused", "not sent",
        ])
    func chargesKeysForPrompts(end: String) throws {
        let fixture = try Self.fixture { configuration in
            configuration.keys = [configuration.keys[0]]
            configuration.keys[0].tpm = 60
            configuration.retry.maxAttempts = 1
        }
        let words = String(repeating: "word ", count: 200)
        let exchange = fixture.post(#"{"model":"m","messages":[{"role":"user","content":"\#(words)"}]}"#)
        let transfer = try fixture.transfer()
        if end != "not sent" { transfer.takeBody() }
        if end.contains("stream") {
            transfer.head(200, ["Content-Type": "text/event-stream"])
            transfer.body("data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\n")
        }
        switch end {
        case "the stream breaks off": transfer.fail(.closedDuringAnswer)
        case "no answer comes": transfer.fail(.closedBeforeAnswer)
        case "an error in the stream":
            transfer.body("data: {\"error\":{\"type\":\"server_error\",\"message\":\"no\"}}\n\n")
            transfer.complete()
        case "refused": transfer.answer(400, ["Content-Type": "application/json"], #"{"error":{"message":"no"}}"#)
        case "not sent": transfer.fail(.unreachable, sent: false)
        default: exchange.leave()
        }
        fixture.run()
        #expect(exchange.isOver)
        // What the end says of the key itself is forgotten.
        fixture.gateway.resetKeys()
        let next = fixture.post()
        if end == "refused" || end == "not sent" {
            try fixture.transfer().answer(200)
            #expect(next.status == 200)
        } else {
            #expect(next.status == 429)
            #expect(next.text.contains("limits"))
        }
        fixture.expectAllSettled()
    }

    @Test("with A at its limit and 100 of its requests waiting, B starts at once (X-043)")
    func doesNotDelayOthers() throws {
        let fixture = try Self.fixture { configuration in
            configuration.limits.inFlight = 4
            configuration.clients[0].inFlight = 2
        }
        let running = [fixture.post(), fixture.post()]
        let waiting = (0..<100).map { _ in
            fixture.open("POST", "/v1/chat/completions", GatewayFixture.fields(Self.announced))
        }
        #expect(fixture.gateway.queuedRequests == 100)
        let another = fixture.post(#"{"model":"m"}"#, "/v1/chat/completions", Self.other())
        try fixture.transfer().answer(200)
        #expect(another.status == 200)
        try fixture.transfer(0).answer(200)
        fixture.run()
        #expect(running[0].status == 200)
        #expect(waiting[0].isBodyWanted && !waiting[1].isBodyWanted)
        fixture.advance(by: .seconds(30))
        #expect(waiting[1].status == 429)
        #expect(fixture.metric("kmi_limited_total", ["limit": "client_in_flight"]) == 99)
        Self.sendBody(waiting[0])
        try fixture.transfer().answer(200)
        try fixture.transfer(1).answer(200)
        fixture.expectAllSettled()
        #expect(fixture.metric("kmi_queue_wait_seconds_count", ["priority": "normal"]) == 1)
    }

    @Test("who fills the queue gives way, and hears of it (X-043)")
    func givesWay() throws {
        let fixture = try Self.fixture { configuration in
            configuration.limits.inFlight = 1
            configuration.limits.queue = 2
        }
        _ = fixture.post()
        let own = (0..<2).map { _ in
            fixture.open("POST", "/v1/chat/completions", GatewayFixture.fields(Self.announced))
        }
        let another = fixture.open(
            "POST", "/v1/chat/completions", GatewayFixture.fields(Self.other(Self.announced)))
        fixture.run()
        #expect(own[0].head == nil && another.head == nil)
        #expect(own[1].status == 503)
        #expect(own[1].header("retry-after") != nil)
        try fixture.transfer().answer(200)
        fixture.run()
        #expect(another.isBodyWanted)
        Self.sendBody(another)
        try fixture.transfer().answer(200)
        fixture.run()
        Self.sendBody(own[0])
        try fixture.transfer().answer(200)
        fixture.expectAllSettled()
    }

    @Test("high priority has places of its own and goes first (L-004)")
    func prefersHigh() throws {
        let fixture = try Self.fixture { configuration in
            configuration.limits.inFlight = 2
            configuration.limits.highMaximum = 1
            configuration.clients[1].scopes.insert(.priorityHigh)
        }
        let first = fixture.post()
        let second = fixture.open("POST", "/v1/chat/completions", GatewayFixture.fields(Self.announced))
        #expect(second.head == nil && !second.isBodyWanted)
        let high = fixture.post(#"{"model":"m"}"#, "/v1/chat/completions", Self.other([("X-KMI-Priority", "high")]))
        #expect(fixture.attempts.count == 2)
        let next = fixture.open(
            "POST", "/v1/chat/completions",
            GatewayFixture.fields(Self.other(Self.announced + [("X-KMI-Priority", "high")])))
        try fixture.transfer(0).answer(200)
        fixture.run()
        #expect(first.status == 200)
        #expect(next.isBodyWanted && !second.isBodyWanted)
        Self.sendBody(next)
        for index in 1...2 { try fixture.transfer(index).answer(200) }
        fixture.run()
        #expect(high.status == 200)
        Self.sendBody(second)
        try fixture.transfer().answer(200)
        fixture.expectAllSettled()
        #expect(fixture.metric("kmi_priority_requests_total", ["priority": "high", "outcome": "admitted"]) == 1)
        #expect(fixture.metric("kmi_priority_requests_total", ["priority": "high", "outcome": "queued"]) == 1)
    }

    @Test("limits set by a reload hold at once, and what was used is kept (T-037)")
    func reloads() throws {
        let fixture = try Self.fixture { $0.limits.client.rpm = 3 }
        for _ in 0..<3 {
            _ = fixture.post()
            try fixture.transfer().answer(200)
        }
        var configuration = try GatewayFixture.configuration { $0.limits.client.rpm = 2 }
        fixture.gateway.apply(GatewayFixture.snapshot(configuration))
        #expect(fixture.post().status == 429)
        configuration.limits.client.rpm = nil
        fixture.gateway.apply(GatewayFixture.snapshot(configuration))
        let free = fixture.post()
        try fixture.transfer().answer(200)
        #expect(free.status == 200)
        fixture.expectAllSettled()
    }

    @Test("while providers say that they have too much to do, fewer are let in, and the gauge follows (X-044)")
    func adapts() throws {
        let fixture = try Self.fixture { configuration in
            configuration.limits.inFlight = 16
            configuration.retry.maxAttempts = 1
        }
        #expect(fixture.gateway.admissionStatistics.concurrencyLimit == 16)
        for _ in 0..<16 { _ = fixture.post() }
        for index in 0..<12 {
            fixture.advance(by: .milliseconds(100))
            try fixture.transfer(index).answer(503)
        }
        fixture.advance(by: .seconds(2))
        #expect(fixture.gateway.admissionStatistics.concurrencyLimit == 12)
        for exchange in fixture.exchanges where !exchange.isOver { exchange.leave() }
        fixture.expectAllSettled()
        fixture.advance(by: .seconds(120))
        #expect(fixture.gateway.admissionStatistics.concurrencyLimit == 16)
    }

    @Test(
        "callers who send their bodies slowly do not lower it, providers who answer slowly do (X-044)",
        arguments: [true, false])
    func adaptsToProvidersOnly(isProviderSlow: Bool) throws {
        let fixture = try Self.fixture { $0.limits.inFlight = 16 }
        let fields = GatewayFixture.fields([("Content-Type", "audio/wav"), ("Content-Length", "8")])
        func round(upload: Duration, answer: Duration) throws {
            let first = fixture.transfers.count
            let exchanges = (0..<16).map { _ in fixture.open("POST", "/v1/audio/transcriptions", fields) }
            #expect(fixture.transfers.count == first + 16)
            for exchange in exchanges { exchange.send(ByteBuffer(string: "RIFF")) }
            fixture.advance(by: upload)
            for exchange in exchanges {
                exchange.send(ByteBuffer(string: "data"))
                exchange.sendEnd()
            }
            fixture.advance(by: answer)
            for index in first..<first + 16 { try fixture.transfer(index).answer(200) }
            for exchange in exchanges { #expect(exchange.status == 200) }
        }
        for _ in 0..<3 { try round(upload: .zero, answer: .milliseconds(100)) }
        fixture.advance(by: .seconds(10))
        let slow = Duration.seconds(2)
        try round(upload: isProviderSlow ? .zero : slow, answer: isProviderSlow ? slow : .milliseconds(100))
        fixture.advance(by: .seconds(1))
        #expect(fixture.gateway.admissionStatistics.concurrencyLimit == (isProviderSlow ? 12 : 16))
        fixture.expectAllSettled()
    }
}
