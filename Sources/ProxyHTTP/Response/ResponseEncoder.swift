import NIOCore
import ProxyCore

/// Writes one answer: chooses its framing from the head, keeps to it, and owns `Connection`, `Transfer-Encoding` and
/// `Keep-Alive` (RFC 9112 §6 and §9).
struct ResponseEncoder {
    /// How the caller finds the end of the answer.
    enum Framing: Equatable {
        /// There is no body, whatever is written: an answer to HEAD, 204 and 304.
        case none
        /// So many bytes are still to be written.
        case length(Int64)
        /// Chunks.
        case chunked
        /// The end of the connection, for HTTP/1.0 callers.
        case untilClose
        /// The end of the stream, in HTTP/2, which counts the bytes of each piece by itself.
        case untilEndOfStream
    }

    /// As much as most heads take.
    private static let usualHead = 512
    /// A body up to this size leaves with its head in one write if it is there by then.
    private static let smallBody: Int64 = 8 * 1024

    /// How the answer is framed.
    private(set) var framing: Framing
    /// Whether the head that the responder gave, or its framing, ends the connection.
    let wantsClose: Bool
    /// The names of fields that were left out because they cannot be written.
    ///
    /// Values are never told: they may be secret.
    private(set) var droppedFields: [String] = []

    let head: ResponseHead
    let contentLength: Int64?
    private let version: HTTPVersion

    /// Plans the answer to a request of this method and version.
    init(head: ResponseHead, method: String, version: HTTPVersion) {
        var lengths = 0
        var length: Int64?
        var asksToClose = false
        for field in head.headers {
            switch field.name.utf8.count {
            case 14 where field.name.isName("content-length"):
                lengths += 1
                length = lengths == 1 ? SoundHead.length(field.value) : nil
            case 10 where field.name.isName("connection"):
                let options = field.value.split(separator: ",").map { $0.trimmingHTTPWhitespace() }
                if options.contains(where: { $0.equalsIgnoringASCIICase("close") }) { asksToClose = true }
            default: break
            }
        }
        if lengths > 0, length == nil { self.droppedFields.append("content-length") }
        let hasNoBody = method == "HEAD" || head.status == 204 || head.status == 304
        self.framing =
            if hasNoBody {
                .none
            } else if let length {
                .length(length)
            } else {
                switch version {
                case .http10: .untilClose
                case .http11: .chunked
                case .http2: .untilEndOfStream
                }
            }
        self.wantsClose = self.framing == .untilClose || asksToClose
        // RFC 9110 §8.6: no Content-Length in a 204.
        self.contentLength = head.status == 204 ? nil : length
        self.head = head
        self.version = version
    }

    /// Writes the head.
    ///
    /// `closes` tells the caller that the connection ends with this answer.
    mutating func writeHead(closes: Bool, now: WallTime, into outbox: inout Outbox) {
        var dropped: [String] = []
        var hasDate = false
        // A small body follows in the same buffer.
        let body = if case .length(let length) = self.framing, length <= Self.smallBody { Int(length) } else { 0 }
        outbox.append(reserving: Self.usualHead + body) { buffer in
            // RFC 9112 §2.3: the version told is ours, to HTTP/1.0 callers as well.
            buffer.writeStaticString("HTTP/1.1 ")
            buffer.writeDecimal(Int64(self.head.status))
            buffer.writeStaticString(" ")
            let isUsable = !self.head.reason.isEmpty && self.head.reason.withBytes(ByteClass.isFieldValue)
            buffer.writeString(isUsable ? self.head.reason : ReasonPhrase.usual(self.head.status))
            buffer.writeStaticString("\r\n")
            for field in self.head.headers where !Self.isOwned(field.name) {
                hasDate = hasDate || field.name.isName("date")
                if !buffer.writeField(field) { dropped.append(field.name) }
            }
            if let contentLength = self.contentLength {
                buffer.writeStaticString("content-length: ")
                buffer.writeDecimal(contentLength)
                buffer.writeStaticString("\r\n")
            }
            if self.framing == .chunked { buffer.writeStaticString("transfer-encoding: chunked\r\n") }
            if closes {
                buffer.writeStaticString("connection: close\r\n")
            } else if self.version == .http10 {
                buffer.writeStaticString("connection: keep-alive\r\n")
            }
            if !hasDate {
                buffer.writeStaticString("date: ")
                buffer.writeHTTPDate(now)
                buffer.writeStaticString("\r\n")
            }
            buffer.writeStaticString("\r\n")
        }
        self.droppedFields += dropped
    }

