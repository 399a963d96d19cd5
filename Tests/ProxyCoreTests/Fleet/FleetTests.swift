import ProxyCore
import TestSupport
import Testing

/// A whole fleet in virtual time: callers, a daemon, and providers with all their moods.
struct FleetTests {
    private static func summary(_ fleet: Fleet) -> String {
        let judge = fleet.judge
        let rests = judge.rests.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key) \($0.value)" }
        return
            "\(judge.requests) requests, \(judge.attempts) attempts, \(judge.served) served, \(judge.refused) refused, "
            + "\(judge.repeats) repeats, \(judge.openings) openings, \(judge.closings) closings, "
            + "\(judge.wholeLimits) limits of all, \(judge.restarts) restarts, "
            + "digest \(judge.digest.value) of \(judge.digest.count), \(rests.joined(separator: ", "))"
    }

    @Test(
        "two weeks of 20 keys, 3 providers and 200 callers (K-008, K-026, T-003, X-030, X-068, X-069, A-031)",
        .timeLimit(.minutes(10)), arguments: Tools.isSoak ? Array(1...8) : [1] as [UInt64])
    func twoWeeks(seed: UInt64) throws {
        let fleet = try Fleet(seed: seed)
        fleet.run()
        if Tools.isSoak { print(Self.summary(fleet)) }
        #expect(fleet.judge.faults.isEmpty, "\(fleet.judge.faults.joined(separator: "\n"))")
        // A fleet in which nothing happens shows nothing.
        #expect(fleet.judge.served > 200_000)
        #expect(fleet.judge.refused > 1000)
        #expect(fleet.judge.repeats > 100)
        #expect(fleet.judge.openings > 10 && fleet.judge.closings > 10)
        #expect(fleet.judge.restarts == 14)
        #expect(fleet.judge.wholeLimits > 0)
        for state in [KeyState.cooling, .exhausted, .billing, .suspect, .invalid] {
            #expect(fleet.judge.rests[state, default: 0] > 0, "no key was ever \(state)")
        }
    }

    @Test("a day in each mode of rotation", .timeLimit(.minutes(10)), arguments: RotationMode.allCases)
    func aDay(mode: RotationMode) throws {
        let fleet = try Fleet(seed: 7, length: FleetTime.day, mode: mode)
        fleet.run()
        #expect(fleet.judge.faults.isEmpty, "\(fleet.judge.faults.joined(separator: "\n"))")
        #expect(fleet.judge.served > 10_000)
    }

    @Test("the same seed makes the same decisions, another one others", .timeLimit(.minutes(10)))
    func isDeterministic() throws {
        let digests = try ([11, 11, 12] as [UInt64]).map { seed in
            let fleet = try Fleet(seed: seed, length: FleetTime.day)
            fleet.run()
            #expect(fleet.judge.digest.count > 10_000)
            return fleet.judge.digest.value
        }
        #expect(digests[0] == digests[1])
        #expect(digests[0] != digests[2])
    }

    @Test(
        "what is made wrong on purpose is seen", .timeLimit(.minutes(10)),
        arguments: zip(Fleet.Sabotage.allCases, ["a", "b", "c", "c", "d", "e", "g", "h"]))
    func sabotageIsSeen(sabotage: Fleet.Sabotage, rule: String) throws {
        let fleet = try Fleet(seed: 3, length: 2 * FleetTime.day, sabotage: sabotage)
        fleet.run()
        #expect(fleet.judge.faults.contains { $0.hasPrefix("(\(rule))") }, "\(fleet.judge.faults.first ?? "no fault")")
    }
}
