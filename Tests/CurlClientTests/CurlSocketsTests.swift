import CCurl
import CEpoll
import Glibc
import Logging
import Testing

@testable import CurlClient

/// What the sockets of an engine are waited for, whatever libcurl says of them, and what it does not say.
struct CurlSocketsTests {
    /// Two connected sockets, which the one who has them closes.
    private struct Pair {
        let own: Int32
        let peer: Int32

        init() throws {
            var descriptors: [Int32] = [-1, -1]
            let result = socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &descriptors)
            try #require(result == 0)
            (self.own, self.peer) = (descriptors[0], descriptors[1])
        }

        func send() { #expect(Glibc.send(self.peer, "x", 1, Int32(MSG_NOSIGNAL)) == 1) }

        /// Whether the other end has been shut.
        var isShut: Bool {
            var byte: UInt8 = 0
            return recv(self.peer, &byte, 1, Int32(MSG_DONTWAIT)) == 0
        }

        func close() {
            Glibc.close(self.own)
            Glibc.close(self.peer)
        }
    }

    // What tells transfers apart; nothing is behind it.
    private let first = UnsafeMutableRawPointer(bitPattern: 8)
    private let second = UnsafeMutableRawPointer(bitPattern: 16)

    private static func sockets() throws -> CurlSockets {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return try CurlSockets(EpollSet(), counters: CurlCounters(), logger: logger)
    }

    private static func readable(_ sockets: CurlSockets) -> Int {
        var events = [epoll_event](repeating: epoll_event(), count: 8)
        return sockets.set.wait(&events, upTo: 8, milliseconds: 0)
    }

    @Test("a socket that was closed without a word is not taken in under the number that is another one's by now")
    func foreignNumber() throws {
        let transfer = try #require(self.first)
        // libcurl tells that it waits no more, or not even that.
        for isTold in [false, true] {
            let sockets = try Self.sockets()
            let (pair, foreign) = (try Pair(), try Pair())
            defer {
                pair.close()
                foreign.close()
            }
            sockets.opened(pair.own, by: transfer)
            sockets.changed(pair.own, interest: CURL_POLL_OUT, easy: transfer)
            // As when connecting takes too long; the number goes to the next who asks for one.
            #expect(dup2(foreign.own, pair.own) == pair.own)
            if isTold { sockets.changed(pair.own, interest: CURL_POLL_REMOVE, easy: transfer) }
            sockets.left([pair.own], opened: [pair.own], by: transfer)
            foreign.send()
            #expect(Self.readable(sockets) == 0)
            sockets.shutSpoiled()
            #expect(!foreign.isShut)
        }
    }

    @Test("bytes that nobody asked for end a connection that was never waited for")
    func neverWaitedFor() throws {
        let transfer = try #require(self.first)
        let sockets = try Self.sockets()
        let pair = try Pair()
        defer { pair.close() }
        sockets.opened(pair.own, by: transfer)
        pair.send()
        sockets.shutSpoiled()
        #expect(!pair.isShut)
        sockets.left([pair.own], opened: [pair.own], by: transfer)
        sockets.shutSpoiled()
        #expect(pair.isShut)
    }

    @Test("a connection under a number that another transfer had is that of its own transfer alone")
    func sameNumber() throws {
        let (former, later) = (try #require(self.first), try #require(self.second))
        let sockets = try Self.sockets()
        let (gone, pair) = (try Pair(), try Pair())
        defer {
            gone.close()
            pair.close()
        }
        sockets.opened(gone.own, by: former)
        sockets.changed(gone.own, interest: CURL_POLL_IN, easy: former)
        sockets.changed(gone.own, interest: CURL_POLL_REMOVE, easy: nil)
        #expect(dup2(pair.own, gone.own) == gone.own)
        sockets.opened(gone.own, by: later)
        sockets.left([gone.own], opened: [gone.own], by: former)
        pair.send()
        sockets.shutSpoiled()
        #expect(!pair.isShut)
        sockets.left([gone.own], opened: [gone.own], by: later)
        sockets.shutSpoiled()
        #expect(pair.isShut)
    }

    @Test("a connection that is used again is waited for as before, and shut when something comes while it is idle")
    func usedAgain() throws {
        let (former, later) = (try #require(self.first), try #require(self.second))
        let sockets = try Self.sockets()
        let pair = try Pair()
        defer { pair.close() }
        sockets.opened(pair.own, by: former)
        for transfer in [former, later] {
            sockets.changed(pair.own, interest: CURL_POLL_OUT, easy: transfer)
            #expect(sockets.ready().map(\.events) == [CURL_CSELECT_OUT])
            sockets.changed(pair.own, interest: CURL_POLL_IN, easy: transfer)
            #expect(sockets.ready().isEmpty)
            sockets.changed(pair.own, interest: CURL_POLL_REMOVE, easy: transfer)
            sockets.left([pair.own], opened: [], by: transfer)
            sockets.shutSpoiled()
            #expect(!pair.isShut)
        }
        pair.send()
        #expect(sockets.ready().isEmpty)
        #expect(pair.isShut)
    }

    @Test("what comes for a transfer that was paused before it was waited for does not end its connection")
    func pausedAtOnce() throws {
        let (former, later) = (try #require(self.first), try #require(self.second))
        for isClear in [true, false] {
            let sockets = try Self.sockets()
            let pair = try Pair()
            defer { pair.close() }
            sockets.opened(pair.own, by: former)
            sockets.left([pair.own], opened: [pair.own], by: former)
            sockets.use = { _ in isClear ? .transfer(later) : .unclear }
            pair.send()
            #expect(sockets.ready().isEmpty)
            // It is not told again while the transfer is paused.
            #expect(Self.readable(sockets) == 0)
            if isClear { sockets.use = { _ in .none } }
            sockets.shutSpoiled()
            #expect(!pair.isShut)
            // It goes on, and ends; what comes then was not asked for.
            sockets.changed(pair.own, interest: CURL_POLL_IN, easy: later)
            #expect(sockets.ready().map(\.events) == [CURL_CSELECT_IN])
            sockets.changed(pair.own, interest: CURL_POLL_REMOVE, easy: later)
            sockets.left([pair.own], opened: [], by: later)
            sockets.use = { _ in .none }
            sockets.shutSpoiled()
            #expect(pair.isShut)
        }
    }

    @Test("a connection whose use was unclear is shut when it has become clear that it has none")
    func clearedUp() throws {
        let transfer = try #require(self.first)
        let sockets = try Self.sockets()
        let pair = try Pair()
        defer { pair.close() }
        sockets.opened(pair.own, by: transfer)
        sockets.left([pair.own], opened: [pair.own], by: transfer)
        sockets.use = { _ in .unclear }
        pair.send()
        sockets.shutSpoiled()
        #expect(!pair.isShut)
        sockets.use = { _ in .none }
        sockets.shutSpoiled()
        #expect(pair.isShut)
    }
}
