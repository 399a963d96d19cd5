import NIOCore
import NIOEmbedded
import ProxyCore
import TestSupport
import Testing

@testable import Gateway

/// When nothing may be asked at all, and how the checks begin, end and stay within bounds.
@Suite(.timeLimit(.minutes(5)))
struct KeyChecksTests {
    @Test("nothing is asked at the very start (X-067)")
    func isQuietAtStart() throws {
        let fixture = try KeyChecksFixture()
        fixture.start()
        fixture.advance(by: .seconds(10))
        #expect(fixture.open.isEmpty)
        fixture.end()
    }

    @Test("makes no call in dry-run, not even when asked to (X-063)")
    func makesNoCallInDryRun() throws {
        let fixture = try KeyChecksFixture { $0.server.dryRun = true }
        fixture.start()
        try fixture.makeDue("alpha")
        let alpha = try fixture.grant("alpha")
        fixture.host.change { $0.wanted = [alpha] }
        let refreshed = fixture.checks.refreshed(nil)
        fixture.advance(by: .seconds(7_200), step: .seconds(60))
        #expect(try refreshed.wait() == 0)
        #expect(fixture.transfers.isEmpty)
        // Once it is over the job goes on by itself.
        let snapshot = try KeyChecksFixture.snapshot()
        fixture.host.change { $0.snapshot = snapshot }
        fixture.advance(by: .seconds(120))
        #expect(!fixture.transfers.isEmpty)
        fixture.end()
    }

    @Test("asks nothing with another secret than the one that is meant (T-015)")
    func asksNothingForOldGrants() throws {
        let fixture = try KeyChecksFixture { $0.providers[0].usageRefresh = nil }
        fixture.start()
        let old = try fixture.grant("alpha", generation: 7)
        let now = fixture.clock.now()
        fixture.host.change { $0.due = [(old, now)] }
        let before = fixture.transfers.count
        fixture.checks.wake()
        fixture.loop.run()
        #expect(fixture.host.now.begun.isEmpty)
        #expect(fixture.transfers.count == before)
        // The same key with the present secret is asked about.
        try fixture.makeDue("alpha")
        #expect(fixture.transfers.count == before + 1)
        fixture.end()
    }

    @Test func asksNothingOfDisabledKeys() throws {
        let fixture = try KeyChecksFixture { $0.keys[0].enabled = false }
        fixture.start()
        fixture.advance(by: .seconds(60))
        #expect(Set(fixture.transfers.compactMap(\.credential)) == ["Bearer sk-beta", "Bearer sk-gamma"])
        fixture.end()
    }

    @Test("ends everything that is under way when it is stopped, and tells nobody wrong (T-012)")
    func stops() throws {
        let fixture = try KeyChecksFixture()
        fixture.start()
        let refreshed = fixture.checks.refreshed(nil)
        fixture.loop.run()
        try fixture.makeDue("alpha")
        fixture.end()
        #expect(fixture.open.isEmpty)
        #expect(fixture.transfers.allSatisfy { $0.isCancelled && $0.misuses.isEmpty })
        #expect(
            fixture.host.now.ended.map { $0.result.described } == ["abandoned", "abandoned", "abandoned"])
        #expect(try refreshed.wait() == 3)
        let count = fixture.transfers.count
        fixture.advance(by: .seconds(3_600), step: .seconds(60))
        #expect(fixture.transfers.count == count)
        // And begins anew when it is started again.
        fixture.start()
        fixture.advance(by: .seconds(31))
        #expect(fixture.transfers.count == count + 3)
        fixture.end()
    }

    @Test("does not spin on a check that cannot begin")
    func doesNotSpin() throws {
        let fixture = try KeyChecksFixture { $0.providers[0].usageRefresh = nil }
        fixture.start()
        let alpha = try fixture.grant("alpha")
        let now = fixture.clock.now()
        fixture.host.change { state in
            // Somebody else is checking it, and it is told as due all the same.
            state.due = [(alpha, now)]
            state.checking = [alpha]
        }
        fixture.checks.wake()
        fixture.advance(by: .seconds(10), step: .milliseconds(100))
        #expect(fixture.host.now.begun.isEmpty)
        fixture.end()
    }
}
