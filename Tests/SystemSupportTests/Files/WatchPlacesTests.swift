import Foundation
import SystemSupport
import TestSupport
import Testing

/// Where something can happen to a file.
struct WatchPlacesTests {
    private static func names(_ places: WatchPlaces, in directory: String) -> Set<String>? {
        places.names[directory]?.flatMap { $0 }
    }

    @Test func aPlainFileIsWatchedInItsDirectory() async throws {
        try await TemporaryDirectory.with { directory in
            let root = directory.resolvedPath
            try directory.write("kmi.toml", "")
            var places = WatchPlaces()
            places.add(file: root + "/kmi.toml")
            #expect(Self.names(places, in: root) == ["kmi.toml"])
        }
    }

    @Test("each link on the way is watched where it lies, and the file where it is in the end (T-034)")
    func linksAreWatchedWhereTheyLie() async throws {
        try await TemporaryDirectory.with { directory in
            let root = directory.resolvedPath
            let files = FileManager.default
            try files.createDirectory(atPath: root + "/one/two", withIntermediateDirectories: true)
            try files.createDirectory(atPath: root + "/etc", withIntermediateDirectories: true)
            try directory.write("one/two/real.toml", "")
            try files.createSymbolicLink(atPath: root + "/etc/data", withDestinationPath: "../one")
            try files.createSymbolicLink(atPath: root + "/etc/kmi.toml", withDestinationPath: "data/two/./real.toml")
            var places = WatchPlaces()
            places.add(file: root + "/etc/kmi.toml")
            #expect(Self.names(places, in: root + "/etc") == ["kmi.toml", "data"])
            #expect(Self.names(places, in: root + "/one/two") == ["real.toml"])
        }
    }

    @Test func whatIsNotThereIsWaitedForWhereItWouldCome() async throws {
        try await TemporaryDirectory.with { directory in
            let root = directory.resolvedPath
            var places = WatchPlaces()
            places.add(file: root + "/none/kmi/kmi.toml")
            places.add(directory: root + "/none/kmi/kmi.toml.d")
            #expect(Self.names(places, in: root) == ["none"])
        }
    }

    @Test func allNamesOfADirectoryCount() async throws {
        try await TemporaryDirectory.with { directory in
            let root = directory.resolvedPath
            try FileManager.default.createDirectory(atPath: root + "/kmi.toml.d", withIntermediateDirectories: true)
            var places = WatchPlaces()
            places.add(directory: root + "/kmi.toml.d")
            #expect(Self.names(places, in: root) == ["kmi.toml.d"])
            #expect(places.names[root + "/kmi.toml.d"] == .some(.none))
            // A file of it in addition takes nothing away.
            places.add(file: root + "/kmi.toml.d/a.toml")
            #expect(places.names[root + "/kmi.toml.d"] == .some(.none))
        }
    }

    @Test(.timeLimit(.minutes(5))) func aCircleOfLinksEnds() async throws {
        try await TemporaryDirectory.with { directory in
            let root = directory.resolvedPath
            try FileManager.default.createSymbolicLink(atPath: root + "/a", withDestinationPath: "b")
            try FileManager.default.createSymbolicLink(atPath: root + "/b", withDestinationPath: "a")
            var places = WatchPlaces()
            places.add(file: root + "/a")
            #expect(Self.names(places, in: root) == ["a", "b"])
        }
    }
}
