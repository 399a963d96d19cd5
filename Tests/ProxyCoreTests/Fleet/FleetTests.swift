import ProxyCore
import TestSupport
import Testing

extension Fleet {
    /// Lets a fleet live, on a thread of its own: it computes all the time, and others have only two threads to wait on.
    fileprivate static func judge(
        seed: UInt64, length: Int64 = 14 * FleetTime.day, mode: RotationMode = .roundRobin,
        sabotage: Fleet.Sabotage? = nil
    ) async throws -> FleetJudge {
        try await onOwnThread {
            let fleet = try Fleet(seed: seed, length: length, mode: mode, sabotage: sabotage)
            fleet.run()
            return fleet.judge
        }
    }
}

/// A whole fleet in virtual time: callers, a daemon, and providers with all their moods.
@Suite(.serialized)
struct FleetTests {
    private static func summary(_ judge: FleetJudge) -> String {
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
    func twoWeeks(seed: UInt64) async throws {
        let judge = try await Fleet.judge(seed: seed)
        if Tools.isSoak { print(Self.summary(judge)) }
        #expect(judge.faults.isEmpty, "\(judge.faults.joined(separator: "\n"))")
        // A fleet in which nothing happens shows nothing.
        #expect(judge.served > 200_000)
        #expect(judge.refused > 1000)
        #expect(judge.repeats > 100)
        #expect(judge.openings > 10 && judge.closings > 10)
        #expect(judge.restarts == 14)
        #expect(judge.wholeLimits > 0)
        for state in [KeyState.cooling, .exhausted, .billing, .suspect, .invalid] {
            #expect(judge.rests[state, default: 0] > 0, "no key was ever \(state)")
        }
    }
}

/// Shorter lives, one after the other: beside the long one they have the second processor.
@Suite(.serialized)
struct ShortFleetTests {
    /// A quarter of a day shows what a mode does wrong all the time; the long form looks for more.
    private static let length = Tools.isSoak ? FleetTime.day : FleetTime.day / 4

    @Test("each mode of rotation", .timeLimit(.minutes(10)), arguments: RotationMode.allCases)
    func rotates(mode: RotationMode) async throws {
        let judge = try await Fleet.judge(seed: 7, length: Self.length, mode: mode)
        #expect(judge.faults.isEmpty, "\(judge.faults.joined(separator: "\n"))")
        #expect(judge.served > 2_500)
    }

    @Test("the same seed makes the same decisions, another one others", .timeLimit(.minutes(10)))
    func isDeterministic() async throws {
        var digests: [UInt64] = []
        for seed in [11, 11, 12] as [UInt64] {
            let judge = try await Fleet.judge(seed: seed, length: Self.length)
            #expect(judge.digest.count > 2_500)
            digests.append(judge.digest.value)
        }
        #expect(digests[0] == digests[1])
        #expect(digests[0] != digests[2])
    }

    @Test(
        "what is made wrong on purpose is seen", .timeLimit(.minutes(10)),
        arguments: zip(Fleet.Sabotage.allCases, ["a", "b", "c", "c", "d", "e", "g", "h"]))
    func sabotageIsSeen(sabotage: Fleet.Sabotage, rule: String) async throws {
        let judge = try await Fleet.judge(seed: 3, length: 2 * FleetTime.day, sabotage: sabotage)
        #expect(judge.faults.contains { $0.hasPrefix("(\(rule))") }, "\(judge.faults.first ?? "no fault")")
    }
}
