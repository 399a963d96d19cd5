import CCurl
import CEpoll
import Glibc
import Logging

/// The sockets of one engine: what libcurl waits for on each, in an epoll set, and which are open at all.
///
/// A connection that no transfer uses stays in the set, to be heard of when something comes on it: its own end, or bytes
/// that nobody has asked for. So the next transfer on it costs no call that takes it in again.
final class CurlSockets {
    /// One socket, as far as it is known.
    private struct Entry {
        /// What tells an open socket from later ones of the same number; `nil` if it was not opened through here.
        var identity: UInt64?
        /// What libcurl waits for; `nil` for nothing.
        var interest: Int32?
        /// What the set waits for; `nil` if the socket is not in it.
        var watched: UInt32?
        /// The easy handle that works with it; one that is paused waits for nothing on it.
        var user: UnsafeMutableRawPointer?

        /// Whether it is a connection that no transfer uses.
        var isIdle: Bool { self.identity != nil && self.interest == nil && self.user == nil }
    }

    /// What is known of a socket that libcurl waits for nothing on, and has not waited for since the last transfer.
    enum Use: Equatable {
        /// Nothing uses it.
        case none
        /// A transfer does whose answer began at once, and is paused.
        case transfer(UnsafeMutableRawPointer)
        /// There is such a transfer, and nobody can tell which socket it has.
        case unclear
    }

    /// The set that becomes ready with any of the sockets.
    let set: EpollSet
    private let counters: CurlCounters
    private let logger: Logger
    private var entries: [Int32: Entry] = [:]
    /// Those whose use was unclear when something came on them; they are in the set again before the next transfer.
    private var unclear: Set<Int32> = []
    private var events = [epoll_event](repeating: epoll_event(), count: most)
    /// Finds out what a socket is used for that looks idle.
    var use: (Int32) -> Use = { _ in .none }

    /// Makes an empty collection, to be waited for with `set`.
    init(_ set: EpollSet, counters: CurlCounters, logger: Logger) {
        self.set = set
        self.counters = counters
        self.logger = logger
    }

    /// So many are told of at a time.
    static let most = 64

    /// The sockets that are ready now, at most ``most`` of them, and for what, in libcurl's terms.
    ///
    /// Does not wait. Connections that are idle and spoiled are shut.
    func ready() -> [(socket: Int32, events: Int32)] {
        let count = max(0, self.set.wait(&self.events, upTo: Self.most, milliseconds: 0))
        var ready: [(socket: Int32, events: Int32)] = []
        ready.reserveCapacity(count)
        for event in self.events.prefix(count) {
            let socket = event.data.fd
            guard let entry = self.entries[socket] else {
                self.set.forget(socket)
                continue
            }
            if let interest = entry.interest {
                ready.append((socket, Self.curlEvents(event.events, interest: interest)))
            } else {
                self.passOver(socket, entry)
            }
        }
        return ready
    }

    /// Something has come on a socket on which libcurl waits for nothing: it would be told again and again.
    private func passOver(_ socket: Int32, _ entry: Entry) {
        if entry.isIdle {
            switch self.use(socket) {
            case .none: Self.shut(socket)
            case .transfer(let easy): self.entries[socket]?.user = easy
            case .unclear: self.unclear.insert(socket)
            }
        }
        self.set.forget(socket)
        self.entries[socket]?.watched = nil
    }

    /// A hang-up or error counts as whatever libcurl waits for: its own read or write finds out what it is.
    private static func curlEvents(_ events: UInt32, interest: Int32) -> Int32 {
        let isBroken = events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
        let isReadable = isBroken ? interest & CURL_POLL_IN != 0 : events & EPOLLIN.rawValue != 0
        let isWritable = isBroken ? interest & CURL_POLL_OUT != 0 : events & EPOLLOUT.rawValue != 0
        return (isReadable ? CURL_CSELECT_IN : 0) | (isWritable ? CURL_CSELECT_OUT : 0)
    }

    /// libcurl waits for something else on a socket, for a transfer if `easy` names one.
    func changed(_ socket: Int32, interest: Int32, easy: UnsafeMutableRawPointer?) {
        var entry = self.entries[socket] ?? Entry()
        if interest == CURL_POLL_REMOVE {
            entry.interest = nil
            guard entry.identity != nil else {
                if entry.watched != nil { self.set.forget(socket) }
                self.entries[socket] = nil
                return
            }
            // It is paused, or its transfer is over. Room to write, which there nearly always is, is not waited for; and if
            // connecting has failed, the number is another socket's by now, which must not be taken in.
            if let watched = entry.watched, watched & EPOLLOUT.rawValue != 0 {
                self.set.forget(socket)
                entry.watched = nil
            }
        } else {
            if let easy { entry.user = easy }
            entry.interest = interest
            self.watch(socket, &entry, for: Self.epollEvents(interest))
        }
        self.entries[socket] = entry
    }

