import NIOCore
import ProxyCore
import TestSupport
import Testing

@testable import Gateway

/// New requests while memory is short (L-009, contract section 5).
struct MemoryPressureTests {
    private static let high = MemoryPressure.Reading(stalled: 60)
    private static let low = MemoryPressure.Reading(stalled: 0)

    private static func note(_ reading: MemoryPressure.Reading, _ fixture: GatewayFixture) -> Bool {
        fixture.gateway.noteMemory(reading, at: fixture.clock.now())
    }

    /// A reading a second that nobody waits for memory any more, until new requests are let in.
    private static func relax(_ fixture: GatewayFixture) -> Int {
        for second in 0..<30 {
            fixture.advance(by: .seconds(1))
            if self.note(self.low, fixture) { return second }
        }
        return .max
    }

    @Test(
        "every new unit of work is 503 overloaded with Retry-After, in the caller's dialect, and no provider is asked")
    func refusesNewWork() throws {
        let fixture = try GatewayFixture()
        #expect(Self.note(Self.high, fixture))
        #expect(!Self.note(Self.high, fixture))
        let refused = [
            fixture.post(), fixture.post(#"{"model":"m"}"#, "/p/kimi/chat/completions"),
            fixture.open("GET", "/v1/models"), fixture.open("GET", "/v1/models/m"),
            fixture.post(#"{"model":"m"}"#, "/kmi-rotor/v1/chat/completions"),
        ]
        for exchange in refused {
            #expect(exchange.status == 503)
            #expect(exchange.header("x-kmi-error") == "overloaded")
            #expect(try (1...61).contains(#require(exchange.header("retry-after").flatMap { Int($0) })))
        }
        let anthropic = fixture.post(#"{"model":"m"}"#, "/v1/messages")
        #expect(anthropic.status == 503)
        #expect(anthropic.text.contains("overloaded_error"))
        #expect(fixture.transfers.isEmpty)
        #expect(fixture.observer.warnings == ["memory_pressure"])
        #expect(fixture.metric("kmi_rejected_total", ["reason": "overloaded"]) == 6)
        fixture.expectAllSettled()
    }

    @Test("strangers learn nothing of it: what is refused for other reasons is refused before")
    func keepsOrder() throws {
        let fixture = try GatewayFixture()
        _ = Self.note(Self.high, fixture)
        #expect(fixture.open("GET", "/v1/models", GatewayFixture.fields([("Authorization", "")])).status == 401)
        #expect(fixture.open("GET", "/none").status == 404)
        #expect(fixture.open("GET", "/v1/models", GatewayFixture.fields([("Host", "evil.example")])).status == 403)
        fixture.expectAllSettled()
    }

    @Test("what runs goes on to its end, and cancelling works; Retry-After was right")
    func keepsRunningWork() throws {
        let fixture = try GatewayFixture()
        let (running, leaving) = (fixture.post(), fixture.post())
        _ = Self.note(Self.high, fixture)
        let refused = fixture.post()
        #expect(refused.status == 503)
        leaving.leave()
        fixture.run()
        #expect(try fixture.transfer(1).isCancelled)
        try fixture.transfer(0).answer(200)
        fixture.run()
        #expect(running.status == 200)
        let wait = try #require(refused.header("retry-after").flatMap { Int($0) })
        let left = Self.relax(fixture)
        #expect(left < wait)
        let next = fixture.post()
        try fixture.transfer().answer(200)
        fixture.run()
        #expect(next.status == 200)
        fixture.expectAllSettled()
    }

    @Test("who waited for a place is refused when memory has become short, and gives back all it took (L-009, T-037)")
    func refusesWhoWaited() throws {
        let fixture = try GatewayFixture { configuration in
            configuration.limits.inFlight = 1
            configuration.limits.client.rpm = 2
        }
        let running = fixture.post()
        let waiting = fixture.open(
            "POST", "/v1/chat/completions", GatewayFixture.fields([("Content-Length", "13")]))
        #expect(waiting.head == nil)
        _ = Self.note(Self.high, fixture)
        try fixture.transfer().answer(200)
        fixture.run()
        #expect(running.status == 200)
        #expect(waiting.status == 503 && !waiting.isBodyWanted)
        _ = Self.relax(fixture)
        let next = fixture.post()
        try fixture.transfer().answer(200)
        fixture.run()
        #expect(next.status == 200)
        fixture.expectAllSettled()
    }

    @Test("the setting is live: turned off it lets everybody in at the next look, turned on it counts")
    func followsSetting() throws {
        let fixture = try GatewayFixture { $0.limits.memoryPressure = nil }
        #expect(!Self.note(Self.high, fixture))
        fixture.gateway.apply(GatewayFixture.snapshot(try GatewayFixture.configuration()))
        #expect(Self.note(Self.high, fixture))
        #expect(fixture.gateway.pressure.isShedding)
        fixture.gateway.apply(
            GatewayFixture.snapshot(try GatewayFixture.configuration { $0.limits.memoryPressure = nil }))
        #expect(Self.note(Self.high, fixture))
        #expect(!fixture.gateway.pressure.isShedding)
    }

    @Test("somebody is to look when requests come, once, and again after a rest; never while it is off")
    func wakesWatcher() async throws {
        let gauge = MemoryPressureGauge(threshold: 20)
        let now = Instant(nanoseconds: 0)
        for _ in 0..<3 { #expect(gauge.refusal(at: now) == nil) }
        var wishes = gauge.wishes.makeAsyncIterator()
        #expect(await wishes.next() != nil)
        #expect(!gauge.isWatchNeeded(inFlight: 0))
        #expect(gauge.isWatchNeeded(inFlight: 1))
        #expect(gauge.note(Self.high, at: now) == .entered(.stalled))
        #expect(gauge.isWatchNeeded(inFlight: 0))
        gauge.rest()
        _ = gauge.refusal(at: now)
        #expect(await wishes.next() != nil)
        gauge.rest()
        gauge.configure(threshold: nil)
        _ = gauge.refusal(at: now)
        gauge.configure(threshold: 20)
        gauge.wake()
        // One wish, not two: the one while it was off was none.
        #expect(await wishes.next() != nil)
    }

    @Test("whoever looks again after a fault is told of what is still needed (T-012)", .timeLimit(.minutes(1)))
    func beginsAnew() async {
        let gauge = MemoryPressureGauge(threshold: 10)
        var wishes = gauge.wishes.makeAsyncIterator()
        #expect(gauge.refusal(at: Instant(nanoseconds: 0)) == nil)
        await wishes.next()
        // Whoever took that wish has failed while the request runs.
        gauge.beginWatch(inFlight: 1)
        await wishes.next()
        // It has failed again, and nothing runs any more: the next request has it look.
        gauge.beginWatch(inFlight: 0)
        gauge.wake()
        await wishes.next()
        // It has failed while new work is refused, which ends only if somebody looks.
        _ = gauge.note(Self.high, at: Instant(nanoseconds: 1))
        #expect(gauge.isShedding)
        gauge.beginWatch(inFlight: 0)
        await wishes.next()
    }
}
