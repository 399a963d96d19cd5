import Foundation
import Glibc
import TestSupport
import Testing

@testable import kmictl

struct RunLockTests {
    @Test func isOverOnlyOnceNobodyHoldsIt() async throws {
        try await TemporaryDirectory.with { directory in
            let lock = try #require(RunLock(name: "run-aaaaaaaa", in: directory.path))
            #expect(!RunLock.isOver("run-aaaaaaaa", in: directory.path))
            #expect(RunLock(name: "run-aaaaaaaa", in: directory.path) == nil, "one run holds it")
            #expect(FileManager.default.fileExists(atPath: directory.path("run-aaaaaaaa")))
            lock.release()
            #expect(RunLock.isOver("run-aaaaaaaa", in: directory.path))
            RunLock.remove("run-aaaaaaaa", in: directory.path)
            #expect(!RunLock.isOver("run-aaaaaaaa", in: directory.path))
        }
    }

    @Test("a lock that could not be taken leaves no file that says that the run is over")
    func leavesNoUnheldFile() async throws {
        try await TemporaryDirectory.with { directory in
            let lock = RunLock(name: "run-bbbbbbbb", in: directory.path) { _ in
                errno = EWOULDBLOCK
                return -1
            }
            #expect(lock == nil)
            #expect(!FileManager.default.fileExists(atPath: directory.path("run-bbbbbbbb")))
        }
    }
}
