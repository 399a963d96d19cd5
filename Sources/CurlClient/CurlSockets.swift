import CCurl
import Glibc
import Logging

/// The sockets of one engine: what libcurl waits for on each, in an epoll set, and which are open at all.
final class CurlSockets {
    /// The set that becomes ready with any of the sockets.
    let set: EpollSet
    private let counters: CurlCounters
    private let logger: Logger
    /// What libcurl waits for, by socket.
    private var interests: [Int32: Int32] = [:]
    /// The sockets that libcurl has open, with what tells them from later ones of the same number.
    private var openSockets: [Int32: UInt64] = [:]
    /// The easy handles that work with a socket; one that is paused waits for nothing on it.
    private var users: [Int32: UnsafeMutableRawPointer] = [:]
    private var polled: [pollfd] = []
    private var events = [epoll_event](repeating: epoll_event(), count: 64)

    /// Makes an empty collection.
    init(counters: CurlCounters, logger: Logger) throws(CurlClientError) {
        self.set = try EpollSet()
        self.counters = counters
        self.logger = logger
    }

    /// The sockets that are ready now, at most 64 of them, and for what, in libcurl's terms.
    ///
    /// Does not wait.
    func ready() -> [(socket: Int32, events: Int32)] {
        let count = max(0, self.set.wait(&self.events, milliseconds: 0))
        return self.events.prefix(count).compactMap { event in
            let socket = event.data.fd
            return self.interests[socket].map { (socket, Self.curlEvents(event.events, interest: $0)) }
        }
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
        if let easy, interest != CURL_POLL_REMOVE { self.users[socket] = easy }
        if interest == CURL_POLL_REMOVE {
            if self.interests.removeValue(forKey: socket) != nil { self.set.forget(socket) }
            return
        }
        let isNew = self.interests.updateValue(interest, forKey: socket) == nil
        self.watch(socket, interest: interest, isNew: isNew)
    }

    private func watch(_ socket: Int32, interest: Int32, isNew: Bool) {
        let readable = interest & CURL_POLL_IN != 0 ? EPOLLIN.rawValue : 0
        let writable = interest & CURL_POLL_OUT != 0 ? EPOLLOUT.rawValue : 0
        let label = UInt64(UInt32(bitPattern: socket))
        let failure = self.set.watch(socket, for: readable | writable, label: label, isNew: isNew)
        if failure != 0 { self.logger.info("epoll_ctl failed", metadata: ["errno": "\(failure)"]) }
    }

    /// libcurl has opened a socket.
    ///
    /// libcurl 7.88 closes a socket whose connecting failed, or was broken off, without a word. The next one often gets
    /// its number; libcurl then believes it is waited for already.
    func opened(_ socket: Int32) {
        if let interest = self.interests[socket] { self.watch(socket, interest: interest, isNew: true) }
        if self.openSockets.updateValue(Self.identity(of: socket) ?? 0, forKey: socket) == nil {
            self.counters.changeOpenSockets(by: 1)
        }
    }

    /// A transfer has ended: its socket, if it stays open, is that of an idle connection.
    func left(by easy: UnsafeMutableRawPointer) {
        for (socket, user) in self.users where user == easy { self.users[socket] = nil }
    }

    /// Shuts the idle connections on which something has come, be it their end or bytes that nobody has asked for.
    ///
    /// libcurl 7.88 takes a connection with bytes in it for a live one: an answer that a server sends behind another one
    /// would be the answer to the next request. It finds a connection that is shut to be dead, and closes it. Bytes that
    /// come later than this cannot be told from an answer by anybody (RFC 9112 §9.2).
    func shutSpoiled() {
        self.polled.removeAll(keepingCapacity: true)
        for socket in self.idleSockets {
            self.polled.append(pollfd(fd: socket, events: Int16(POLLIN), revents: 0))
        }
        guard !self.polled.isEmpty, poll(&self.polled, nfds_t(self.polled.count), 0) > 0 else { return }
        for entry in self.polled where entry.revents != 0 {
            shutdown(entry.fd, Int32(SHUT_RDWR))
            Self.drain(entry.fd)
        }
    }

    /// Shuts all idle connections; libcurl finds them to be dead when it looks for one.
    func shutIdle() {
        for socket in self.idleSockets {
            shutdown(socket, Int32(SHUT_RDWR))
            Self.drain(socket)
        }
    }

    /// The sockets that no transfer uses.
    private var idleSockets: [Int32] {
        self.openSockets.keys.filter { self.interests[$0] == nil && self.users[$0] == nil }
    }

    /// Drops what has come, as otherwise libcurl's look into a TLS connection would find it.
    private static func drain(_ socket: Int32) {
        withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 1) { space in
            var pieces = 64
            while pieces > 0, recv(socket, space.baseAddress, space.count, Int32(MSG_DONTWAIT)) > 0 { pieces -= 1 }
        }
    }

    /// libcurl closes a socket.
    func closed(_ socket: Int32) {
        self.users[socket] = nil
        if self.openSockets.removeValue(forKey: socket) != nil { self.counters.changeOpenSockets(by: -1) }
    }

    /// Finds out which of these sockets libcurl has closed without a word.
    func review(_ candidates: [Int32]) {
        for socket in candidates {
            guard let identity = self.openSockets[socket], Self.identity(of: socket) != identity else { continue }
            self.closed(socket)
        }
    }

    /// Finds out which of all sockets libcurl has closed without a word.
    func reviewAll() {
        self.review(Array(self.openSockets.keys))
    }

    /// The number of the socket's inode, which no other open socket has.
    private static func identity(of socket: Int32) -> UInt64? {
        var status = stat()
        return fstat(socket, &status) == 0 ? UInt64(status.st_ino) : nil
    }
}

@available(*, unavailable)
extension CurlSockets: Sendable {}
