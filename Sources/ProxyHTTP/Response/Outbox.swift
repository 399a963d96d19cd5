import NIOCore

/// Collects what an answer consists of, so that small pieces of one turn of the loop leave in one write while large
/// ones are passed on without a copy.
///
/// The collecting buffer is used again once the channel has let go of it, so that an event of a stream takes no memory of
/// its own.
struct Outbox {
    /// Pieces up to this size are copied beside one another.
    private static let copiedBytes = 8 * 1024
    /// The collecting buffer is closed when it has grown to this.
    private static let sealedBytes = 16 * 1024
    /// A collecting buffer larger than this is not kept for what comes next: there are thousands of connections.
    private static let keptBytes = 1024
    /// What stands around a chunk: sixteen digits at most and two line ends.
    private static let chunkBytes = 20

    /// The collecting buffer, which has been handed out where nothing in it can be read.
    private var tail = ByteBuffer()
    /// What comes before it.
    private var sealed: [ByteBuffer] = []

    /// Whether nothing waits.
    var isEmpty: Bool { self.tail.readableBytes == 0 && self.sealed.isEmpty }

    /// Lets `write` add bytes to the collecting buffer.
    mutating func append(reserving bytes: Int, _ write: (inout ByteBuffer) -> Void) {
        self.reserve(bytes)
        write(&self.tail)
        if self.tail.readableBytes >= Self.sealedBytes { self.seal() }
    }

    /// Adds a piece, by copy if it is small.
    mutating func append(_ piece: ByteBuffer) {
        guard piece.readableBytes > Self.copiedBytes else {
            self.append(reserving: piece.readableBytes) { $0.writeImmutableBuffer(piece) }
            return
        }
        self.seal()
        self.sealed.append(piece)
    }

    /// Adds a piece as one chunk (RFC 9112 §7.1), a small one in one go: it is what an event of a stream leaves as.
    mutating func append(chunk piece: ByteBuffer) {
        let count = piece.readableBytes
        guard count <= Self.copiedBytes else {
            self.append(reserving: Self.chunkBytes) { buffer in
                _ = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.chunkBytes) {
                    Self.writeChunkHead(count, to: $0)
                }
            }
            self.append(piece)
            self.append(reserving: 2) { $0.writeStaticString("\r\n") }
            return
        }
        self.append(reserving: count + Self.chunkBytes) { buffer in
            _ = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count + Self.chunkBytes) { target in
                let start = Self.writeChunkHead(count, to: target)
                piece.withUnsafeReadableBytes { bytes in
                    UnsafeMutableRawBufferPointer(rebasing: target[start...]).copyMemory(from: bytes)
                }
                target[start + count] = 0x0D
                target[start + count + 1] = 0x0A
                return start + count + 2
            }
        }
    }

    /// Takes out the next of the buffers that are large enough to be handed to the channel before the turn ends.
    mutating func takeSealed() -> ByteBuffer? {
        self.sealed.isEmpty ? nil : self.sealed.removeFirst()
    }

    /// Takes out the next buffer; `nil` if nothing waits.
    mutating func takeNext() -> ByteBuffer? {
        if let sealed = self.takeSealed() { return sealed }
        guard self.tail.readableBytes > 0 else { return nil }
        let buffer = self.tail
        if buffer.storageCapacity > Self.keptBytes {
            self.tail = ByteBuffer()
        } else {
            self.tail.moveReaderIndex(to: self.tail.writerIndex)
        }
        return buffer
    }

    /// Takes out everything.
    mutating func takeAll() -> [ByteBuffer] {
        var all: [ByteBuffer] = []
        while let buffer = self.takeNext() { all.append(buffer) }
        return all
    }

    private mutating func reserve(_ bytes: Int) {
        if self.tail.readableBytes > 0 {
            self.tail.reserveCapacity(minimumWritableBytes: bytes)
        } else {
            self.tail.clear(minimumCapacity: bytes)
        }
    }

    private mutating func seal() {
        guard self.tail.readableBytes > 0 else { return }
        self.sealed.append(self.tail)
        self.tail = ByteBuffer()
    }

    /// Writes the size of a chunk and the end of that line, 18 bytes at most; returns their number.
    private static func writeChunkHead(_ size: Int, to target: UnsafeMutableRawBufferPointer) -> Int {
        let digits = max(1, (Int.bitWidth - size.leadingZeroBitCount + 3) / 4)
        for place in 0..<digits {
            let digit = UInt8(truncatingIfNeeded: size >> (4 * (digits - 1 - place))) & 0x0F
            target[place] = digit < 10 ? 0x30 + digit : 0x57 + digit
        }
        target[digits] = 0x0D
        target[digits + 1] = 0x0A
        return digits + 2
    }
}
