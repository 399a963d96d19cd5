import CEpoll
import Foundation
import Glibc
import NIOCore
import ProxyCore
import Synchronization
import Testing

@testable import CurlClient

/// How an event loop hears that sockets are ready: from the kernel, or from a thread where the kernel does not tell.
@Suite(.timeLimit(.minutes(5)))
struct ReadinessTests {
    /// Why the kernel cannot be asked here; `nil` where it can.
    private static let missing: String? = {
        do {
            let poll = try KernelPoll(EpollSet())
            return withExtendedLifetime(poll) { nil }
        } catch {
            return "the kernel's asynchronous polls are not to be had: \(error)"
        }
    }()

    /// An epoll set that is ready while there is something in its one pipe.
    private final class Member {
        let set: EpollSet
        /// Where it is read, and where it is written.
        private var ends: [Int32] = [-1, -1]

        init() throws {
            self.set = try EpollSet()
            try #require(pipe(&self.ends) == 0)
            try #require(self.set.watch(self.ends[0], for: EPOLLIN.rawValue, label: 1, isNew: true) == 0)
        }

        deinit { for end in self.ends where end >= 0 { close(end) } }

        func send() { #expect(write(self.ends[1], "x", 1) == 1) }

        func take() {
            var bytes: [UInt8] = [0, 0, 0]
            #expect(read(self.ends[0], &bytes, bytes.count) > 0)
        }
    }

    /// How often was told since the last time; waits for the first, if there is to be one.
    private static func reports(of poll: KernelPoll, isSure: Bool) -> UInt64 {
        var wait = pollfd(fd: poll.counter, events: Int16(POLLIN), revents: 0)
        // The kernel may tell a moment later.
        if isSure { #expect(Glibc.poll(&wait, 1, 10_000) == 1) }
        var count: eventfd_t = 0
        return eventfd_read(poll.counter, &count) == 0 ? count : 0
    }

    private struct TooLate: Error {}

    /// Lets threads of a server go on when so many have come, and then when as many more have.
    private final class Gate: Sendable {
        private let size: Int
        private let arrived = Mutex(0)
        private let condition = NSCondition()

        init(size: Int) {
            self.size = size
        }

        func pass() throws {
            self.condition.lock()
            defer { self.condition.unlock() }
            let own = self.arrived.withLock { arrived in
                arrived += 1
                return arrived
            }
            self.condition.broadcast()
            let last = (own + self.size - 1) / self.size * self.size
            let deadline = Date().addingTimeInterval(60)
            while self.arrived.withLock({ $0 }) < last {
                guard self.condition.wait(until: deadline) else { throw TooLate() }
            }
        }
    }

    @Test(
        "the kernel tells of a set once for each time that it is asked to, however often that is",
        .enabled(if: Self.missing == nil, "\(Self.missing ?? "")"))
    func tellsOnce() throws {
        let member = try Member()
        let poll = try KernelPoll(member.set)
        #expect(Self.reports(of: poll, isSure: false) == 0)
        for _ in 0..<1_000 {
            member.send()
            #expect(Self.reports(of: poll, isSure: true) == 1)
            // It is not asked to tell of more.
            member.send()
            #expect(Self.reports(of: poll, isSure: false) == 0)
            // Ready already.
            #expect(poll.arm() == 0)
            #expect(Self.reports(of: poll, isSure: true) == 1)
            member.take()
            #expect(poll.arm() == 0)
            #expect(Self.reports(of: poll, isSure: false) == 0)
        }
    }

    @Test("answers that come all at once reach their requests, whoever tells of them", arguments: [true, false])
    func hearsAll(asksKernel: Bool) async throws {
        let count = 100
        // More than are told of at a time.
        let gate = Gate(size: count)
        try await RawServer.Script { connection, _ in
            while try connection.readRequest() != nil {
                try gate.pass()
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            }
        }.serve { server in
            try await ClientFixture.with(loops: 2, asksKernel: asksKernel) { fixture in
                for _ in 0..<3 {
                    var running: [RunningExchange] = []
                    for _ in 0..<count { running.append(try await fixture.start(.to(server))) }
                    for exchange in running {
                        let outcome = try await exchange.outcome()
                        #expect(outcome.isCompleted, "\(String(describing: outcome.failure))")
                        #expect(outcome.body == Array("ok".utf8))
                        #expect(outcome.offences == [])
                    }
                }
            }
        }
    }

    @Test("each event of a stream is heard of when it comes, whoever tells of it", arguments: [true, false])
    func hearsEach(asksKernel: Bool) async throws {
        let heard = DispatchSemaphore(value: 0)
        try await RawServer.Script { connection, _ in
            guard try connection.readRequest() != nil else { return }
            try connection.send("HTTP/1.1 200 OK\r\n\r\n")
            // Sent only when the one before was heard of, so that nothing that was missed is heard of with the next one.
            for _ in 0..<200 {
                try connection.send("x")
                guard heard.wait(timeout: .now() + 60) == .success else { throw TooLate() }
            }
        }.serve { server in
            try await ClientFixture.with(asksKernel: asksKernel) { fixture in
                let outcome = try await fixture.run(.to(server)) { exchange in
                    exchange.onBody = { _ in heard.signal() }
                }
                #expect(outcome.isCompleted, "\(String(describing: outcome.failure))")
                #expect(outcome.bodyBytes == 200)
            }
        }
    }

    @Test("a client that is shut down fails what runs, whoever tells it of sockets", arguments: [true, false])
    func shutsDown(asksKernel: Bool) async throws {
        try await RawServer.Script { connection, _ in
            _ = try connection.readRequest()
            _ = connection.readUntilEnd()
        }.serve { server in
            try await ClientFixture.with(asksKernel: asksKernel) { fixture in
                let running = try await fixture.start(.to(server))
                await fixture.client.shutdown()
                #expect(try await running.outcome().failure?.kind == .internalFault)
                #expect(try await fixture.run(.to(server)).failure?.kind == .internalFault)
                // Told at once by a client that has no thread any more.
                await withCheckedContinuation { continuation in fixture.client.giveSign { continuation.resume() } }
            }
        }
    }
}
