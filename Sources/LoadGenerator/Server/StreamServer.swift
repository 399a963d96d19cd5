import HeapModule

/// A provider that does nothing but send: each event of a stream carries the time at which it is sent.
///
/// One thread, one epoll set; what a stream is follows from the query of its request (`StreamScript`).
final class StreamServer {
    private struct Stream {
        var script: StreamScript
        var sent = 0
        var dueAt: UInt64
    }

    private struct Connection {
        var socket: Socket
        var number: UInt64
        var reader = RequestReader()
        var stream: Stream?
        /// What did not fit into the socket.
        var pending: [UInt8] = []
    }

    private struct Due: Comparable {
        var at: UInt64
        var descriptor: Int32
        /// The connection that was meant; the descriptor may be another one's by now.
        var number: UInt64

        static func < (left: Due, right: Due) -> Bool { left.at < right.at }
    }

    private static let readSize = 64 << 10
    /// What a peer may leave unread before it is given up, so that memory stays bounded.
    private static let pendingLimit = 16 << 20
    /// Events that are due so soon are not worth another wait.
    private static let slack: UInt64 = 20_000

    /// The port that it listens on.
    let port: UInt16
    private let listener: Socket
    private let epoll: EpollSet
    private var connections: [Int32: Connection] = [:]
    private var due = Heap<Due>()
    private var events: [Int: EventBytes] = [:]
    private var answers: [Int: [UInt8]] = [:]
    private var next: UInt64 = 0
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: readSize, alignment: 16)

    /// Begins to listen; port 0 lets the system choose.
    init(port: UInt16) throws(SocketError) {
        self.epoll = try EpollSet()
        self.listener = try Socket.listening(port: port)
        self.port = try self.listener.port()
        try self.epoll.add(self.listener.descriptor)
    }

    deinit {
        for connection in self.connections.values { connection.socket.close() }
        self.listener.close()
        self.input.deallocate()
    }

    /// Waits for what comes next, `nanoseconds` at most, and does it.
    func step(nanoseconds: UInt64) throws {
        let now = MonotonicClock.now()
        let wait = self.due.min.map { $0.at > now ? min($0.at - now, nanoseconds) : 0 } ?? nanoseconds
        try self.epoll.wait(nanoseconds: wait) { descriptor, isWritable in
            if descriptor == self.listener.descriptor {
                try self.acceptAll()
            } else {
                if isWritable { try self.flush(descriptor) }
                try self.read(descriptor)
            }
        }
        try self.sendDue()
    }

    private func acceptAll() throws(SocketError) {
        while let socket = try self.listener.accept() {
            self.next += 1
            self.connections[socket.descriptor] = Connection(socket: socket, number: self.next)
            try self.epoll.add(socket.descriptor)
        }
    }

    private func read(_ descriptor: Int32) throws {
        guard let socket = self.connections[descriptor]?.socket else { return }
        switch socket.read(self.input) {
        case .later: return
        case .gone: self.end(descriptor)
        case .bytes(let count):
            self.connections[descriptor]?.reader.feed(UnsafeRawBufferPointer(rebasing: self.input[..<count]))
            try self.takeRequests(descriptor)
        }
    }

    private func takeRequests(_ descriptor: Int32) throws {
        while let step = self.connections[descriptor]?.reader.next() {
            switch step {
            case .more: return
            case .malformed: return self.end(descriptor)
            case .request(let target):
                // The next request comes when the answer is complete; nothing here sends one earlier.
                guard self.connections[descriptor]?.stream == nil, let script = StreamScript(target: target) else {
                    return self.end(descriptor)
                }
                if let size = script.answer {
                    try self.answer(size, on: descriptor)
                } else {
                    try self.begin(script, on: descriptor)
                }
            }
        }
    }

    private func answer(_ size: Int, on descriptor: Int32) throws {
        let bytes = self.answers[size] ?? PlainAnswer.bytes(size)
        self.answers[size] = bytes
        try bytes.withUnsafeBytes { try self.send($0, on: descriptor) }
    }

    private func begin(_ script: StreamScript, on descriptor: Int32) throws {
        guard let number = self.connections[descriptor]?.number else { return }
        let now = MonotonicClock.now()
        try EventBytes.beginning.withUnsafeBytes { try self.send($0, on: descriptor) }
        let stream = Stream(script: script, dueAt: now + UInt64(script.interval) * 1_000)
        self.connections[descriptor]?.stream = stream
        self.due.insert(Due(at: stream.dueAt, descriptor: descriptor, number: number))
    }

    private func sendDue() throws {
        let limit = MonotonicClock.now() + Self.slack
        while let next = self.due.min, next.at <= limit {
            self.due.removeMin()
            guard self.connections[next.descriptor]?.number == next.number else { continue }
            try self.sendEvent(on: next.descriptor)
        }
    }

    private func sendEvent(on descriptor: Int32) throws {
        guard var stream = self.connections[descriptor]?.stream else { return }
        var failure: (any Error)?
        self.events[stream.script.bytes, default: EventBytes(bytes: stream.script.bytes)]
            .withEvent(sentAt: MonotonicClock.now()) { bytes in
                do { try self.send(bytes, on: descriptor) } catch { failure = error }
            }
        if let failure { throw failure }
        stream.sent += 1
        guard stream.sent < stream.script.events else {
            self.connections[descriptor]?.stream = nil
            return try EventBytes.ending.withUnsafeBytes { try self.send($0, on: descriptor) }
        }
        stream.dueAt += UInt64(stream.script.interval) * 1_000
        self.connections[descriptor]?.stream = stream
        guard let number = self.connections[descriptor]?.number else { return }
        self.due.insert(Due(at: stream.dueAt, descriptor: descriptor, number: number))
    }

    private func send(_ bytes: UnsafeRawBufferPointer, on descriptor: Int32) throws {
        guard let connection = self.connections[descriptor] else { return }
        var written = 0
        if connection.pending.isEmpty {
            switch connection.socket.write(bytes) {
            case .bytes(let count): written = count
            case .later: break
            case .gone: return self.end(descriptor)
            }
            if written == bytes.count { return }
            try self.epoll.change(descriptor, writable: true)
        }
        self.connections[descriptor]?.pending += bytes[written...]
        if connection.pending.count > Self.pendingLimit { self.end(descriptor) }
    }

    private func flush(_ descriptor: Int32) throws {
        guard let connection = self.connections[descriptor], !connection.pending.isEmpty else { return }
        switch connection.pending.withUnsafeBytes({ connection.socket.write($0) }) {
        case .later: return
        case .gone: self.end(descriptor)
        case .bytes(let count):
            self.connections[descriptor]?.pending.removeFirst(count)
            if count == connection.pending.count { try self.epoll.change(descriptor, writable: false) }
        }
    }

    private func end(_ descriptor: Int32) {
        self.connections.removeValue(forKey: descriptor)?.socket.close()
    }
}
