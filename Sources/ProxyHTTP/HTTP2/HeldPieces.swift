import NIOCore

/// What has come of a body and waits to be handed on.
///
/// A piece is a part of the whole read that it came with, and keeps it alive: small ones are joined in buffers of their
/// own, so that many frames of one byte hold no more than their bytes.
struct HeldPieces {
    /// A piece of so many bytes is kept as it is.
    static let keptBytes = 8 * 1024
    /// Small ones are joined up to so many bytes.
    static let joinedBytes = 16 * 1024

    private var pieces = CircularBuffer<ByteBuffer>()
    /// Whether the last one is a buffer of our own, which takes more.
    private var isLastJoined = false

    /// How many buffers are held.
    var count: Int { self.pieces.count }

    /// Adds a piece.
    mutating func take(_ piece: ByteBuffer) {
        guard piece.readableBytes < Self.keptBytes else {
            self.pieces.append(piece)
            self.isLastJoined = false
            return
        }
        if self.isLastJoined, let last = self.pieces.indices.last,
            self.pieces[last].readableBytes + piece.readableBytes <= Self.joinedBytes
        {
            // In its place: a subscript would write to a copy, all bytes each time.
            _ = self.pieces.modify(last) { $0.writeImmutableBuffer(piece) }
            return
        }
        var own = ByteBufferAllocator().buffer(capacity: piece.readableBytes)
        own.writeImmutableBuffer(piece)
        self.pieces.append(own)
        self.isLastJoined = true
    }

    /// The next piece to be handed on; `nil` for none.
    mutating func next() -> ByteBuffer? {
        let piece = self.pieces.popFirst()
        if self.pieces.isEmpty { self.isLastJoined = false }
        return piece
    }
}
