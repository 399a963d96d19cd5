import NIOCore

/// Sends one answer, piece by piece as the connection takes it, with the faults that its action asks for.
final class AnswerDelivery {
    /// How a delivery ended, as far as it is up to this side.
    enum End: Equatable {
        /// Everything was handed to the peer.
        case completed
        /// The answer was broken off on purpose; the connection is to be closed, or reset.
        case cut(isReset: Bool)
    }

    /// Which answers have a body (RFC 9112, section 6.3).
    enum BodyRule: Equatable {
        case whole
        /// The answer to HEAD: the length alone.
        case lengthOnly
        /// An answer that never has one, such as 204.
        case absent
    }

    /// The connection as a delivery needs it.
    protocol Connection: AnyObject {
        /// Whether more may be written now.
        var isWritable: Bool { get }
        /// Appends bytes to what is to be sent; `events` of them are complete with these bytes.
        func send(_ bytes: ByteBuffer, events: Int)
        /// Hands what was appended to the peer.
        func flush()
        /// Hands what was appended to the peer and reports whether that worked.
        func flush(then: @escaping (Bool) -> Void)
        /// Calls back after so many milliseconds, never within this call; `nil` if the connection is gone.
        func schedule(milliseconds: Int, _ task: @escaping () -> Void) -> Scheduled<Void>?
        /// The answer began with this status.
        func began(status: Int)
        /// The delivery is over.
        func ended(_ end: End)
    }

    private static let batchSize = 64 << 10
    private static let turnSize = 1 << 20

    private let script: AnswerScript
    private let action: FaultAction
    private let framing: HeadWriter.Framing
    private let closes: Bool
    private let hasBody: Bool
    private weak var connection: (any Connection)?
    private var iterator: PieceIterator
    private var scheduled: Scheduled<Void>?
    private var piece = ByteBuffer()
    private var eventsSent = 0
    private var bytesSent = 0
    private var isPumping = false
    /// What has been said of the usage by what was handed to the connection.
    private(set) var reported: ReportedTokens?
    /// Whether an error event took the place of the rest.
    private(set) var hasFailed = false
    private var isOpen = false
    private var isOver = false
    private var gzip = GzipWriter()

    /// Prepares the delivery of `script`.
    init(
        _ script: AnswerScript,
        action: FaultAction,
        allowsChunks: Bool,
        body: BodyRule,
        closes: Bool,
        connection: any Connection
    ) {
        self.script = script
        self.action = action
        self.connection = connection
        if body == .absent {
            self.framing = .none
        } else if let length = script.body.length {
            self.framing = .contentLength(length)
        } else if body == .lengthOnly {
            self.framing = .none
        } else {
            self.framing = allowsChunks ? .chunked : .closing
        }
        let wrongLength = action.framing == .twoContentLengths || action.framing == .contentLengthAndChunked
        self.closes = closes || self.framing == .closing || wrongLength
        self.hasBody = body == .whole
        self.iterator = PieceIterator(body == .whole ? script.body : .init(segments: [], length: nil))
    }

    /// Whether the connection must be closed after this answer.
    var mustClose: Bool {
        self.closes
    }

    /// Begins.
    func start() {
        self.wait(self.action.delayBeforeHead) { $0.sendHead() }
    }

    /// The connection takes more, or asks for the next piece.
    func writabilityChanged() {
        self.pump()
    }

    /// Stops for good.
    func cancel() {
        self.isOver = true
        self.scheduled?.cancel()
        self.scheduled = nil
    }

    private func wait(_ milliseconds: Int, then task: @escaping (AnswerDelivery) -> Void) {
        guard milliseconds > 0 else {
            task(self)
            return
        }
        self.scheduled = self.connection?.schedule(milliseconds: milliseconds) { [weak self] in
            guard let self, !self.isOver else { return }
            task(self)
        }
    }

    private func sendHead() {
        guard let connection = self.connection else { return }
        if self.action.cut?.place == .beforeHead {
            self.breakOff()
            return
        }
        connection.began(status: self.script.status)
        if let fault = self.action.framing, let bytes = WrongAnswer.bytes(fault, script: self.script) {
            connection.send(bytes, events: 0)
            self.breakOff()
            return
        }
        let head = HeadWriter(fault: self.action.framing).head(self.script, framing: self.framing, closes: self.closes)
        connection.send(head, events: 0)
        if self.action.delayBeforeFirstByte > 0 { connection.flush() }
        self.wait(self.action.delayBeforeFirstByte) {
            $0.isOpen = true
            $0.pump()
        }
    }

    // MARK: Body

    private enum Step {
        case wrote(PieceIterator.Kind)
        case finished
        case errorEvent
        case stall
        case cut
    }

