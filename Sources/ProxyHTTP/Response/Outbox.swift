import NIOCore

/// Collects what an answer consists of, so that small pieces of one turn of the loop leave in one write while large
/// ones are passed on without a copy.
struct Outbox {
    /// Pieces up to this size are copied beside one another.
    private static let copiedBytes = 8 * 1024
    /// The collecting buffer is closed when it has grown to this.
    private static let sealedBytes = 16 * 1024

    private var tail: ByteBuffer?
    private var sealed: [ByteBuffer] = []

    /// Whether nothing waits.
    var isEmpty: Bool { self.tail == nil && self.sealed.isEmpty }

    /// Lets `write` add bytes to the collecting buffer.
    mutating func append(reserving bytes: Int, _ write: (inout ByteBuffer) -> Void) {
        var buffer = self.tail ?? ByteBuffer(bytes: EmptyCollection())
        self.tail = nil
        buffer.reserveCapacity(minimumWritableBytes: bytes)
        write(&buffer)
        if buffer.readableBytes >= Self.sealedBytes {
            self.sealed.append(buffer)
        } else if buffer.readableBytes > 0 {
            self.tail = buffer
        }
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

    /// Takes out the buffers that are large enough to be handed to the channel before the turn ends.
    mutating func takeSealed() -> [ByteBuffer] {
        guard !self.sealed.isEmpty else { return [] }
        defer { self.sealed.removeAll() }
        return self.sealed
    }

    /// Takes out everything.
    mutating func takeAll() -> [ByteBuffer] {
        self.seal()
        return self.takeSealed()
    }

    private mutating func seal() {
        guard let tail = self.tail else { return }
        self.tail = nil
        self.sealed.append(tail)
    }
}
