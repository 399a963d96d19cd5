import NIOCore
import Testing

@testable import ProxyHTTP

/// What waits to be sent is collected, and the memory for it is used again.
struct OutboxTests {
    @Test(
        "a chunk has its size in front, and leaves in one piece if it is small",
        arguments: [
            (1, "1", 1), (9, "9", 1), (10, "a", 1), (15, "f", 1), (16, "10", 1), (255, "ff", 1), (4_096, "1000", 1),
            (8_192, "2000", 1), (8_193, "2001", 3), (65_535, "ffff", 3), (1_048_576, "100000", 3),
        ])
    func chunks(size: Int, head: String, pieces: Int) {
        var outbox = Outbox()
        outbox.append(chunk: ByteBuffer(repeating: 0x78, count: size))
        let all = outbox.takeAll()
        #expect(all.count == pieces)
        #expect(
            all.map { String(buffer: $0) }.joined() == "\(head)\r\n\(String(repeating: "x", count: size))\r\n")
        #expect(outbox.isEmpty)
    }

    @Test("what was taken out stays as it is while more is collected")
    func keepsTaken() {
        var outbox = Outbox()
        var taken: [ByteBuffer] = []
        for number in 0..<4 {
            outbox.append(ByteBuffer(string: "piece \(number)"))
            if let buffer = outbox.takeNext() { taken.append(buffer) }
            let more = outbox.takeNext()
            #expect(outbox.isEmpty && more == nil)
        }
        #expect(taken.map { String(buffer: $0) } == (0..<4).map { "piece \($0)" })
    }

    @Test(
        "a buffer that nobody holds any more is used again, unless it is large",
        arguments: [(300, true), (1_100, false)])
    func usesAgain(size: Int, isKept: Bool) {
        var outbox = Outbox()
        func pass() -> UnsafeRawPointer? {
            outbox.append(chunk: ByteBuffer(repeating: 0x78, count: size))
            return outbox.takeNext()?.withVeryUnsafeBytes { $0.baseAddress }
        }
        let first = pass()
        // Whatever comes between takes the memory of a buffer that was given back.
        let others = (0..<8).map { _ in ByteBuffer(repeating: 0x79, count: size) }
        let second = pass()
        #expect((second == first) == isKept)
        #expect(others.count == 8)
    }

    @Test("large pieces pass among small ones in their order")
    func order() {
        var outbox = Outbox()
        let large = ByteBuffer(repeating: 0x79, count: 20_000)
        outbox.append(ByteBuffer(string: "a"))
        outbox.append(large)
        outbox.append(ByteBuffer(string: "b"))
        let first = outbox.takeSealed()
        let others = outbox.takeAll()
        #expect(first == ByteBuffer(string: "a"))
        #expect(others == [large, ByteBuffer(string: "b")])
    }
}
