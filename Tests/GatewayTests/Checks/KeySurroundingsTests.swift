import NIOCore
import NIOEmbedded
import ProxyCore
import TestSupport
import Testing

@testable import Gateway

/// What sleep, network and battery do to the checks of keys.
@Suite(.timeLimit(.minutes(5)))
struct KeySurroundingsTests {
    @Test("keys are checked before their time, each once at a time, and unknown ones not at all")
    func checksEarly() throws {
        let fixture = try KeyChecksFixture()
        fixture.start()
        let labels = [try #require(KeyLabel("alpha")), try #require(KeyLabel("nobody"))]
        fixture.checks.lookAgain(at: labels)
        fixture.checks.lookAgain(at: labels)
        fixture.loop.run()
        #expect(fixture.host.now.begun == [try fixture.grant("alpha")])
        #expect(fixture.open.count == 1)
        fixture.end()
        fixture.checks.lookAgain(at: labels)
        fixture.loop.run()
        #expect(fixture.host.now.begun.count == 1)
    }

    @Test("checks before their time keep within the bounds of all, and the others follow (K-044)")
    func keepsBounds() throws {
        let fixture = try KeyChecksFixture { configuration in
            configuration.keys = try (10..<50).map { try GatewayFixture.key("k\($0)") }
        }
        fixture.start()
        // As many as one provider is asked at once.
        _ = fixture.checks.refreshed(nil)
        fixture.loop.run()
        let most = CheckSchedule.Policy().atOncePerProvider
        #expect(fixture.open.count == most && most < 40)
        let late = try (42..<50).map { try #require(KeyLabel("k\($0)")) }
        fixture.checks.lookAgain(at: late)
        fixture.loop.run()
        #expect(fixture.open.count == most)
        for transfer in fixture.open.prefix(8) { transfer.json(KeyChecksFixture.usages) }
        fixture.loop.run()
        #expect(fixture.open.count == most)
        #expect(Set(fixture.host.now.begun.suffix(8).map(\.label)) == Set(late))
        fixture.end()
    }

    @Test("slowed down before it began, the job is slow from its beginning")
    func slowsDown() throws {
        var counts: [Int] = []
        for factor in [1, 4] {
            let fixture = try KeyChecksFixture()
            fixture.checks.slow(by: factor)
            fixture.start()
            for _ in 0..<6_000 {
                fixture.advance(by: .seconds(1))
                for transfer in fixture.open { transfer.json(status: 200, KeyChecksFixture.usages) }
                fixture.loop.run()
            }
            counts.append(fixture.host.now.begun.count { $0.label.text == "alpha" })
            fixture.end()
        }
        #expect((9...12).contains(counts[0]), "\(counts)")
        #expect((3...4).contains(counts[1]), "\(counts)")
    }
}