    /// Writes a piece of the body; `false` if it is more than the head promised.
    ///
    /// As much as was promised is written.
    mutating func write(_ piece: ByteBuffer, into outbox: inout Outbox) -> Bool {
        guard piece.readableBytes > 0 else { return true }
        switch self.framing {
        case .none:
            return true
        case .untilClose, .untilEndOfStream:
            outbox.append(piece)
            return true
        case .chunked:
            outbox.append(chunk: piece)
            return true
        case .length(let remaining):
            let count = min(remaining, Int64(piece.readableBytes))
            if let promised = piece.getSlice(at: piece.readerIndex, length: Int(count)) { outbox.append(promised) }
            self.framing = .length(remaining - count)
            return count == Int64(piece.readableBytes)
        }
    }

    /// Ends the body; `false` if it is less than the head promised.
    mutating func finish(trailers: HeaderFields?, into outbox: inout Outbox) -> Bool {
        switch self.framing {
        case .none, .untilClose, .untilEndOfStream:
            return true
        case .length(let remaining):
            return remaining == 0
        case .chunked:
            var dropped: [String] = []
            outbox.append(reserving: 16) { buffer in
                buffer.writeStaticString("0\r\n")
                for field in trailers ?? [:] where !Self.isOwned(field.name) {
                    if !buffer.writeField(field) { dropped.append(field.name) }
                }
                buffer.writeStaticString("\r\n")
            }
            self.droppedFields += dropped
            return true
        }
    }

    /// Tells of fields that were left out of what was written in another form than this one's.
    mutating func noteDropped(_ names: [String]) {
        self.droppedFields += names
    }

    /// Whether a field is the encoder's own and not taken from the responder.
    static func isOwned(_ name: String) -> Bool {
        switch name.utf8.count {
        case 10: name.isName("connection") || name.isName("keep-alive")
        case 14: name.isName("content-length")
        case 17: name.isName("transfer-encoding")
        default: false
        }
    }
}

extension ByteBuffer {
    /// Writes a field and the end of its line; `false`, and nothing written, if its name is no token or its value holds
    /// a control character, with which an answer could be split.
    fileprivate mutating func writeField(_ field: HeaderFields.Field) -> Bool {
        field.name.withBytes { name in
            field.value.withBytes { value in
                guard ByteClass.isToken(name), ByteClass.isFieldValue(value) else { return false }
                let count = name.count + value.count + 4
                _ = self.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
                    target.copyMemory(from: name)
                    target[name.count] = ByteClass.colon
                    target[name.count + 1] = ByteClass.space
                    UnsafeMutableRawBufferPointer(rebasing: target[(name.count + 2)...]).copyMemory(from: value)
                    target[count - 2] = ByteClass.carriageReturn
                    target[count - 1] = ByteClass.lineFeed
                    return count
                }
                return true
            }
        }
    }

    /// Writes a number that is not negative.
    fileprivate mutating func writeDecimal(_ number: Int64) {
        var digits = 1
        var rest = number / 10
        while rest > 0 {
            digits += 1
            rest /= 10
        }
        _ = self.writeWithUnsafeMutableBytes(minimumWritableBytes: digits) { target in
            var rest = number
            for place in (0..<digits).reversed() {
                target[place] = UInt8(truncatingIfNeeded: rest % 10) + 0x30
                rest /= 10
            }
            return digits
        }
    }
}

extension HeaderFields.Field {
    /// Whether the name is a token and the value holds no control character.
    var isFitToWrite: Bool {
        self.name.withBytes(ByteClass.isToken) && self.value.withBytes(ByteClass.isFieldValue)
    }
}
