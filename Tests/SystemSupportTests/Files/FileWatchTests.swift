import Foundation
import Synchronization
import SystemSupport
import TestSupport
import Testing

/// What is told of files.
@Suite(.timeLimit(.minutes(5)))
struct FileWatchTests {
    /// Runs `change` while a file is watched, and tells how it was noticed; nothing else may be told before.
    private static func notices(
        _ name: String = "kmi.toml", before: (String) throws -> Void = { _ in }, _ change: (String) throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { directory in
            let root = directory.resolvedPath
            try before(root)
            let (events, event) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            let watch = try FileWatch { event.yield() }
            defer { watch.close() }
            var places = WatchPlaces()
            places.add(file: root + "/" + name)
            try watch.watch(places)
            try change(root)
            for await _ in events { return }
        }
    }

    @Test("what is written in place, moved in, linked, removed is told (T-034)")
    func tellsWhatHappens() async throws {
        let files = FileManager.default
        func write(_ path: String) throws { try Data("a = 1\n".utf8).write(to: URL(fileURLWithPath: path)) }
        try await Self.notices { try write($0 + "/kmi.toml") }
        let written: (String) throws -> Void = { try write($0 + "/kmi.toml") }
        try await Self.notices(before: written) { root in
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: root + "/kmi.toml"))
            try handle.write(contentsOf: Data("b".utf8))
            try handle.close()
        }
        let writtenAside: (String) throws -> Void = { try write($0 + "/new") }
        try await Self.notices(before: writtenAside) {
            try files.moveItem(atPath: $0 + "/new", toPath: $0 + "/kmi.toml")
        }
        try await Self.notices {
            try files.createSymbolicLink(atPath: $0 + "/kmi.toml", withDestinationPath: "nowhere")
        }
        try await Self.notices(before: writtenAside) {
            try files.linkItem(atPath: $0 + "/new", toPath: $0 + "/kmi.toml")
        }
        try await Self.notices(before: written) {
            try files.removeItem(atPath: $0 + "/kmi.toml")
        }
        try await Self.notices("kmi/kmi.toml") {
            try files.createDirectory(atPath: $0 + "/kmi", withIntermediateDirectories: false)
        }
    }

    @Test("a file that is only begun, and one of another name, are not told")
    func tellsNothingElse() async throws {
        try await TemporaryDirectory.with { directory in
            let root = directory.resolvedPath
            let count = Mutex(0)
            let (events, event) = AsyncStream<Void>.makeStream()
            let watch = try FileWatch {
                count.withLock { $0 += 1 }
                event.yield()
            }
            defer { watch.close() }
            var places = WatchPlaces()
            places.add(file: root + "/kmi.toml")
            try watch.watch(places)
            try directory.write("other.toml", "")
            let path = root + "/kmi.toml"
            #expect(FileManager.default.createFile(atPath: root + "/.kmi.toml.swp", contents: nil))
            let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            #expect(descriptor >= 0)
            #expect(write(descriptor, "a", 1) == 1)
            close(descriptor)
            // The kernel tells events in their order: had one of those before been told, it would have come first.
            for await _ in events { break }
            #expect(count.withLock { $0 } == 1)
        }
    }

    @Test func aClosedWatchTellsNothing() async throws {
        try await TemporaryDirectory.with { directory in
            let watch = try FileWatch { Issue.record("told of something after the end") }
            var places = WatchPlaces()
            places.add(file: directory.resolvedPath + "/kmi.toml")
            watch.close()
            try watch.watch(places)
            try directory.write("kmi.toml", "")
            watch.close()
        }
    }
}
