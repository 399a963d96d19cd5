/// Callers of streams, each on a connection of its own, that begin one after the other and note how old each event is.
///
/// One thread, one epoll set.
final class StreamCaller {
    /// What is called.
    struct Options {
        /// The port on this machine.
        var port: UInt16
        /// The credential.
        var token = ""
        /// Where on it the requests go.
        var path = "/v1/chat/completions"
        /// Streams at once.
        var streams = 50
        /// Streams of each connection, one after the other.
        var turns = 1
        /// Events of each stream.
        var events = 100
        /// Microseconds between two events.
        var interval = 20_000
        /// Nanoseconds over which the connections begin.
        var ramp: UInt64 = 1_000_000_000
        /// Nanoseconds after which all of it ends.
        var limit: UInt64 = 60_000_000_000
    }

    private struct Call {
        var socket: Socket
        var reader = AnswerReader()
        var index: Int
        var turns: Int
        var isConnected = false
    }

    /// What came of it so far.
    private(set) var tally = StreamTally()
    /// Whether each connection has seen an event.
    var areAllOpen: Bool { self.opened == self.options.streams }
    /// Whether nothing is left to do.
    var isOver: Bool { self.begun == self.options.streams && self.calls.isEmpty }

    private let options: Options
    private let epoll: EpollSet
    private let startedAt = MonotonicClock.now()
    private var begun = 0
    private var opened = 0
    private var calls: [Int32: Call] = [:]
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

    /// Prepares the load; it begins with the first step.
    init(_ options: Options) throws(SocketError) {
        self.options = options
        self.epoll = try EpollSet()
    }

    deinit {
        for call in self.calls.values { call.socket.close() }
        self.input.deallocate()
    }

    /// Waits for what comes next, `nanoseconds` at most, and does it.
    func step(nanoseconds: UInt64) throws {
        let now = MonotonicClock.now()
        if now - self.startedAt > self.options.limit { return self.giveUp() }
        var wait = nanoseconds
        while self.begun < self.options.streams {
            let start = self.startedAt + UInt64(self.begun) * self.options.ramp / UInt64(self.options.streams)
            if start > now {
                wait = min(wait, start - now)
                break
            }
            try self.begin()
        }
        try self.epoll.wait(nanoseconds: wait) { descriptor, isWritable in
            if isWritable { try self.connected(descriptor) }
            try self.read(descriptor)
        }
        self.tally.nanoseconds = MonotonicClock.now() - self.startedAt
    }

    private func begin() throws {
        let socket = try Socket.connecting(to: self.options.port)
        self.calls[socket.descriptor] = Call(socket: socket, index: self.begun, turns: self.options.turns)
        self.begun += 1
        try self.epoll.add(socket.descriptor, writable: true)
    }

    private func connected(_ descriptor: Int32) throws {
        guard self.calls[descriptor]?.isConnected == false else { return }
        self.calls[descriptor]?.isConnected = true
        try self.epoll.change(descriptor, writable: false)
        self.ask(descriptor)
    }

    private func ask(_ descriptor: Int32) {
        guard let call = self.calls[descriptor] else { return }
        // A request of about a kibibyte fits into an empty socket as a whole.
        let bytes = self.request(call.index)
        guard case .bytes(bytes.count) = bytes.withUnsafeBytes({ call.socket.write($0) }) else {
            return self.end(descriptor)
        }
    }

    /// What a caller sends: each has a conversation of its own.
    private func request(_ index: Int) -> [UInt8] {
        let text = "Stream \(index). " + String(repeating: "word ", count: 180)
        let body =
            #"{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":""# + text + #""}]}"#
        let query = "events=\(self.options.events)&interval=\(self.options.interval)"
        let head = """
            POST \(self.options.path)?\(query) HTTP/1.1\r
            Host: 127.0.0.1:\(self.options.port)\r
            Authorization: Bearer \(self.options.token)\r
            Content-Type: application/json\r
            Content-Length: \(body.utf8.count)\r
            \r

            """
        return Array((head + body).utf8)
    }

    private func read(_ descriptor: Int32) throws {
        guard let socket = self.calls[descriptor]?.socket else { return }
        switch socket.read(self.input) {
        case .later: return
        case .gone: return self.end(descriptor)
        case .bytes(let count):
            let now = MonotonicClock.now()
            guard let before = self.calls[descriptor]?.reader.answer.events else { return }
            self.calls[descriptor]?.reader.feed(UnsafeRawBufferPointer(rebasing: self.input[..<count])) { sentAt in
                self.tally.events += 1
                self.tally.delays.record(now > sentAt ? now - sentAt : 0)
            }
            guard let call = self.calls[descriptor] else { return }
            if before == 0, call.reader.answer.events > 0, call.turns == self.options.turns { self.opened += 1 }
            if call.reader.isBroken { return self.end(descriptor) }
            if call.reader.answer.isOver { self.turn(descriptor) }
        }
    }

    /// A stream is over; its connection takes the next one.
    private func turn(_ descriptor: Int32) {
        guard let call = self.calls[descriptor], call.turns > 1 else { return self.end(descriptor) }
        self.tally.count(call.reader.answer, expected: self.options.events)
        self.calls[descriptor]?.turns -= 1
        self.calls[descriptor]?.reader.begin()
        self.ask(descriptor)
    }

    private func end(_ descriptor: Int32) {
        guard let call = self.calls.removeValue(forKey: descriptor) else { return }
        self.tally.count(call.reader.answer, expected: self.options.events)
        self.tally.unfinished += call.turns - 1
        call.socket.close()
    }

    private func giveUp() {
        self.tally.unfinished += (self.options.streams - self.begun) * self.options.turns
        self.begun = self.options.streams
        for call in self.calls.values {
            self.tally.unfinished += call.turns
            call.socket.close()
        }
        self.calls.removeAll()
    }
}
