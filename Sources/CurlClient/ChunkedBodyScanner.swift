/// Finds the end of a body in chunked coding (RFC 9112 §7.1) without decoding it.
///
/// libcurl decodes and checks the body itself; this only tells that its end has been seen while an upload keeps libcurl
/// from saying so. It is therefore lenient: what libcurl refuses never gets to matter here.
struct ChunkedBodyScanner: Equatable {
    private enum Position: Equatable {
        case size
        case sizeExtension
        case data(remaining: UInt64)
        case dataEnd
        case trailerLineStart
        case trailerLine
        case ended
    }

    private var position = Position.size
    private var size: UInt64 = 0

    /// Whether the last chunk and the trailers have been seen.
    var hasEnded: Bool { self.position == .ended }

    /// Goes over the next bytes of the body.
    mutating func scan(_ bytes: UnsafeRawBufferPointer) {
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if case .data(let remaining) = self.position {
                let step = Int(min(remaining, UInt64(bytes.endIndex - index)))
                index += step
                let left = remaining - UInt64(step)
                self.position = left == 0 ? .dataEnd : .data(remaining: left)
            } else {
                self.advance(bytes[index])
                index += 1
            }
        }
    }

    private mutating func advance(_ byte: UInt8) {
        let isLineEnd = byte == 0x0A
        switch self.position {
        case .size where !isLineEnd:
            if let digit = Self.hexadecimalValue(byte) {
                self.size = (self.size & 0x0FFF_FFFF_FFFF_FFFF) << 4 | UInt64(digit)
            } else {
                self.position = .sizeExtension
            }
        case .size, .sizeExtension:
            if isLineEnd {
                self.position = self.size == 0 ? .trailerLineStart : .data(remaining: self.size)
                self.size = 0
            }
        case .dataEnd:
            if isLineEnd { self.position = .size }
        case .trailerLineStart:
            if isLineEnd { self.position = .ended } else if byte != 0x0D { self.position = .trailerLine }
        case .trailerLine:
            if isLineEnd { self.position = .trailerLineStart }
        case .data, .ended:
            break
        }
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
