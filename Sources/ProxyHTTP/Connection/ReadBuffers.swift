import NIOCore

/// Gives the buffers that a connection is read into, a new one for each read but the first.
///
/// The channel keeps one buffer for as long as it lives, and would let it grow to the largest that was ever read: with each
/// of thousands of streams the memory of its whole request. It keeps the first one only, which is small, and all others end
/// with the bytes in them.
struct ReadBuffers: RecvByteBufferAllocator {
    /// The first buffer, in bytes: many requests are longer, and are then read in two steps once for each connection.
    static let firstBytes = 512
    /// The bounds of the others.
    static let leastBytes = 2_048
    static let mostBytes = 65_536

    private var sizes = AdaptiveRecvByteBufferAllocator(
        minimum: Self.leastBytes, initial: Self.leastBytes, maximum: Self.mostBytes)
    private var isFirst = true

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        self.isFirst ? allocator.buffer(capacity: Self.firstBytes) : self.sizes.buffer(allocator: allocator)
    }

    /// Without a size the channel takes no buffer a second time that might have to grow.
    func nextBufferSize() -> Int? { nil }

    mutating func record(actualReadBytes: Int) -> Bool {
        if !self.isFirst { _ = self.sizes.record(actualReadBytes: actualReadBytes) }
        self.isFirst = false
        return true
    }
}
