import Foundation
import TestSupport
import Testing

@testable import SystemSupport

@Suite("Finding processes")
struct ProcessFinderTests {
    private func add(
        _ processID: Int, to directory: TemporaryDirectory, start: Int = 100, name: String = "agent", sockets: [Int]
    ) throws {
        try directory.write(
            "\(processID)/stat", "\(processID) (\(name)) S 1 7 7 0 -1 1 2 3 4 5 6 7 8 9 20 0 1 0 \(start) 1 1\n")
        try directory.write("\(processID)/comm", "\(name)\n")
        try directory.write("\(processID)/cgroup", "0::/system.slice/\(name).service\n")
        let folder = try directory.makeDirectory("\(processID)/fd")
        for (number, inode) in sockets.enumerated() {
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/\(number)", withDestinationPath: "socket:[\(inode)]")
        }
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/90", withDestinationPath: "/dev/null")
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/91", withDestinationPath: "pipe:[11]")
    }

    private let me = getuid()

    @Test("finds every socket in one walk, and nothing for those that nobody has")
    func walk() async throws {
        try await TemporaryDirectory.with { directory in
            try self.add(20, to: directory, sockets: [11, 12])
            try self.add(21, to: directory, name: "editor", sockets: [13])
            try directory.write("uptime", "1")
            var finder = ProcessFinder(root: directory.path)
            let search = SocketSearch(userID: self.me, seenAtTicks: 100)
            let found = finder.processes(having: [11: search, 13: search, 14: search])
            #expect(
                found == [
                    11: FoundProcess(processID: 20, name: "agent", unit: "agent.service"),
                    13: FoundProcess(processID: 21, name: "editor", unit: "editor.service"),
                ])
        }
    }

    @Test("finds the processes of other users as well, where it may look")
    func otherUsers() async throws {
        try await TemporaryDirectory.with { directory in
            try self.add(20, to: directory, sockets: [11])
            var finder = ProcessFinder(root: directory.path)
            let found = finder.processes(having: [11: SocketSearch(userID: self.me + 1, seenAtTicks: 100)])
            #expect(found[11]?.processID == 20)
        }
    }

    @Test("takes no process that is younger than the connection: its number or its socket was another's")
    func younger() async throws {
        try await TemporaryDirectory.with { directory in
            try self.add(20, to: directory, start: 101, sockets: [11])
            var finder = ProcessFinder(root: directory.path)
            #expect(finder.processes(having: [11: SocketSearch(userID: self.me, seenAtTicks: 100)]).isEmpty)
            #expect(finder.process(20, seenAtTicks: 100) == nil)
            #expect(finder.process(20, seenAtTicks: 101)?.name == "agent")
            #expect(finder.process(21, seenAtTicks: 101) == nil)
            #expect(finder.process(0, seenAtTicks: 101) == nil)
            try self.add(19, to: directory, start: 50, name: "parent", sockets: [11])
            let found = finder.processes(having: [11: SocketSearch(userID: self.me, seenAtTicks: 100)])
            #expect(found[11]?.name == "parent")
        }
    }

    @Test("looks first at those that had a socket before")
    func recent() async throws {
        try await TemporaryDirectory.with { directory in
            try self.add(30, to: directory, name: "first", sockets: [11])
            var finder = ProcessFinder(root: directory.path)
            let search = SocketSearch(userID: self.me, seenAtTicks: 100)
            #expect(finder.processes(having: [11: search])[11]?.name == "first")
            for processID in 1..<20 { try self.add(processID, to: directory, name: "other", sockets: [11]) }
            #expect(finder.processes(having: [11: search])[11]?.name == "first")
        }
    }

    @Test(
        "reads the names of sockets only",
        arguments: [
            ("socket:[17]", 17), ("socket:[0]", 0), ("socket:[]", nil), ("socket:[17", nil), ("pipe:[17]", nil),
            ("", nil),
            ("socket:[17] ", nil), ("socket:[18446744073709551616]", nil), ("socket:[1a]", nil),
        ])
    func inode(text: String, expected: UInt64?) {
        #expect(Array(text.utf8).withUnsafeBytes { ProcessFinder.inode($0) } == expected)
    }

    @Test("knows the names of users that there are")
    func users() {
        var names = UserNames()
        #expect(names.name(of: 0) == "root")
        #expect(names.name(of: 0) == "root")
        #expect(names.name(of: 4_000_000_123) == nil)
    }
}
