import Foundation
import TestSupport
import Testing

@testable import Daemon

@Suite("The daemon's directories (A-019, K-033, K-043)")
struct DirectoriesTests {
    private func directories(_ state: String) throws -> Directories {
        try Directories(stateDirectory: state, environment: [:])
    }

    private func mode(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test(
        "a directory that is not there is made for the daemon's user alone, its parents too",
        arguments: ["", "/", "//"])
    func makes(end: String) async throws {
        try await TemporaryDirectory.with { directory in
            let state = try self.directories(directory.path("a/b") + end).state
            #expect(state == directory.path("a/b"))
            #expect(try self.mode(state) == 0o700)
            #expect(try self.mode(directory.path("a")) == 0o700)
        }
    }

    @Test("one that was open to others is closed")
    func closes() async throws {
        try await TemporaryDirectory.with { directory in
            let state = try directory.makeDirectory("state")
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: state)
            #expect(try self.directories(state).repaired == [state])
            #expect(try self.directories(state).repaired.isEmpty)
            #expect(try self.mode(state) == 0o700)
        }
    }

    @Test("a symbolic link is refused, and what it points at is left as it is", arguments: ["", "/"])
    func refusesLink(end: String) async throws {
        try await TemporaryDirectory.with { directory in
            let target = try directory.makeDirectory("target")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: target)
            try FileManager.default.createSymbolicLink(atPath: directory.path("link"), withDestinationPath: target)
            #expect(throws: Directories.Failure.self) { try self.directories(directory.path("link") + end) }
            #expect(try self.mode(target) == 0o755)
        }
    }

    @Test("a file is refused")
    func refusesFile() async throws {
        try await TemporaryDirectory.with { directory in
            let file = try directory.write("file", "")
            #expect(throws: Directories.Failure.self) { try self.directories(file) }
        }
    }
}
