import NIOCore
import ProxyCore
import TestSupport
import Testing

@testable import Gateway

/// Requests that wait for a place (contract section 3, `limits`).
struct AdmissionTests {
    private static func fixture(queue: Int = 2) throws -> GatewayFixture {
        try GatewayFixture { configuration in
            configuration.limits.inFlight = 1
            configuration.limits.queue = queue
            configuration.limits.queueTimeout = .seconds(30)
        }
    }

    private static let announced = GatewayFixture.fields([("Content-Length", "13")])

    private static func sendBody(_ exchange: FakeExchange) {
        exchange.send(ByteBuffer(string: #"{"model":"m"}"#))
        exchange.sendEnd()
    }

    @Test("waits in order, reads no body meanwhile, and is refused where the queue is full (X-041)")
    func waitsInOrder() throws {
        let fixture = try Self.fixture()
        let first = fixture.post()
        let second = fixture.open("POST", "/v1/chat/completions", Self.announced)
        let third = fixture.open("POST", "/v1/chat/completions", Self.announced)
        let fourth = fixture.open("POST", "/v1/chat/completions", Self.announced)
        #expect(!second.isBodyWanted && !third.isBodyWanted)
        #expect(fixture.gateway.queuedRequests == 2)
        #expect(fourth.status == 503)
        #expect(fourth.header("x-kmi-error") == "overloaded")
        #expect(fourth.header("retry-after") == "1")
        try fixture.transfer().answer(200)
        fixture.run()
        #expect(first.status == 200)
        #expect(second.isBodyWanted && !third.isBodyWanted)
        Self.sendBody(second)
        try fixture.transfer().answer(200)
        fixture.run()
        #expect(third.isBodyWanted)
        Self.sendBody(third)
        try fixture.transfer().answer(200)
        #expect(third.status == 200)
        fixture.expectAllSettled()
    }

    @Test("a wait that is too long is 503 overloaded")
    func timesOut() throws {
        let fixture = try Self.fixture()
        _ = fixture.post()
        let waiting = fixture.open("POST", "/v1/chat/completions", Self.announced)
        fixture.advance(by: .seconds(30))
        #expect(waiting.status == 503)
        #expect(fixture.gateway.queuedRequests == 0)
        try fixture.transfer().answer(200)
        fixture.expectAllSettled()
    }

    @Test("a caller that leaves while it waits gives its place in the queue back at once")
    func leavesQueue() throws {
        let fixture = try Self.fixture(queue: 1)
        _ = fixture.post()
        let gone = fixture.open("POST", "/v1/chat/completions", Self.announced)
        gone.leave()
        fixture.run()
        #expect(fixture.gateway.queuedRequests == 0)
        let next = fixture.open("POST", "/v1/chat/completions", Self.announced)
        #expect(next.head == nil)
        try fixture.transfer().answer(200)
        fixture.run()
        Self.sendBody(next)
        try fixture.transfer().answer(200)
        #expect(next.status == 200)
        fixture.expectAllSettled()
    }

    @Test("a caller that leaves in the moment of its admission passes the place on")
    func leavesWhenAdmitted() throws {
        let fixture = try Self.fixture()
        _ = fixture.post()
        let gone = fixture.open("POST", "/v1/chat/completions", Self.announced)
        let next = fixture.open("POST", "/v1/chat/completions", Self.announced)
        gone.leave()
        try fixture.transfer().answer(200)
        fixture.run()
        #expect(next.isBodyWanted)
        Self.sendBody(next)
        try fixture.transfer().answer(200)
        fixture.expectAllSettled()
    }

    @Test(
        "from many threads no more than the limit are inside, and everybody gets in or gives up",
        .timeLimit(.minutes(5)))
    func gateConcurrency() async {
        var configuration = Configuration()
        configuration.limits.inFlight = 4
        configuration.limits.queue = 10_000
        configuration.limits.adaptive = false
        let gate = AdmissionGate(AdmissionPolicy(configuration))
        let clock = ManualClock()
        let log = Log()
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    for turn in 0..<300 {
                        let request = AdmissionRequest(caller: .user(UInt32(worker % 3)))
                        switch gate.enter(
                            request, at: clock.now(),
                            { decision in
                                guard case .admitted(let ticket) = decision else { return log.add(-1) }
                                gate.leave(ticket, tokens: 0, at: clock.now())
                            })
                        {
                        case .admitted(let ticket):
                            if gate.occupancy.inside > 4 { log.add(gate.occupancy.inside) }
                            gate.leave(ticket, tokens: 0, at: clock.now())
                        case .waiting(let number):
                            if (worker + turn) % 2 == 0 { _ = gate.abandon(number, at: clock.now()) }
                        case .refused:
                            log.add(-1)
                        }
                    }
                }
            }
        }
        #expect(log.entries.isEmpty)
        #expect(gate.occupancy == (0, 0))
    }
}
