import Testing

@testable import DBusKit

@Suite(.timeLimit(.minutes(5)))
struct LimitTests {
    private static func waiting(at gate: Gate) -> SampleObject {
        SampleObject(onCall: { _ in
            await gate.pass()
            return []
        })
    }

    @Test
    func runs64CallsOfOnePeerAtOnce() async throws {
        let gate = Gate()
        let exports = try Exports(Self.waiting(at: gate))
        try await withThrowingTaskGroup(of: CallOutcome.self) { group in
            for _ in 0..<64 { group.addTask { await exports.call("org.example.Sample", "Nothing") } }
            await gate.arrivals(64)
            #expect(await exports.call("org.example.Sample", "Nothing").error?.name == .limitsExceeded)
            // Introspection and pings do not wait, and others have their own share.
            #expect(await exports.call("org.freedesktop.DBus.Peer", "Ping") == .values([]))
            group.addTask { await exports.call("org.example.Sample", "Nothing", from: ":1.8") }
            group.addTask { await exports.call("org.example.Sample", "Nothing", from: nil) }
            await gate.arrivals(66)
            gate.open()
            for try await outcome in group { #expect(outcome == .values([])) }
        }
        #expect(gate.arrived == 66)
        try await self.runsAgain(exports)
    }

    @Test
    func runs512CallsAtOnceInAll() async throws {
        let gate = Gate()
        let exports = try Exports(Self.waiting(at: gate))
        try await withThrowingTaskGroup(of: CallOutcome.self) { group in
            for number in 0..<512 {
                let peer = try #require(BusName(":1.\(number / 64)"))
                group.addTask { await exports.call("org.example.Sample", "Nothing", from: peer) }
            }
            await gate.arrivals(512)
            #expect(
                await exports.call("org.example.Sample", "Nothing", from: ":1.99").error?.name == .limitsExceeded)
            gate.open()
            for try await outcome in group { #expect(outcome == .values([])) }
        }
        #expect(gate.arrived == 512)
        try await self.runsAgain(exports)
    }

    // The reply leaves before the call is counted as over.
    private func runsAgain(_ exports: Exports) async throws {
        var outcome = await exports.call("org.example.Sample", "Nothing")
        while outcome.error?.name == .limitsExceeded { outcome = await exports.call("org.example.Sample", "Nothing") }
        #expect(outcome == .values([]))
    }

    @Test
    func countsWhatBeginsAndEnds() {
        var limits = CallLimits()
        let admitted = (0..<66).map { _ in limits.begin(":1.1") }
        #expect(admitted == Array(repeating: true, count: 64) + [false, false])
        let ofNobody = limits.begin(nil)
        #expect(ofNobody)
        #expect(limits.count == 65)
        limits.end(":1.1")
        let again = [limits.begin(":1.1"), limits.begin(":1.1")]
        #expect(again == [true, false])
        for _ in 0..<64 { limits.end(":1.1") }
        limits.end(nil)
        #expect(limits.count == 0)
        // One too many changes nothing.
        limits.end(":1.1")
        #expect(limits.count == 0)
    }
}
