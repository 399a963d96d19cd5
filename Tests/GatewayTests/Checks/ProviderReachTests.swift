import NIOCore
import NIOEmbedded
import ProxyCore
import TestSupport
import Testing

@testable import Gateway

/// Whether a provider can be reached, as doctor asks.
@Suite(.timeLimit(.minutes(5)))
struct ProviderReachTests {
    private let base: UpstreamBase

    init() throws {
        self.base = try UpstreamBase(parsing: "https://llm.example/v1")
    }

    @Test("asks without any key, and is content with whatever head comes")
    func asks() throws {
        let fixture = try KeyChecksFixture()
        let reach = fixture.checks.reached(self.base, pins: ["sha256//x"], within: .seconds(5))
        fixture.loop.run()
        let transfer = try #require(fixture.open.first)
        #expect(transfer.request.target == "/v1/models")
        #expect(transfer.request.pins == ["sha256//x"])
        #expect(transfer.credential == nil)
        transfer.head(401, ["Date": "Sun, 06 Nov 1994 08:49:37 GMT"])
        #expect(try reach.wait().end == .answered(status: 401, date: "Sun, 06 Nov 1994 08:49:37 GMT"))
        #expect(transfer.isCancelled)
        #expect(fixture.host.now.ended.isEmpty, "the pool hears nothing of it")
    }

    @Test("tells why a provider does not answer, and gives up in time")
    func failsAndGivesUp() throws {
        let fixture = try KeyChecksFixture()
        let failing = fixture.checks.reached(self.base, pins: [], within: .seconds(5))
        let silent = fixture.checks.reached(self.base, pins: [], within: .seconds(5))
        fixture.loop.run()
        let transfers = fixture.open
        try #require(transfers.count == 2)
        transfers[0].fail(.tls)
        guard case .failed(.tls, _) = try failing.wait().end else {
            Issue.record("no failure of TLS")
            return
        }
        fixture.loop.advanceTime(by: .seconds(5))
        #expect(try silent.wait().end == .timedOut)
        #expect(transfers[1].isCancelled)
        #expect(transfers.flatMap(\.misuses).isEmpty)
    }
}
