import NIOCore
import Testing

@testable import Gateway

/// Whether a stream ends between two events, however it was cut into pieces.
struct StreamTailTests {
    private static let stream = """
        : hello

        event: message_start
        data: {"type":"message_start"}

        data: first line
        data: second line
        id: 7


        : ping

        data: {"choices":[{"delta":{"content":"h\\n\\u00e9"}}]}

        data: [DONE]


        """

    /// By definition: nothing yet, or an empty line at the end.
    private static func isBetweenEvents(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self).unicodeScalars
        var lines: [Int] = [0]
        var previous: Unicode.Scalar?
        for scalar in text {
            switch scalar {
            case "\n" where previous == "\r": break
            case "\n", "\r": lines.append(0)
            default: lines[lines.count - 1] += 1
            }
            previous = scalar
        }
        // A line that is not ended yet is the last one; the one before it has to be empty or absent.
        guard lines.last == 0 else { return false }
        return lines.count < 2 || lines[lines.count - 2] == 0
    }

    @Test("after each byte of a stream, with each kind of line end", arguments: ["\n", "\r\n", "\r"])
    func everyPrefix(lineEnd: String) {
        let bytes = Array(Self.stream.replacing("\n", with: lineEnd).utf8)
        var tail = StreamTail()
        #expect(tail.isBetweenEvents)
        var found = 0
        for count in 1...bytes.count {
            tail.passed(ByteBuffer(bytes: [bytes[count - 1]]))
            let expected = Self.isBetweenEvents(Array(bytes[..<count]))
            #expect(tail.isBetweenEvents == expected, "after \(count) bytes")
            found += expected ? 1 : 0
            // Two pieces, cut at every place.
            var halves = StreamTail()
            halves.passed(ByteBuffer(bytes: bytes[..<count]))
            #expect(halves.isBetweenEvents == expected)
            halves.passed(ByteBuffer(bytes: bytes[count...]))
            #expect(halves.isBetweenEvents)
        }
        #expect(found >= 6)
    }

    @Test("random line ends in random pieces", arguments: 1...50)
    func random(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var bytes: [UInt8] = []
        var tail = StreamTail()
        for _ in 0..<300 {
            let piece = (0..<Int.random(in: 0..<9, using: &generator)).map { _ in
                ([0x0A, 0x0D, 0x61] as [UInt8]).randomElement(using: &generator) ?? 0
            }
            bytes += piece
            tail.passed(ByteBuffer(bytes: piece))
            #expect(tail.isBetweenEvents == Self.isBetweenEvents(Array(bytes.suffix(40))))
        }
    }
}
