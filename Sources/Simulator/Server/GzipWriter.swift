import NIOCore

/// Writes a body as a gzip file (RFC 1952) whose deflate blocks are stored as they are (RFC 1951, section 3.2.4), so that
/// each piece can be read as soon as it has arrived.
struct GzipWriter {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }

    private var hasBegun = false
    private var sum = UInt32.max
    private var length: UInt32 = 0

    /// The bytes for a piece of the body.
    mutating func write(_ piece: ByteBuffer) -> ByteBuffer {
        var output = self.head()
        self.length &+= UInt32(truncatingIfNeeded: piece.readableBytes)
        for byte in piece.readableBytesView {
            self.sum = self.sum >> 8 ^ Self.table[Int((self.sum ^ UInt32(byte)) & 0xFF)]
        }
        var rest = piece
        while let part = rest.readSlice(length: min(rest.readableBytes, Int(UInt16.max))), part.readableBytes > 0 {
            Self.writeBlock(part, isLast: false, to: &output)
        }
        return output
    }

    /// The bytes that end the file.
    mutating func finish() -> ByteBuffer {
        var output = self.head()
        Self.writeBlock(ByteBuffer(), isLast: true, to: &output)
        output.writeInteger(~self.sum, endianness: .little)
        output.writeInteger(self.length, endianness: .little)
        return output
    }

    /// Magic number, deflate, no flags, no time, no hints, unknown system.
    private mutating func head() -> ByteBuffer {
        guard !self.hasBegun else { return ByteBuffer() }
        self.hasBegun = true
        return ByteBuffer(bytes: [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255])
    }

    private static func writeBlock(_ part: ByteBuffer, isLast: Bool, to output: inout ByteBuffer) {
        let length = UInt16(part.readableBytes)
        output.writeInteger(UInt8(isLast ? 1 : 0))
        output.writeInteger(length, endianness: .little)
        output.writeInteger(~length, endianness: .little)
        output.writeImmutableBuffer(part)
    }
}
