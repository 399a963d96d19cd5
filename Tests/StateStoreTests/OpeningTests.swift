import Foundation
import GRDB
import ProxyCore
import TestSupport
import Testing

@testable import StateStore

@Suite(.timeLimit(.minutes(5)))
struct OpeningTests {
    @Test("every file has its final mode from the start (K-033, A-019)")
    func modes() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                store.append(try full(1))
                try await store.settled()
                let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
                #expect(names == ["state.sqlite", "state.sqlite-shm", "state.sqlite-wal"])
                for name in names { #expect(try Self.mode(directory.path(name)) == 0o600, "\(name)") }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["state.sqlite"])
        }
    }

    @Test("a database that was open to others is closed to them, and that is told (K-033)")
    func repairsModes() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { _ async throws in }
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o644], ofItemAtPath: directory.path("state.sqlite"))
            let log = LogCollector()
            try await withStore(in: directory, log: log) { _ async throws in
                #expect(try Self.mode(directory.path("state.sqlite")) == 0o600)
            }
            #expect(log.events == ["state_mode_repaired"])
        }
    }

    @Test("a link under one of its names is never followed (K-043)", arguments: ["", "-wal", "-shm", "-journal"])
    func refusesLinks(suffix: String) async throws {
        try await TemporaryDirectory.with { directory in
            if !suffix.isEmpty { try await withStore(in: directory) { _ async throws in } }
            let target = try directory.write("elsewhere", "precious")
            try FileManager.default.createSymbolicLink(
                atPath: directory.path("state.sqlite" + suffix), withDestinationPath: target)
            #expect(try await Self.refusal(in: directory).code == .unsafeFile)
            #expect(try String(contentsOfFile: target, encoding: .utf8) == "precious")
        }
    }

    @Test("a directory in the place of the database is refused")
    func refusesOtherKinds() async throws {
        try await TemporaryDirectory.with { directory in
            _ = try directory.makeDirectory("state.sqlite")
            #expect(try await Self.refusal(in: directory).code == .unsafeFile)
        }
    }

    @Test("what is no database of ours is refused and left as it is (K-037)")
    func refusesForeignFiles() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.path("state.sqlite")
            try directory.write("state.sqlite", String(repeating: "not a database ", count: 100))
            try await Self.expectUntouched(directory, .foreignDatabase)
            try FileManager.default.removeItem(atPath: path)
            try inspect(path) { try $0.execute(sql: "CREATE TABLE theirs (x); PRAGMA user_version = 1") }
            try await Self.expectUntouched(directory, .foreignDatabase)
        }
    }

    @Test("a newer schema is refused with a clear message and left as it is (K-037)", arguments: [false, true])
    func refusesNewerSchemas(inLog: Bool) async throws {
        let newer = "PRAGMA user_version = \(Migration.all.count + 1)"
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                store.append(try full(1))
                try await store.settled()
                if inLog {
                    // As after a kill: the newer version stands in the write-ahead log only.
                    try await store.onWriter { try $0.execute(sql: newer) }
                    try Self.copyImage(from: directory.path, to: try directory.makeDirectory("image"))
                }
            }
            if inLog {
                #expect(try await Self.refusal(in: directory.path + "/image", leaves: true).code == .newerSchema)
            } else {
                try inspect(directory.path("state.sqlite")) { try $0.execute(sql: newer) }
                let refusal = try await Self.expectUntouched(directory, .newerSchema)
                #expect(refusal.message.contains("schema \(Migration.all.count + 1)"))
                #expect(refusal.message.contains("backups/"))
            }
        }
    }

    @Test(
        "a database that violates its constraints is refused and left as it is (K-037)",
        arguments: [
            "INSERT INTO attempts (request, position, key, provider, duration_ns) VALUES (77, 0, 'a', 'sim', 0)",
            "PRAGMA ignore_check_constraints = ON; UPDATE key_counts SET count = -1",
            "PRAGMA ignore_check_constraints = ON; UPDATE installation SET key = x'00'",
        ])
    func refusesViolations(violation: String) async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { $0.append(try full(1)) }
            try inspect(directory.path("state.sqlite")) { database in
                try database.execute(sql: "PRAGMA foreign_keys = OFF")
                try database.execute(sql: violation)
            }
            let refusal = try await Self.expectUntouched(directory, .damaged)
            #expect(refusal.message.contains("backups/"))
        }
    }

    @Test("a violation that stands in the write-ahead log only is left there (K-037)")
    func refusesViolationsInTheLog() async throws {
        try await TemporaryDirectory.with { directory in
            let image = try directory.makeDirectory("image")
            try await withStore(in: directory) { store async throws in
                store.append(try full(1))
                try await store.settled()
                try await store.onWriter { database in
                    try database.execute(sql: "PRAGMA ignore_check_constraints = ON; UPDATE key_counts SET count = -1")
                }
                try Self.copyImage(from: directory.path, to: image)
            }
            #expect(try await Self.refusal(in: image, leaves: true).code == .damaged)
        }
    }

    @Test("a damaged page is found at the start (K-037)")
    func refusesDamage() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                for number in 0..<500 { store.append(try full(number)) }
            }
            let path = directory.path("state.sqlite")
            var data = try Data(contentsOf: URL(filePath: path))
            for index in 8192..<(data.count - 4096) where index % 4096 < 64 { data[index] = 0xAA }
            try data.write(to: URL(filePath: path))
            try await Self.expectUntouched(directory, .damaged)
        }
    }

    @Test("an empty file is no database yet; a log without its database is not thrown away")
    func knowsHalves() async throws {
        try await TemporaryDirectory.with { directory in
            try directory.write("state.sqlite", "")
            try await withStore(in: directory) { store async throws in #expect(try store.load().counts.isEmpty) }
            try FileManager.default.removeItem(atPath: directory.path("state.sqlite"))
            try directory.write("state.sqlite-wal", "rows")
            #expect(try await Self.refusal(in: directory).code == .damaged)
        }
    }

    @Test("what a kill left incomplete is removed (K-021)")
    func removesIncompleteFiles() async throws {
        try await TemporaryDirectory.with { directory in
            try directory.write("state.sqlite.new-1f", "half")
            try directory.write("state.sqlite.new-1f-journal", "half")
            try directory.write("backups/state.sqlite.new-2", "half")
            try directory.write("backups/state-20250101T000000Z-schema1.sqlite", "whole")
            try await withStore(in: directory) { _ async throws in }
            let names = try FileManager.default.subpathsOfDirectory(atPath: directory.path).sorted()
            #expect(names == ["backups", "backups/state-20250101T000000Z-schema1.sqlite", "state.sqlite"])
        }
    }

    static func copyImage(from directory: String, to image: String) throws {
        for name in ["state.sqlite", "state.sqlite-wal"] {
            try FileManager.default.copyItem(atPath: directory + "/" + name, toPath: image + "/" + name)
        }
    }

    @discardableResult
    private static func expectUntouched(
        _ directory: TemporaryDirectory, _ code: StateStoreError.Code
    ) async throws -> StateStoreError {
        let refusal = try await Self.refusal(in: directory.path, leaves: true)
        #expect(refusal.code == code, "\(refusal)")
        return refusal
    }

    private static func refusal(in directory: TemporaryDirectory) async throws -> StateStoreError {
        try await Self.refusal(in: directory.path, leaves: false)
    }

    private static func refusal(in directory: String, leaves: Bool) async throws -> StateStoreError {
        let files = [directory + "/state.sqlite", directory + "/state.sqlite-wal"]
        let before = leaves ? files.map { FileManager.default.contents(atPath: $0) ?? Data() } : []
        let refusal = #expect(throws: StateStoreError.self, "\(directory)") {
            try StateStore.open(directory: directory, logger: LogCollector().logger, now: newYear)
        }
        if leaves { #expect(files.map { FileManager.default.contents(atPath: $0) ?? Data() } == before) }
        return try #require(refusal)
    }

    private static func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
}
