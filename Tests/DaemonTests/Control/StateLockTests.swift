import TestSupport
import Testing

@testable import Daemon

@Suite("The lock on a state directory (K-002, K-030)")
struct StateLockTests {
    @Test("a second holder is refused at once, and let in when the first one is gone; no file is left")
    func excludes() async throws {
        try await TemporaryDirectory.with { directory in
            var first: StateLock? = try StateLock(directory: directory.path("."))
            #expect(throws: StateLock.Taken.self) { try StateLock(directory: directory.path(".")) }
            withExtendedLifetime(first) {}
            first = nil
            let second = try StateLock(directory: directory.path("."))
            withExtendedLifetime(second) {}
        }
    }

    @Test("a directory that is not there is an error, not a lock")
    func needsDirectory() async throws {
        try await TemporaryDirectory.with { directory in
            _ = #expect(throws: Directories.Failure.self) { try StateLock(directory: directory.path("nowhere")) }
        }
    }
}
