import Foundation
import Gateway
import Logging
import ProxyCore
import StateStore
import TestSupport
import Testing

@testable import Daemon

@Suite(.timeLimit(.minutes(5)))
struct BackupsTests {
    @Test("regular copies rest while damage of the database is known, and tell of no failures (K-037, A-022)")
    func restWhileDamaged() async throws {
        try await TemporaryDirectory.with { directory in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let time = SystemTime()
            var store = try StateStore.open(directory: directory.path, logger: logger, now: time.wallTime())
            for number in 0..<500 {
                store.append(RequestRecord(id: "request-\(number)", receivedAt: time.wallTime(), dialect: .openai))
            }
            await store.close()
            store = try StateStore.open(directory: directory.path, logger: logger, now: time.wallTime())
            try Self.damage(directory.path("state.sqlite"))

            let job = SharedJobState(.backup, time: time)
            let backups = Backups(store: store, interval: .seconds(60), count: 1, time: time, job: job)
            let first = Task { await backups.work() }
            try await eventually("the copy has met the damage") { job.snapshot.failures == 1 }
            try await eventually("it rests") { job.snapshot.nextRun == nil && job.snapshot.interval == nil }
            first.cancel()
            await first.value
            #expect(store.statistics.damage != nil)
            #expect(store.statistics.backupFailures == 0)
            let left = try FileManager.default.subpathsOfDirectory(atPath: directory.path)
            #expect(!left.contains { $0.hasPrefix("backups/") })
            await store.close()
        }
    }

    /// Overwrites the beginning of every page but those that the store has read at its start.
    private static func damage(_ path: String) throws {
        let file = try FileHandle(forUpdating: URL(filePath: path))
        let size = try file.seekToEnd()
        for page in stride(from: UInt64(8192), to: size, by: 4096) {
            try file.seek(toOffset: page)
            try file.write(contentsOf: Data(repeating: 0xAA, count: 64))
        }
        try file.close()
    }
}
