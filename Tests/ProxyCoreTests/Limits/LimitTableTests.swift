import TestSupport
import Testing

@testable import ProxyCore

/// The tables of callers and addresses (K-031).
struct LimitTableTests {
    private static let limits = CallerLimits(rps: 2, rpm: nil, tpm: nil)

    private static func admits(_ table: inout LimitTable, _ key: LimitKey, at now: Instant) -> Bool {
        let place = table.place(of: key, at: now)
        guard table[place].obstacle(Self.limits, at: now) == nil else { return false }
        _ = table[place].take(Self.limits, at: now)
        return true
    }

    @Test("forgetting, and sharing where there is no room, grant nobody more than its rate (K-031)")
    func grantsNothing() {
        for seed in UInt64(1)...60 {
            var random = SeededGenerator(seed: seed)
            var table = LimitTable(capacity: 80)
            var admitted: [UInt32: [Instant]] = [:]
            var now = RateLimitTests.at(0)
            for _ in 0..<6000 {
                now = now + .microseconds(Int64.random(in: 0..<(seed % 2 == 0 ? 2_000 : 12_000), using: &random))
                let number = UInt32.random(in: 0..<400, using: &random) / (Bool.random(using: &random) ? 1 : 40)
                if Self.admits(&table, .address(number), at: now) { admitted[number, default: []].append(now) }
                #expect(table.count <= 80)
            }
            #expect(admitted.values.allSatisfy { RateLimitTests.holds($0, burst: 2, perSecond: 2) })
            #expect(table.evictions > 0)
            if seed % 2 == 0 { #expect(table.overflows > 0) }
        }
    }

    @Test("after the overflow a newcomer has its own entry again, which begins with what was used (K-031)")
    func leavesOverflow() {
        var table = LimitTable(capacity: 80)
        let start = RateLimitTests.at(0)
        for number in UInt32(0)..<80 { #expect(Self.admits(&table, .address(number), at: start)) }
        let later = start + .milliseconds(400)
        for _ in 0..<2 { #expect(Self.admits(&table, .address(1000), at: later)) }
        #expect(!Self.admits(&table, .address(1000), at: later))
        let free = start + .milliseconds(600)
        #expect(table.place(of: .address(1000), at: free) != LimitTable.overflow)
        #expect(!Self.admits(&table, .address(1000), at: free))
        #expect(table.place(of: .address(1001), at: free) != LimitTable.overflow)
    }

    @Test("while something of the overflow is under way no newcomer has an entry of its own (K-031)")
    func keepsOverflow() {
        var table = LimitTable(capacity: 80)
        let start = RateLimitTests.at(0)
        for number in UInt32(0)..<80 { #expect(Self.admits(&table, .address(number), at: start)) }
        table[table.place(of: .address(1000), at: start)].inside += 1
        #expect(table.place(of: .address(1001), at: start + .seconds(60)) == LimitTable.overflow)
    }

    @Test("what is under way or waits keeps its entry")
    func keepsUsed() {
        var table = LimitTable(capacity: 100)
        let kept = table.place(of: .user(1), at: RateLimitTests.at(0))
        table[kept].inside += 1
        for number in UInt32(0)..<10_000 {
            _ = table.place(of: .address(number), at: RateLimitTests.at(Int64(number) * 1000))
        }
        #expect(table.place(of: .user(1), at: RateLimitTests.at(10_000_000)) == kept)
        #expect(table[kept].inside == 1)
    }

    /// What that takes of memory is measured where nothing else runs, at a daemon (ManyNamesTests).
    @Test("any number of callers and addresses keeps the tables bounded (K-031)", .timeLimit(.minutes(5)))
    func isBounded() throws {
        var configuration = Configuration()
        configuration.limits.client.rpm = 5
        configuration.limits.client.inFlight = 2
        configuration.limits.address.rps = 5
        var admission = Admission(AdmissionPolicy(configuration))
        var now = RateLimitTests.at(0)
        for number in UInt64(0)..<(Tools.isSoak ? 1_000_000 : 100_000) {
            now = now + .microseconds(50)
            let request: AdmissionRequest
            if number % 2 == 0 {
                let name = try #require(ClientName("client-\(number)"))
                request = AdmissionRequest(caller: .client(name), address: .network(number))
            } else {
                request = AdmissionRequest(
                    caller: .address(UInt32(number)), address: .address(UInt32(number)))
            }
            if case .admitted(let ticket) = admission.enter(request, at: now) {
                admission.leave(ticket, tokens: 10, at: now)
            }
        }
        let statistics = admission.statistics(at: now)
        #expect(statistics.entries <= Admission.callerCapacity + 2 * Admission.addressCapacity)
        #expect(statistics.overflows > 0)
        #expect(statistics.evictions > 0)
        #expect(admission.present.isEmpty && admission.lines.isEmpty)
    }
}
