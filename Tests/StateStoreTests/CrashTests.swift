import Foundation
import GRDB
import ProxyCore
import TestSupport
import Testing

@testable import StateStore

@Suite(.serialized, .timeLimit(.minutes(5)))
struct CrashTests {
    private static let directoryVariable = "KMI_TEST_CRASH_DIRECTORY"

    @Test("killed at any moment, it opens, is sound, and has all that was confirmed (K-021, K-013, A-031)")
    func survivesKills() async throws {
        let kills = ProcessInfo.processInfo.environment["KMI_SOAK"] == nil ? 12 : 100
        try await TemporaryDirectory.with { directory in
            var confirmed = 0
            var requests: UInt64 = 0
            for kill in 0..<kills {
                let child = try ChildProcess(
                    try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
                    arguments: ["--testing-library", "swift-testing", "--filter", "CrashTests/writesUntilKilled"],
                    environment: ProcessInfo.processInfo.environment.merging(
                        [Self.directoryVariable: directory.path]) { $1 })
                try await Self.waitForMoment(kill, of: child, in: directory, confirmed: confirmed)
                child.send(SIGKILL)
                #expect(try await child.waitForExit() == .signalled(SIGKILL))
                confirmed = max(confirmed, child.lines(.standardOutput).compactMap(Self.confirmed).last ?? 0)
                guard FileManager.default.fileExists(atPath: directory.path("state.sqlite")) else { continue }

                let total = try await self.check(directory, confirmed: confirmed)
                #expect(total >= requests, "no committed counter goes back")
                requests = total
            }
            #expect(confirmed > 0 && requests > 0)
        }
    }

    @Test("cut off anywhere, the write-ahead log gives a sound state with counts and rows that agree (K-021, K-003)")
    func survivesTornLogs() async throws {
        try await TemporaryDirectory.with { directory in
            let log: Data
            let database: Data
            (database, log) = try await withStore(in: directory) { store async throws in
                // With no checkpoint the database stays as it is and the log only grows: any beginning of it is what a
                // kill at some moment leaves.
                try await store.onWriter { try $0.execute(sql: "PRAGMA wal_autocheckpoint = 0") }
                for round in 0..<15 {
                    for number in 0..<20 { store.append(try full(round * 20 + number)) }
                    try await store.commit([.override(.dryRun, .init(value: "\(round)", fileValue: "0"))])
                }
                return (
                    try Data(contentsOf: URL(filePath: directory.path("state.sqlite"))),
                    try Data(contentsOf: URL(filePath: directory.path("state.sqlite-wal")))
                )
            }
            var last: UInt64 = 0
            for cut in Set((0..<40).map { _ in Int.random(in: 0...log.count) } + [0, log.count]).sorted() {
                try await TemporaryDirectory.with { image in
                    try image.write("state.sqlite", database)
                    try image.write("state.sqlite-wal", log.prefix(cut))
                    let total = try await self.check(image, confirmed: 0)
                    #expect(total >= last)
                    last = total
                }
            }
            #expect(last == 300)
        }
    }

    /// Checks a state that was left behind, and returns how many requests it counts.
    private func check(_ directory: TemporaryDirectory, confirmed: Int) async throws -> UInt64 {
        try await withStore(in: directory) { store async throws in
            let problems = try await store.onWriter { try String.fetchAll($0, sql: "PRAGMA integrity_check") }
            #expect(problems == ["ok"])
            let state = try store.load()
            let value = state.changes.overrides[.dryRun].flatMap { Int($0.value) } ?? 0
            #expect(value >= confirmed)
            let rows = try await store.onWriter { try Int.fetchOne($0, sql: "SELECT count(*) FROM requests") }
            let attempts = try await store.onWriter { try Int.fetchOne($0, sql: "SELECT count(*) FROM attempts") }
            let counted = state.counts.clients.values.reduce(0) { $0 + $1.requests }
            #expect(rows.map(UInt64.init) == counted)
            #expect(attempts == rows.map { $0 * 2 })
            #expect(state.counts.keys.values.allSatisfy { $0.requests == counted })
            let spent = try await store.spending(SpendingQuery()).map(\.spending.requests)
            #expect(spent == (counted == 0 ? [] : [counted]), "money, counts and rows agree")
            return counted
        }
    }

    @Test("without a kill, what was confirmed is there as well")
    func writesUntilKilled() async throws {
        // The process that the other test starts and kills runs this one, in a directory that outlives it.
        if let directory = ProcessInfo.processInfo.environment[Self.directoryVariable] {
            return try await Self.write(to: directory, rounds: .max)
        }
        try await TemporaryDirectory.with { directory in
            try await Self.write(to: directory.path, rounds: 5)
            #expect(try await self.check(directory, confirmed: 5) == 150)
        }
    }

    /// Makes changes one after the other, under requests, and tells of each when it is confirmed.
    private static func write(to directory: String, rounds: Int) async throws {
        let store = try StateStore.open(directory: directory, logger: LogCollector().logger, now: newYear)
        var number = try store.load().changes.overrides[.dryRun].flatMap { Int($0.value) } ?? 0
        for _ in 0..<rounds {
            number += 1
            for index in 0..<30 { store.append(try full(index)) }
            try await store.commit([.override(.dryRun, .init(value: "\(number)", fileValue: "0"))])
            FileHandle.standardOutput.write(Data("confirmed \(number)\n".utf8))
        }
        await store.close()
    }

    /// Waits for the moment of a kill: the first ones come while the database is being made, the later ones somewhere in
    /// the work that follows one of the next confirmed changes.
    private static func waitForMoment(
        _ kill: Int, of child: ChildProcess, in directory: TemporaryDirectory, confirmed: Int
    ) async throws {
        switch kill {
        case 0: break
        case 1:
            try await eventually("something is written", within: .seconds(30), every: .milliseconds(1)) {
                try !FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty
            }
        case 2:
            try await eventually("the database is there", within: .seconds(30), every: .milliseconds(1)) {
                FileManager.default.fileExists(atPath: directory.path("state.sqlite"))
            }
        default:
            let last = confirmed + Int.random(in: 1...6)
            _ = try await child.firstMatch(on: .standardOutput, within: .seconds(30), "a confirmed change") {
                Self.confirmed($0).flatMap { $0 >= last ? $0 : nil }
            }
        }
    }

    private static func confirmed(_ line: String) -> Int? {
        line.hasPrefix("confirmed ") ? Int(line.dropFirst(10)) : nil
    }
}
