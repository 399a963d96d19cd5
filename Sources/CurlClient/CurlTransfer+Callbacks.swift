import CCurl
import NIOCore
import ProxyCore

// What libcurl's callbacks come down to, all within a call into libcurl: they only note what has happened.

extension CurlTransfer {
    /// Whether libcurl may open a connection: not a second one, which it does to repeat a request on its own.
    func mayConnect() -> Bool {
        if self.startCount == 0 { return true }
        self.isRepetitionStopped = true
        return false
    }

    /// libcurl has got a new socket for this transfer's connection.
    func opened(socket: Int32) {
        self.openedSockets.append(socket)
        self.use(socket)
        self.engine.sockets.opened(socket, by: self.easy?.pointer)
    }

    /// A connection stands and the request is about to be sent; whether it may be.
    func requestStarts() -> Bool {
        guard self.startCount == 0 else {
            // The same request for the second time, on another connection that was still open.
            self.isRepetitionStopped = true
            return false
        }
        self.startCount = 1
        self.isConnectionReused = self.easy?.newConnections == 0
        if self.bytesToTake > 0 {
            self.wantsPiece = true
            self.notify()
        } else if self.bodyLength ?? 0 > 0 {
            self.tellsStart = true
            self.notify()
        }
        return true
    }

    /// Fills libcurl's buffer with the body; the result is libcurl's: bytes, or the order to pause.
    func fill(_ space: UnsafeMutableRawBufferPointer) -> Int {
        guard
            let count = self.piece?.readWithUnsafeReadableBytes({ bytes in
                let count = min(bytes.count, space.count)
                space.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                return (count, count)
            })
        else {
            if self.bytesToTake == 0 { return 0 }
            self.isSendingStopped = true
            return Int(CURL_READFUNC_PAUSE)
        }
        self.bytesToTake -= Int64(count)
        if self.piece?.readableBytes == 0 {
            self.piece = nil
            if self.bytesToTake > 0 {
                self.wantsPiece = true
                self.notify()
            }
        }
        return count
    }

    /// A line of a head or of the trailers; whether the transfer may go on.
    func received(headerLine line: UnsafeRawBufferPointer) -> Bool {
        do {
            if self.framing != nil {
                try self.parser.takeTrailer(line: line)
            } else if case .ended(let head, let framing) = try self.parser.take(line: line) {
                self.head = head
                self.framing = framing
                self.watchBody(framing)
                self.notify()
            }
            return true
        } catch {
            self.violation = error
            return false
        }
    }

    /// Has the raw bytes of a body in chunked coding looked at: only they tell whether the coding is sound, what comes
    /// behind its end, and where that is while the request is still on its way.
    ///
    /// Of an answer without a body libcurl 7.88 drops what comes behind it in the same piece, and nothing tells of that:
    /// its connection is not used again.
    private func watchBody(_ framing: AnswerFraming) {
        if framing == .empty || framing == .length(0) { return self.leaveConnection() }
        guard framing == .chunked, let easy = self.easy else { return }
        do {
            try easy.watchRawBody()
            self.scanner = ChunkedBodyScanner()
        } catch {
            self.violation = AnswerViolation(reason: "the raw answer cannot be watched")
        }
    }

    /// Bytes of the answer's body, decoded; the result is libcurl's: their number, or the order to pause.
    func received(body bytes: UnsafeRawBufferPointer) -> Int {
        // Anything but the number of bytes ends the transfer and its connection.
        if self.violation != nil { return bytes.isEmpty ? 1 : 0 }
        if self.isPaused || self.body.readableBytes >= Self.maximumWaitingBytes {
            self.isReceivingStopped = true
            return Int(CURL_WRITEFUNC_PAUSE)
        }
        self.body.writeBytes(bytes)
        self.answerBytes += Int64(bytes.count)
        self.notify()
        return bytes.count
    }

    /// Bytes of the answer's body as they came.
    func received(rawBody bytes: UnsafeRawBufferPointer) {
        self.scanner?.scan(bytes)
        if let scanner = self.scanner, scanner.violation != nil || scanner.hasExcess {
            self.violation = self.violation ?? scanner.violation
            self.leaveConnection()
        }
        self.notify()
    }

    /// Has the connection closed when the transfer ends, however it does: the next answer on it could be another one.
    private func leaveConnection() {
        do {
            try self.easy?.forbidReuse()
        } catch {
            self.violation = self.violation ?? AnswerViolation(reason: "the connection cannot be given up")
        }
    }
}
