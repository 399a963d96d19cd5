import Testing

@testable import ProxyCore

/// The number of requests at once while providers fare well and badly.
struct AdaptiveLimitTests {
    private static func source(_ model: String = "m", isStream: Bool = true) throws -> LatencySource {
        LatencySource(provider: try #require(ProviderName("kimi")), model: ModelName(model), isStream: isStream)
    }

    /// Lets time pass with so many answers a second.
    private static func pass(
        _ seconds: Int, _ limit: inout AdaptiveLimit, _ now: inout Instant, answers: Int = 10, overloads: Int = 0,
        isFull: Bool = true, time: (Int) -> Duration
    ) throws {
        let source = try Self.source()
        for _ in 0..<seconds {
            if isFull { limit.noteFull(at: now) }
            for number in 0..<answers { limit.noteFirstByte(after: time(number), of: source, at: now) }
            for _ in 0..<overloads { limit.noteOverload(at: now) }
            now = now + .seconds(1)
            limit.advance(to: now)
        }
    }

    @Test("slower answers under load lower it within ten seconds, by steps, not below a quarter (X-044)")
    func lowers() throws {
        var limit = AdaptiveLimit(64, isOn: true)
        var now = RateLimitTests.at(0)
        try Self.pass(60, &limit, &now) { .milliseconds(400 + $0 * 40) }
        #expect(limit.limit == 64)
        try Self.pass(10, &limit, &now) { .milliseconds(2_500 + $0 * 100) }
        #expect(limit.limit == 48)
        try Self.pass(10, &limit, &now) { .milliseconds(2_500 + $0 * 100) }
        #expect(limit.limit == 36)
        try Self.pass(60, &limit, &now) { .milliseconds(2_500 + $0 * 100) }
        #expect(limit.limit == 16)
        // Half a pause after the last slow answers it comes back step by step.
        try Self.pass(11, &limit, &now) { .milliseconds(400 + $0 * 40) }
        #expect(limit.limit == 16)
        try Self.pass(10, &limit, &now) { .milliseconds(400 + $0 * 40) }
        #expect(limit.limit == 20)
        try Self.pass(200, &limit, &now) { .milliseconds(400 + $0 * 40) }
        #expect(limit.limit == 64)
    }

    @Test("rate limits and overloads of providers lower it within ten seconds (X-044)")
    func lowersOnRefusals() throws {
        var limit = AdaptiveLimit(512, isOn: true)
        var now = RateLimitTests.at(0)
        try Self.pass(30, &limit, &now, answers: 10, overloads: 2) { _ in .milliseconds(500) }
        #expect(limit.limit == 512)
        try Self.pass(10, &limit, &now, answers: 5, overloads: 5) { _ in .milliseconds(500) }
        #expect(limit.limit == 384)
        try Self.pass(100, &limit, &now, answers: 0, overloads: 5) { _ in .zero }
        #expect(limit.limit == 128)
    }

    @Test("nothing happens where the limit is not used")
    func actsUnderLoadOnly() throws {
        var limit = AdaptiveLimit(64, isOn: true)
        var now = RateLimitTests.at(0)
        try Self.pass(60, &limit, &now, isFull: false) { _ in .milliseconds(400) }
        try Self.pass(60, &limit, &now, overloads: 10, isFull: false) { _ in .seconds(8) }
        #expect(limit.limit == 64)
    }

    @Test("a few callers with long prompts change nothing, even with all places taken")
    func bearsLongPrompts() throws {
        var limit = AdaptiveLimit(64, isOn: true)
        var now = RateLimitTests.at(0)
        try Self.pass(60, &limit, &now) { _ in .milliseconds(400) }
        try Self.pass(120, &limit, &now) { $0 < 4 ? .seconds(45) : .milliseconds(400) }
        #expect(limit.limit == 64)
    }

    @Test("another model, slower by nature, is compared with itself only")
    func comparesAlike() throws {
        var limit = AdaptiveLimit(64, isOn: true)
        var now = RateLimitTests.at(0)
        try Self.pass(60, &limit, &now) { _ in .milliseconds(400) }
        let slow = try Self.source("reasoner", isStream: false)
        for _ in 0..<60 {
            limit.noteFull(at: now)
            for _ in 0..<10 { limit.noteFirstByte(after: .seconds(40), of: slow, at: now) }
            now = now + .seconds(1)
            limit.advance(to: now)
        }
        #expect(limit.limit == 64)
    }

    @Test("a level that stays is the usual one after some minutes")
    func getsUsed() throws {
        var limit = AdaptiveLimit(64, isOn: true)
        var now = RateLimitTests.at(0)
        try Self.pass(60, &limit, &now) { _ in .milliseconds(400) }
        try Self.pass(120, &limit, &now) { _ in .milliseconds(4_000) }
        #expect(limit.limit == 16)
        try Self.pass(1_200, &limit, &now) { _ in .milliseconds(4_000) }
        #expect(limit.limit == 64)
    }

    @Test("it comes back while nothing happens at all")
    func comesBack() throws {
        var limit = AdaptiveLimit(64, isOn: true)
        var now = RateLimitTests.at(0)
        try Self.pass(60, &limit, &now, answers: 0, overloads: 10) { _ in .zero }
        #expect(limit.limit == 16)
        limit.advance(to: now + .seconds(600))
        #expect(limit.limit == 64)
    }

    @Test("small limits stay, and so do all where it is switched off", arguments: [(8, true), (3, true), (64, false)])
    func stays(configured: Int, isOn: Bool) throws {
        var limit = AdaptiveLimit(configured, isOn: isOn)
        var now = RateLimitTests.at(0)
        try Self.pass(60, &limit, &now, answers: 0, overloads: 10) { _ in .zero }
        #expect(limit.limit == configured)
    }

    @Test("another configured limit keeps what was lowered within it")
    func reconfigures() throws {
        var limit = AdaptiveLimit(64, isOn: true)
        var now = RateLimitTests.at(0)
        try Self.pass(12, &limit, &now, answers: 0, overloads: 10) { _ in .zero }
        let lowered = try #require(limit.limit)
        #expect(lowered < 64)
        limit.reconfigure(40, isOn: true, at: now)
        #expect(limit.limit == min(40, lowered))
        limit.reconfigure(40, isOn: false, at: now)
        #expect(limit.limit == 40)
        limit.reconfigure(nil, isOn: true, at: now)
        #expect(limit.limit == nil)
    }

    @Test("the door follows: fewer are let in, and those who wait come in as it recovers (X-044)")
    func movesTheDoor() throws {
        let door = Door { configuration in
            configuration.limits.adaptive = true
            configuration.limits.inFlight = 16
        }
        var tickets = try (0..<16).map { _ in try door.ticket(1) }
        for _ in 0..<10 {
            for _ in 0..<5 { door.overload() }
            door.advance(by: .seconds(1))
        }
        let lowered = try #require(door.limit)
        #expect(lowered == 12)
        let waiting = try door.wait(2)
        for _ in 0..<4 { door.leave(tickets.removeLast()) }
        #expect(door.admitted.isEmpty)
        door.leave(tickets.removeLast())
        #expect(door.admitted == [waiting])
        let next = try door.wait(2)
        door.advance(by: .seconds(20))
        #expect(try #require(door.limit) > lowered)
        #expect(door.admitted == [waiting, next])
    }

    @Test("the time of an answer runs from when the body was whole: how slowly a caller sends it says nothing (X-044)")
    func leavesOutUploads() {
        let (begun, answered) = (RateLimitTests.at(0), RateLimitTests.at(10_000))
        func time(bodyEnded: Instant?) -> Duration? {
            LatencySource.time(begun: begun, bodyEnded: bodyEnded, answered: answered)
        }
        #expect(time(bodyEnded: RateLimitTests.at(-5_000)) == .seconds(10))
        #expect(time(bodyEnded: begun) == .seconds(10))
        #expect(time(bodyEnded: RateLimitTests.at(9_600)) == .milliseconds(400))
        #expect(time(bodyEnded: RateLimitTests.at(10_001)) == .zero)
        #expect(time(bodyEnded: nil) == nil)
    }
}
