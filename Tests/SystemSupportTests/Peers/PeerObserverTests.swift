import Foundation
import ProxyCore
import Synchronization
import TestSupport
import Testing

@testable import SystemSupport

@Suite("Who is behind a connection", .timeLimit(.minutes(5)))
struct PeerObserverTests {
    @Test(
        "finds the process behind a TCP connection over loopback",
        arguments: [
            "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1",
        ])
    func loopback(address: String) async throws {
        let observer = PeerObserver()
        try await self.withCaller(of: address) { child, ends in
            let observation = observer.observe(ends)
            try await eventually("the caller is known") { observation.caller?.processID != nil }
            let caller = try #require(observation.caller)
            #expect(caller.processID == child.pid)
            #expect(caller.process == "bash")
            #expect(caller.userID == getuid())
            #expect(caller.user == ProcessInfo.processInfo.userName)
        }
    }

    @Test("finds it in the tables of /proc where the kernel cannot be asked")
    func tables() async throws {
        for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            try await self.withCaller(of: address) { child, ends in
                let observation = PeerObservation()
                var lookup = PeerLookup(asksKernel: false)
                lookup.look(for: [PendingPeer(ends: ends, observation: observation, seenAtTicks: .max)])
                #expect(observation.caller?.processID == child.pid)
            }
        }
    }

    @Test("is told by the kernel whose one socket is, without reading its tables", arguments: ["127.0.0.1", "::1"])
    func question(address: String) async throws {
        try await self.withCaller(of: address) { child, ends in
            guard case .loopback(_, let ourPort, _, let callerPort) = ends else { return }
            let numeric = try #require(NetworkAddress(address))
            let question = SocketEnds(
                localAddress: numeric, localPort: UInt16(callerPort), remoteAddress: numeric,
                remotePort: UInt16(ourPort))
            // A sandbox may forbid the questions; then the tables are read, which another test shows.
            guard var diagnosis = SocketDiagnosis() else { return }
            guard case .owner(let owner) = diagnosis.ask(about: question) else {
                Issue.record("the kernel did not tell")
                return
            }
            let isProven = diagnosis.isProven
            #expect(isProven)
            #expect(owner.userID == getuid())
            let link = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(child.pid)/fd/3")
            #expect(link == "socket:[\(owner.inode)]")
            // Our own end is another socket.
            let ownEnd = SocketEnds(
                localAddress: numeric, localPort: UInt16(ourPort), remoteAddress: numeric,
                remotePort: UInt16(callerPort))
            let other = diagnosis.ask(about: ownEnd)
            #expect(other != .owner(owner))
            let nobody = SocketEnds(localAddress: numeric, localPort: 1, remoteAddress: numeric, remotePort: 1)
            let absent = diagnosis.ask(about: nobody)
            #expect(absent == .absent)
        }
    }

    @Test("knows user and process of a Unix socket at once, and name and user name soon")
    func unixSocket() async throws {
        let observer = PeerObserver()
        let observation = observer.observe(.unix(userID: getuid(), processID: getpid()))
        #expect(observation.caller?.userID == getuid())
        #expect(observation.caller?.processID == getpid())
        try await eventually("the name is known") { observation.caller?.process != nil }
        let own = try String(contentsOfFile: "/proc/self/comm", encoding: .utf8)
        #expect(observation.caller?.process == ProcessText.name(comm: Array(own.utf8)))
        #expect(observation.caller?.user == ProcessInfo.processInfo.userName)
    }

    @Test("leaves unknown what cannot be found")
    func unknown() async throws {
        let observer = PeerObserver()
        let outside = observer.observe(.unix(userID: 0, processID: 0))
        #expect(outside.caller?.processID == nil)
        let nobody = observer.observe(
            .loopback(localAddress: "127.0.0.1", localPort: 1, peerAddress: "127.0.0.1", peerPort: 1))
        let nonsense = observer.observe(
            .loopback(localAddress: "here", localPort: 1, peerAddress: "there", peerPort: 99_999))
        let last = observer.observe(.unix(userID: getuid(), processID: getpid()))
        try await eventually("the last one is known") { last.caller?.process != nil }
        #expect(nobody.caller == nil)
        #expect(nonsense.caller == nil)
        #expect(outside.caller?.process == nil)
    }

    /// How long after one another callers may be known, all together: with a fixed pause it takes five seconds.
    private static let timeOfTwenty = Duration.seconds(4)

    @Test("knows callers over a Unix socket that come one after the other without a pause")
    func unixSocketsInARow() async throws {
        let observer = PeerObserver()
        var waited = Duration.zero
        for _ in 0..<20 {
            waited += try await ChildProcess.with("/bin/sleep", arguments: ["60"]) { child in
                let observation = observer.observe(.unix(userID: getuid(), processID: child.pid))
                return try await Self.timeUntilNamed(observation)
            }
        }
        #expect(waited < Self.timeOfTwenty)
    }

    @Test("knows callers over TCP that come one after the other with short pauses")
    func connectionsInARow() async throws {
        let observer = PeerObserver()
        let waited = Mutex(Duration.zero)
        for _ in 0..<20 {
            try await self.withCaller(of: "127.0.0.1") { _, ends in
                let time = try await Self.timeUntilNamed(observer.observe(ends))
                waited.withLock { $0 += time }
            }
        }
        #expect(waited.withLock { $0 } < Self.timeOfTwenty)
    }

    private static func timeUntilNamed(_ observation: any CallerObservation) async throws -> Duration {
        try await ContinuousClock().measure {
            try await eventually("the caller is named", every: .milliseconds(1)) { observation.caller?.process != nil }
        }
    }

    @Test("tells two waiting connections with the same ends the same, unless the process is younger than one of them")
    func sameEnds() async throws {
        try await self.withCaller(of: "127.0.0.1") { child, ends in
            let observations = [PeerObservation(), PeerObservation(), PeerObservation()]
            var lookup = PeerLookup()
            lookup.look(
                for: zip(observations, [.max, .max - 1, 0]).map { observation, ticks in
                    PendingPeer(ends: ends, observation: observation, seenAtTicks: ticks)
                })
            #expect(observations.map { $0.caller?.processID } == [child.pid, child.pid, nil])
            #expect(observations.allSatisfy { $0.caller?.userID == getuid() })
        }
    }

    /// Runs the body with a process that has connected to a fresh listener, and the ends of its connection.
    private func withCaller(
        of address: String, _ body: @Sendable (ChildProcess, ConnectionEnds) async throws -> Void
    ) async throws {
        let listener = try Listener(address: address)
        let script = "exec 3<>/dev/tcp/\(address)/\(listener.port); read -r line <&3"
        try await ChildProcess.with("/bin/bash", arguments: ["-c", script]) { child in
            try await listener.accepted { _, ends in try await body(child, ends) }
        }
    }
}
