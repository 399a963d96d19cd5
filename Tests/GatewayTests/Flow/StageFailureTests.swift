import ProxyCore
import TestSupport
import Testing

@testable import Gateway

/// Stages that fail or take too long: they cost their own request, and are counted (T-005).
struct StageFailureTests {
    private static let stages = RequestStage.allCases.map(\.rawValue)

    /// How often each stage has failed, by stage and reason, without those that have not.
    private static func failures(_ fixture: GatewayFixture) -> [String: Double] {
        var found: [String: Double] = [:]
        for stage in Self.stages {
            for reason in RequestStage.Failure.allCases.map(\.rawValue) {
                let count = fixture.metric("kmi_stage_failures_total", ["stage": stage, "reason": reason])
                if count > 0 { found["\(stage) \(reason)"] = count }
            }
        }
        return found
    }

    @Test("a fault of the daemon is a structured 500 of its own request; those beside and after it are served (T-005)")
    func fault() throws {
        let fixture = try GatewayFixture { $0.retry.maxAttempts = 1 }
        let beside = fixture.post()
        let failing = fixture.post()
        try fixture.transfer(1).fail(.internalFault)
        #expect(failing.status == 500)
        #expect(failing.header("x-kmi-error") == "internal")
        #expect(failing.header("content-type") == "application/json")
        #expect(failing.text.contains(#""code":"internal""#), "\(failing.text)")
        #expect(!failing.text.contains("SECRET-DETAIL"))
        try fixture.transfer(0).answer(200)
        #expect(beside.status == 200)
        let after = fixture.post()
        try fixture.transfer().answer(200)
        #expect(after.status == 200)
        fixture.expectAllSettled()
        #expect(Self.failures(fixture) == ["forward fault": 1])
        #expect(fixture.observer.records.map(\.errorClass).filter { $0 == .daemonInternal }.count == 1)
        // The machine's fault is no word on the key.
        for label in ["alpha", "beta", "gamma"] { #expect(try fixture.key(label).state == .usable) }
    }

    @Test("a fault in the midst of an answer ends that answer alone, and nobody takes it for complete (T-005, X-040)")
    func faultInAnswer() throws {
        let fixture = try GatewayFixture()
        let failing = fixture.post(#"{"model":"m","stream":true}"#)
        let beside = fixture.post()
        let transfer = try fixture.transfer(0)
        transfer.takeBody()
        transfer.head(200, ["Content-Type": "text/event-stream"])
        transfer.body("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n")
        transfer.fail(.internalFault)
        #expect(failing.text.contains(#""code":"internal""#), "\(failing.text)")
        #expect(!failing.text.contains("[DONE]"))
        try fixture.transfer(1).answer(200)
        #expect(beside.status == 200)
        fixture.expectAllSettled()
        #expect(Self.failures(fixture) == ["answer fault": 1])
    }

    @Test("a stage over its time ends its own request with the status of that stage (T-005)")
    func timeouts() throws {
        let fixture = try GatewayFixture {
            $0.limits.inFlight = 1
            $0.limits.queueTimeout = .seconds(5)
            $0.upstream.firstByteTimeout = .seconds(60)
            $0.retry.maxAttempts = 1
        }
        let slow = fixture.post()
        let waiting = fixture.post()
        fixture.advance(by: .seconds(6))
        #expect(waiting.status == 503 || waiting.status == 429, "\(String(describing: waiting.status))")
        #expect(Self.failures(fixture) == ["admit timeout": 1])
        try fixture.transfer(0).takeBody()
        fixture.advance(by: .seconds(61))
        #expect(slow.status == 504)
        #expect(Self.failures(fixture) == ["admit timeout": 1, "forward timeout": 1])
        // The listener's own clock: a head or a body that does not come.
        _ = fixture.gateway.refusal(.timeout, head: nil)
        #expect(Self.failures(fixture) == ["admit timeout": 1, "forward timeout": 1, "receive timeout": 1])
        let after = fixture.post()
        try fixture.transfer().answer(200)
        #expect(after.status == 200)
    }

    @Test("refusals are no failures of a stage, and every stage has its series from the start (T-005)")
    func refusals() throws {
        let fixture = try GatewayFixture()
        #expect(fixture.post("{}", "/v1/chat/completions", [("Authorization", "Bearer wrong")]).status == 401)
        #expect(fixture.post(#"{"model":1}"#).status == 400)
        #expect(Self.failures(fixture).isEmpty)
        let series = fixture.scraped.series.filter { $0.name == "kmi_stage_failures_total" }
        #expect(series.count == Self.stages.count * 2)
    }
}
