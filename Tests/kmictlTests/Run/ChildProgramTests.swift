import TestSupport
import Testing

@testable import kmictl

struct ChildProgramTests {
    private func find(_ name: String, _ path: String?) throws(StartFailure) -> String {
        String(
            decoding: try ChildProgram(words: [Array(name.utf8)], searchPath: path.map { Array($0.utf8) }).path,
            as: UTF8.self)
    }

    @Test func findsProgramsAsShellsDo() async throws {
        try await TemporaryDirectory.with { directory in
            _ = try directory.makeDirectory("a")
            _ = try directory.makeDirectory("b")
            _ = try directory.makeDirectory("a/folder")
            try directory.write("a/tool", "", mode: 0o600)
            try directory.write("b/tool", "", mode: 0o700)
            try directory.write("a/text", "", mode: 0o600)
            let path = "/nonexistent:\(directory.path("a")):\(directory.path("b"))"
            #expect(try self.find("tool", path) == directory.path("b/tool"))
            #expect(try self.find(directory.path("b/tool"), nil) == directory.path("b/tool"))
            #expect(try self.find("sh", nil).hasSuffix("/sh"))
            for (name, end) in [
                ("text", ProcessEnd.notExecutable), ("folder", .notExecutable), ("none", .notFound), ("", .notFound),
                (directory.path("a/tool"), .notExecutable), (directory.path("none"), .notFound),
                (directory.path("a"), .notExecutable), (directory.path("b/tool/x"), .notFound),
            ] {
                let failure = #expect(throws: StartFailure.self) { try self.find(name, path) }
                #expect(failure?.end == end, "\(name)")
            }
        }
    }

    @Test("a directory of PATH whose name is no text is looked into as it is")
    func takesPathByteForByte() async throws {
        var surroundings = Surroundings.current()
        surroundings.environment = { [Array("PATHS=x".utf8), Array("PATH=/a:/".utf8) + [0xFF]] }
        #expect(surroundings.inheritedBytes("PATH") == Array("/a:/".utf8) + [0xFF])
        #expect(surroundings.inheritedBytes("HOME") == nil)
    }

    @Test func takesWordsByteForByte() async throws {
        var surroundings = Surroundings.current()
        surroundings.exactWords = [[0x6B], [0x2D, 0x2D], [0x61], [0xFF, 0x62]]
        #expect(surroundings.exactly(["a", "\u{FFFD}b"]) == [[0x61], [0xFF, 0x62]])
        #expect(surroundings.exactly(["other"]) == [Array("other".utf8)])
    }
}