    /// Writes pieces as long as the connection takes them, up to a limit per turn of the loop.
    private func pump() {
        guard self.isOpen, !self.isOver, !self.isPumping, let connection = self.connection else { return }
        self.isPumping = true
        defer { self.isPumping = false }
        var batch = ByteBuffer()
        var events = 0
        var written = 0
        while written < Self.turnSize, connection.isWritable {
            let step = self.step(into: &batch)
            guard case .wrote(let kind) = step else {
                connection.send(batch, events: events)
                self.conclude(step, on: connection)
                return
            }
            if kind == .event {
                events += 1
                self.reported = self.script.reported(afterEvents: self.eventsSent) ?? self.reported
            }
            let isFirst = kind == .event && self.eventsSent == 1
            let pauses = kind == .event && self.action.delayBetweenEvents > 0
            guard batch.readableBytes >= Self.batchSize || isFirst || pauses else { continue }
            written += batch.readableBytes
            connection.send(batch, events: events)
            batch.clear()
            events = 0
            if isFirst || pauses { connection.flush() }
            if pauses {
                self.isOpen = false
                self.wait(self.action.delayBetweenEvents) {
                    $0.isOpen = true
                    $0.pump()
                }
                return
            }
        }
        if batch.readableBytes > 0 { connection.send(batch, events: events) }
        connection.flush()
        if connection.isWritable {
            self.scheduled = connection.schedule(milliseconds: 0) { [weak self] in self?.pump() }
        }
    }

    /// Appends the next piece, or says what happens in its place.
    private func step(into batch: inout ByteBuffer) -> Step {
        if case .afterEvents(let count)? = self.action.cut?.place, self.eventsSent >= count { return .cut }
        if let count = self.action.stallAfter, self.eventsSent >= count { return .stall }
        if let count = self.action.errorEventAfter, self.script.errorEvent != nil, self.eventsSent >= count {
            return .errorEvent
        }
        self.piece.clear()
        if let every = self.action.keepAliveEvery, let bytes = self.script.keepAlive, self.iterator.upcoming == .event,
            (self.eventsSent + 1).isMultiple(of: every)
        {
            self.piece.writeImmutableBuffer(bytes)
        }
        guard let kind = self.iterator.next(into: &self.piece) else { return .finished }
        if kind == .event { self.eventsSent += 1 }
        return self.append(to: &batch) ? .wrote(kind) : .cut
    }

    /// Appends the piece with its framing; false if the answer breaks off within it.
    private func append(to batch: inout ByteBuffer) -> Bool {
        guard self.piece.readableBytes > 0 else { return true }
        if self.script.isCompressed { self.piece = self.gzip.write(self.piece) }
        return self.frame(to: &batch)
    }

    private func frame(to batch: inout ByteBuffer) -> Bool {
        var size = self.piece.readableBytes
        if self.framing == .chunked { batch.writeString(String(size, radix: 16) + "\r\n") }
        var isWhole = true
        if case .afterBytes(let limit)? = self.action.cut?.place, self.bytesSent + size >= limit {
            size = limit - self.bytesSent
            isWhole = false
        }
        self.bytesSent += size
        if isWhole {
            batch.writeImmutableBuffer(self.piece)
        } else if let part = self.piece.readSlice(length: size) {
            batch.writeImmutableBuffer(part)
        }
        if isWhole, self.framing == .chunked { batch.writeString("\r\n") }
        return isWhole
    }

    // MARK: End

    private func conclude(_ step: Step, on connection: any Connection) {
        self.isOpen = false
        switch step {
        case .cut: self.breakOff()
        case .stall: self.stall()
        case .errorEvent:
            self.hasFailed = true
            self.piece.clear()
            self.script.errorEvent?.write(self.eventsSent, of: .pieces([]), into: &self.piece)
            var bytes = ByteBuffer()
            _ = self.append(to: &bytes)
            connection.send(bytes, events: 1)
            self.finish(on: connection)
        case .finished, .wrote:
            if self.hasBody { self.reported = self.reported ?? self.script.reportedByBody }
            self.finish(on: connection)
        }
    }

    private func finish(on connection: any Connection) {
        if self.script.isCompressed, self.hasBody {
            self.piece = self.gzip.finish()
            var bytes = ByteBuffer()
            let isWhole = self.frame(to: &bytes)
            connection.send(bytes, events: 0)
            guard isWhole else { return self.breakOff() }
        }
        if self.framing == .chunked { connection.send(ByteBuffer(string: "0\r\n\r\n"), events: 0) }
        connection.flush { [weak self] succeeded in
            guard let self, !self.isOver, succeeded else { return }
            self.isOver = true
            self.connection?.ended(.completed)
        }
    }

    private func breakOff() {
        let isReset = self.action.cut?.isReset ?? false
        self.connection?.flush { [weak self] _ in
            guard let self, !self.isOver else { return }
            // The peer gets a moment to take what was sent, because a reset may overtake it.
            self.wait(isReset ? 20 : 0) {
                $0.isOver = true
                $0.connection?.ended(.cut(isReset: isReset))
            }
        }
    }

    private func stall() {
        self.connection?.flush()
        guard let pause = self.action.stallKeepAlive, let bytes = self.script.keepAlive else { return }
        self.wait(pause) { delivery in
            delivery.piece.clear()
            delivery.piece.writeImmutableBuffer(bytes)
            var batch = ByteBuffer()
            _ = delivery.append(to: &batch)
            if delivery.connection?.isWritable ?? false { delivery.connection?.send(batch, events: 0) }
            delivery.stall()
        }
    }
}