    private static func epollEvents(_ interest: Int32) -> UInt32 {
        (interest & CURL_POLL_IN != 0 ? EPOLLIN.rawValue : 0) | (interest & CURL_POLL_OUT != 0 ? EPOLLOUT.rawValue : 0)
    }

    private func watch(_ socket: Int32, _ entry: inout Entry, for events: UInt32) {
        if entry.watched == events { return }
        let label = UInt64(UInt32(bitPattern: socket))
        let failure = self.set.watch(socket, for: events, label: label, isNew: entry.watched == nil)
        entry.watched = failure == 0 ? events : nil
        if failure != 0 { self.logger.info("epoll_ctl failed", metadata: ["errno": "\(failure)"]) }
    }

    /// libcurl has opened a socket for a transfer.
    ///
    /// libcurl 7.88 closes a socket whose connecting failed, or was broken off, without a word. The next one often gets
    /// its number; libcurl then believes it is waited for already.
    func opened(_ socket: Int32, by easy: UnsafeMutableRawPointer?) {
        var entry = self.entries[socket] ?? Entry()
        entry.user = easy
        // The one that is in the set, if any, was another one and has left it when it was closed.
        entry.watched = nil
        if let interest = entry.interest { self.watch(socket, &entry, for: Self.epollEvents(interest)) }
        if entry.identity == nil { self.counters.changeOpenSockets(by: 1) }
        entry.identity = Self.identity(of: socket) ?? 0
        self.entries[socket] = entry
    }

    /// A transfer has ended: its sockets, if they stay open, are those of idle connections, on which something may come.
    ///
    /// - Parameters:
    ///   - sockets: All that it has worked with, whether or not it had to wait for them.
    ///   - opened: Those that libcurl has opened for it, and may have closed without a word.
    func left(_ sockets: [Int32], opened: [Int32], by easy: UnsafeMutableRawPointer) {
        self.review(opened)
        for socket in sockets {
            guard self.entries[socket]?.user == easy else { continue }
            self.entries[socket]?.user = nil
            self.watchIfIdle(socket)
        }
    }

    private func watchIfIdle(_ socket: Int32) {
        guard var entry = self.entries[socket], entry.isIdle else { return }
        self.watch(socket, &entry, for: EPOLLIN.rawValue)
        self.entries[socket] = entry
    }

    /// Shuts the idle connections on which something has come, be it their end or bytes that nobody has asked for.
    ///
    /// libcurl 7.88 takes a connection with bytes in it for a live one: an answer that a server sends behind another one
    /// would be the answer to the next request. It finds a connection that is shut to be dead, and closes it. Bytes that
    /// come later than this cannot be told from an answer by anybody (RFC 9112 §9.2).
    func shutSpoiled() {
        for socket in self.unclear { self.watchIfIdle(socket) }
        self.unclear = []
        // Room for all at once: one that is passed over could be the next transfer's.
        if self.events.count < self.entries.count {
            self.events = [epoll_event](repeating: epoll_event(), count: 2 * self.entries.count)
        }
        let count = max(0, self.set.wait(&self.events, upTo: self.events.count, milliseconds: 0))
        for event in self.events.prefix(count) {
            let socket = event.data.fd
            guard let entry = self.entries[socket] else {
                self.set.forget(socket)
                continue
            }
            if entry.isIdle { self.passOver(socket, entry) }
        }
    }

    /// Shuts all idle connections; libcurl finds them to be dead when it looks for one.
    func shutIdle() {
        for (socket, entry) in self.entries where entry.isIdle { self.passOver(socket, entry) }
    }

    /// Ends both directions, and drops what has come, as otherwise libcurl's look into a TLS connection would find it.
    private static func shut(_ socket: Int32) {
        shutdown(socket, Int32(SHUT_RDWR))
        withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 1) { space in
            var pieces = 64
            while pieces > 0, recv(socket, space.baseAddress, space.count, Int32(MSG_DONTWAIT)) > 0 { pieces -= 1 }
        }
    }

    /// libcurl closes a socket.
    func closed(_ socket: Int32) {
        guard var entry = self.entries[socket] else { return }
        if entry.identity != nil { self.counters.changeOpenSockets(by: -1) }
        entry.identity = nil
        entry.user = nil
        // What it was waited for is taken back by libcurl, or holds for the next of its number.
        self.entries[socket] = entry.interest == nil ? nil : entry
    }

    /// Finds out which of these sockets libcurl has closed without a word.
    private func review(_ candidates: [Int32]) {
        for socket in candidates {
            guard let identity = self.entries[socket]?.identity, Self.identity(of: socket) != identity else { continue }
            self.closed(socket)
        }
    }

    /// Finds out which of all sockets libcurl has closed without a word.
    func reviewAll() {
        self.review(Array(self.entries.keys))
    }

    /// The number of the socket's inode, which no other open socket has.
    private static func identity(of socket: Int32) -> UInt64? {
        var status = stat()
        return fstat(socket, &status) == 0 ? UInt64(status.st_ino) : nil
    }
}

@available(*, unavailable)
extension CurlSockets: Sendable {}
