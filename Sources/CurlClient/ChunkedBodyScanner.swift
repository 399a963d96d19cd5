/// Checks a body in chunked coding (RFC 9112 §7.1) without decoding it, and finds its end.
///
/// libcurl 7.88 decodes the body, but more leniently than a second reader of the same bytes would: it takes bare line
/// feeds, anything behind a size up to the line's end, and it drops bytes behind the last chunk without a word, so that
/// what follows them becomes the next answer. What this finds ends the transfer, or at least its connection.
struct ChunkedBodyScanner: Equatable {
    /// The most bytes behind a chunk's size in its line.
    static let maximumExtensionBytes = 1024
    /// The most digits of a chunk's size, so that it stays within 60 bits.
    static let maximumSizeDigits = 15

    private enum Position: Equatable {
        case size(digits: Int)
        /// White space behind the size, which only an extension or the end of the line may follow.
        case sizeSpace(bytes: Int)
        case sizeExtension(bytes: Int)
        case sizeLineFeed
        case data(remaining: UInt64)
        case dataReturn
        case dataLineFeed
        case trailerLineStart
        case trailerLine
        case trailerLineFeed
        case lastLineFeed
        case ended
    }

    private var position = Position.size(digits: 0)
    private var size: UInt64 = 0
    /// What is wrong with the coding; nothing is looked at any more then.
    private(set) var violation: AnswerViolation?
    /// Whether bytes came behind the end.
    private(set) var hasExcess = false

    /// Whether the last chunk and the trailers have been seen.
    var hasEnded: Bool { self.position == .ended }

    /// Goes over the next bytes of the body.
    mutating func scan(_ bytes: UnsafeRawBufferPointer) {
        var index = bytes.startIndex
        while index < bytes.endIndex, self.violation == nil, !self.hasExcess {
            if case .data(let remaining) = self.position {
                let step = Int(min(remaining, UInt64(bytes.endIndex - index)))
                index += step
                let left = remaining - UInt64(step)
                self.position = left == 0 ? .dataReturn : .data(remaining: left)
            } else {
                do throws(AnswerViolation) {
                    try self.advance(bytes[index])
                } catch {
                    self.violation = error
                }
                index += 1
            }
        }
    }

    private mutating func advance(_ byte: UInt8) throws(AnswerViolation) {
        switch self.position {
        case .size, .sizeSpace, .sizeExtension:
            try self.advanceInSizeLine(byte)
        case .sizeLineFeed:
            try Self.expectLineFeed(byte)
            self.position = self.size == 0 ? .trailerLineStart : .data(remaining: self.size)
            self.size = 0
        case .dataReturn:
            guard byte == 0x0D else { throw AnswerViolation(reason: "chunk longer than its size") }
            self.position = .dataLineFeed
        case .dataLineFeed:
            try Self.expectLineFeed(byte)
            self.position = .size(digits: 0)
        case .trailerLineStart, .trailerLine:
            // What stands in the line is checked with the fields of the head.
            guard byte != 0x0A else { throw AnswerViolation(reason: "line of the trailers without CRLF") }
            if byte == 0x0D {
                self.position = self.position == .trailerLineStart ? .lastLineFeed : .trailerLineFeed
            } else {
                self.position = .trailerLine
            }
        case .trailerLineFeed:
            try Self.expectLineFeed(byte)
            self.position = .trailerLineStart
        case .lastLineFeed:
            try Self.expectLineFeed(byte)
            self.position = .ended
        case .ended:
            self.hasExcess = true
        case .data:
            break
        }
    }

    private mutating func advanceInSizeLine(_ byte: UInt8) throws(AnswerViolation) {
        var extensionBytes = 0
        switch self.position {
        case .size(let digits):
            if let digit = Self.hexadecimalValue(byte) {
                guard digits < Self.maximumSizeDigits else { throw AnswerViolation(reason: "chunk size out of range") }
                self.size = self.size << 4 | UInt64(digit)
                self.position = .size(digits: digits + 1)
                return
            }
            guard digits > 0 else { throw AnswerViolation(reason: "chunk without a size") }
        case .sizeSpace(let bytes), .sizeExtension(let bytes):
            extensionBytes = bytes
        default:
            return
        }
        let isExtension = if case .sizeExtension = self.position { true } else { false }
        guard extensionBytes < Self.maximumExtensionBytes else {
            throw AnswerViolation(reason: "chunk extension of more than 1 KiB")
        }
        switch byte {
        case 0x0D:
            self.position = .sizeLineFeed
        case 0x3B:
            self.position = .sizeExtension(bytes: extensionBytes + 1)
        case 0x09, 0x20:
            // Old servers fill the size up with blanks; they are harmless where an extension or the end follows.
            self.position =
                isExtension ? .sizeExtension(bytes: extensionBytes + 1) : .sizeSpace(bytes: extensionBytes + 1)
        case 0x21...0x7E where isExtension, 0x80...0xFF where isExtension:
            self.position = .sizeExtension(bytes: extensionBytes + 1)
        default:
            throw AnswerViolation(reason: "malformed chunk size")
        }
    }

    private static func expectLineFeed(_ byte: UInt8) throws(AnswerViolation) {
        guard byte == 0x0A else { throw AnswerViolation(reason: "bare CR in the chunked coding") }
    }

    private static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
