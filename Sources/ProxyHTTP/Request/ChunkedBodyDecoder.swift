import NIOCore

/// Takes the chunks of a request's body apart (RFC 9112 §7.1): extensions and trailers must be sound, are read within
/// bounds and dropped; line ends are CRLF and nothing else.
struct ChunkedBodyDecoder {
    /// What the next bytes were.
    enum Step: Equatable {
        /// There is nothing more in the buffer.
        case needsMore
        /// Bytes of the body, as many of one chunk as had come.
        case piece(ByteBuffer)
        /// The last chunk and the trailers are through.
        case end
        /// This is no chunked body.
        case malformed
        /// The extensions or trailers are over their bound.
        case tooLarge
    }

    /// How many bytes all extensions of one body may have together.
    static let maximumExtensionBytes = 16 * 1024
    /// How many bytes the trailers of one body may have together.
    static let maximumTrailerBytes = 16 * 1024
    /// Fifteen digits fit an `Int64` whatever they are.
    private static let maximumSizeDigits = 15

    private enum Position {
        case size
        case `extension`
        case sizeLineFeed
        case data
        case dataCarriageReturn
        case dataLineFeed
        case trailerStart
        case trailerName
        case trailerValue
        case trailerLineFeed
        case lastLineFeed
        case done
    }

    private var position = Position.size
    private var digits = 0
    private var remaining: Int64 = 0
    private var chunkExtension = ChunkExtensionGrammar()
    private var extensionBytes = 0
    private var trailerBytes = 0

    /// Takes the next step out of the buffer.
    mutating func next(_ buffer: inout ByteBuffer) -> Step {
        while true {
            if self.position == .done { return .end }
            if self.position == .data {
                let count = Int(min(self.remaining, Int64(buffer.readableBytes)))
                guard count > 0, let piece = buffer.readSlice(length: count) else { return .needsMore }
                self.remaining -= Int64(count)
                if self.remaining == 0 { self.position = .dataCarriageReturn }
                return .piece(piece)
            }
            guard let byte: UInt8 = buffer.readInteger() else { return .needsMore }
            guard self.takes(byte) else { return .malformed }
            guard
                self.extensionBytes <= Self.maximumExtensionBytes,
                self.trailerBytes <= Self.maximumTrailerBytes
            else {
                return .tooLarge
            }
        }
    }

    /// Moves on by a byte that is no data; `false` if it must not stand there.
    private mutating func takes(_ byte: UInt8) -> Bool {
        switch self.position {
        case .size:
            if let value = ByteClass.hexadecimalValue(byte) {
                self.digits += 1
                self.remaining = self.remaining << 4 | Int64(value)
                return self.digits <= Self.maximumSizeDigits
            }
            guard self.digits > 0 else { return false }
            return self.ends(line: byte, with: .sizeLineFeed, orBegins: .extension)
        case .extension:
            self.extensionBytes += 1
            guard byte == ByteClass.carriageReturn else { return self.chunkExtension.takes(byte) }
            self.position = .sizeLineFeed
            return self.chunkExtension.mayEnd
        case .sizeLineFeed:
            self.digits = 0
            self.position = self.remaining == 0 ? .trailerStart : .data
            return byte == ByteClass.lineFeed
        case .dataCarriageReturn:
            self.position = .dataLineFeed
            return byte == ByteClass.carriageReturn
        case .dataLineFeed:
            self.position = .size
            return byte == ByteClass.lineFeed
        case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed, .lastLineFeed:
            return self.takesTrailer(byte)
        case .data, .done:
            return false
        }
    }

    private mutating func takesTrailer(_ byte: UInt8) -> Bool {
        self.trailerBytes += 1
        switch self.position {
        case .trailerStart where byte == ByteClass.carriageReturn:
            self.position = .lastLineFeed
            return true
        case .trailerStart:
            self.position = .trailerName
            return ByteClass.isToken(byte)
        case .trailerName where byte == ByteClass.colon:
            self.position = .trailerValue
            return true
        case .trailerName:
            return ByteClass.isToken(byte)
        case .trailerValue where byte == ByteClass.carriageReturn:
            self.position = .trailerLineFeed
            return true
        case .trailerValue:
            return ByteClass.isFieldValue(byte)
        case .trailerLineFeed:
            self.position = .trailerStart
            return byte == ByteClass.lineFeed
        default:
            self.position = .done
            return byte == ByteClass.lineFeed
        }
    }

    private mutating func ends(line byte: UInt8, with end: Position, orBegins other: Position) -> Bool {
        switch byte {
        case ByteClass.carriageReturn: self.position = end
        case ByteClass.semicolon:
            self.position = other
            self.chunkExtension = ChunkExtensionGrammar()
        default: return false
        }
        return true
    }
}
