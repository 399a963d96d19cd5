import NIOCore
import Testing

@testable import ProxyHTTP

/// What a connection was read into does not stay with it.
struct ReadBuffersTests {
    /// Reads so many bytes each time, and tells the sizes of the buffers that they were read into.
    private static func sizes(_ reads: [Int]) -> [Int] {
        var pool = NIOPooledRecvBufferAllocator(capacity: 1, recvAllocator: ReadBuffers())
        return reads.map { bytes in
            let (buffer, _) = pool.buffer(allocator: ByteBufferAllocator()) { buffer in
                _ = buffer.writeRepeatingByte(0x78, count: min(bytes, buffer.writableBytes))
            }
            pool.record(actualReadBytes: buffer.readableBytes)
            return buffer.storageCapacity
        }
    }

    @Test("the first buffer is small and never filled again, the others grow with what is read and shrink again")
    func sizes() {
        #expect(Self.sizes([1_400, 900, 900, 900]) == [512, 2_048, 2_048, 2_048])
        let large = Self.sizes(Array(repeating: 1 << 20, count: 10))
        #expect(large == [512, 2_048, 4_096, 8_192, 16_384, 32_768, 65_536, 65_536, 65_536, 65_536])
        #expect(Self.sizes(Array(repeating: 1 << 20, count: 4) + Array(repeating: 10, count: 20)).last == 2_048)
    }
}
