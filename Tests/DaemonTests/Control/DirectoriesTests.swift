import Foundation
import Glibc
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

    @Test(
        "what the service manager names may be a link of its own, which is followed (A-017)",
        arguments: ["", "/", ":/nowhere"])
    func followsTheManagersLinks(end: String) async throws {
        try await TemporaryDirectory.with { directory in
            // As DynamicUser= lays it out.
            let state = try directory.makeDirectory("private/kmi")
            let runtime = try directory.makeDirectory("private/run")
            let files = FileManager.default
            try files.createSymbolicLink(atPath: directory.path("state"), withDestinationPath: "private/kmi")
            try files.createSymbolicLink(atPath: directory.path("run"), withDestinationPath: runtime)
            let found = try Directories(
                stateDirectory: nil,
                environment: [
                    "STATE_DIRECTORY": directory.path("state") + end, "RUNTIME_DIRECTORY": directory.path("run") + end,
                ])
            #expect(found.state == state)
            #expect(found.runtime == runtime)
            #expect(found.repaired.isEmpty)
            // A person's word is none of the manager's.
            #expect(throws: Directories.Failure.self) {
                try Directories(
                    stateDirectory: directory.path("state"), environment: ["STATE_DIRECTORY": directory.path("state")])
            }
            #expect(throws: Directories.Failure.self) {
                try files.createSymbolicLink(atPath: directory.path("home"), withDestinationPath: directory.path)
                try files.createSymbolicLink(atPath: directory.path("kmi"), withDestinationPath: state)
                _ = try Directories(stateDirectory: nil, environment: ["XDG_STATE_HOME": directory.path("home")])
            }
        }
    }

    @Test("where the manager's link leads is looked at as ever")
    func refusesLooseEnds() async throws {
        try await TemporaryDirectory.with { directory in
            let files = FileManager.default
            try files.createSymbolicLink(atPath: directory.path("loose"), withDestinationPath: directory.path("gone"))
            try files.createSymbolicLink(
                atPath: directory.path("file"), withDestinationPath: directory.write("target", ""))
            try files.createSymbolicLink(
                atPath: directory.path("open"), withDestinationPath: directory.makeDirectory("wide"))
            #expect(chmod(directory.path("wide"), 0o755) == 0)
            for name in ["loose", "file"] {
                #expect(throws: Directories.Failure.self) {
                    try Directories(stateDirectory: nil, environment: ["STATE_DIRECTORY": directory.path(name)])
                }
            }
            let closed = try Directories(stateDirectory: nil, environment: ["STATE_DIRECTORY": directory.path("open")])
            #expect(closed.repaired == [directory.path("wide")])
            #expect(try self.mode(directory.path("wide")) == 0o700)
        }
    }
}
