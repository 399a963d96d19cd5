import NIOCore
import TestSupport
import Testing

@testable import ProxyCore

/// Streams pass event by event and byte for byte; only usage that nobody asked for is taken out.
struct StreamRelayTests {
    /// What came out of a relay, and whether it stood between two events after each piece.
    private struct Passed: Equatable {
        var bytes: [UInt8] = []
        var pieces: [[UInt8]] = []
    }

    private static func pass(_ pieces: some Sequence<ArraySlice<UInt8>>, removes: Bool = false) -> Passed {
        var relay = StreamRelay(dialect: .openai, removesUsage: removes)
        var passed = Passed()
        func take(_ passage: StreamRelay.Passage) {
            let bytes = Array(passage.bytes.readableBytesView)
            passed.bytes += bytes
            if !bytes.isEmpty { passed.pieces.append(bytes) }
        }
        for piece in pieces { take(relay.take(ByteBuffer(bytes: piece))) }
        take(relay.finish())
        return passed
    }

    private static func cuts(_ bytes: [UInt8]) -> [[ArraySlice<UInt8>]] {
        bytes.indices.map { [bytes[..<$0], bytes[$0...]] } + [bytes.indices.map { bytes[$0...$0] }]
    }

    private static let stream = """
        : hello

        event: message_start
        data: {"type":"message_start"}

        data: first line
        data: second line
        id: 7


        data: {"choices":[{"delta":{"content":"h\\n\\u00e9"}}]}

        data: [DONE]


        """

    private static func lineEnds(_ text: String) -> [[UInt8]] {
        ["\n", "\r\n", "\r"].map {
            Array(text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: $0).utf8)
        }
    }

    @Test("every byte comes out, wherever the stream is cut, and whole events at a time")
    func sameBytes() {
        for bytes in Self.lineEnds(Self.stream) + [[0xEF, 0xBB, 0xBF] + Array("data: 1\n\ndata: 2".utf8)] {
            for pieces in Self.cuts(bytes) {
                #expect(Self.pass(pieces).bytes == bytes)
            }
        }
        // Byte by byte an event comes out with its last byte.
        let bytes = Array("data: 1\n\nevent: x\ndata: 2\n\n".utf8)
        let pieces = Self.pass(bytes.indices.map { bytes[$0...$0] }).pieces.map { String(decoding: $0, as: UTF8.self) }
        #expect(pieces == ["data: 1\n\n", "event: x\ndata: 2\n\n"])
    }

    @Test("what is no stream of events at all is not waited for")
    func unknownLines() {
        var relay = StreamRelay(dialect: .other, removesUsage: false)
        #expect(String(buffer: relay.take(ByteBuffer(string: "{\"a\": 1")).bytes) == "{\"a\": 1")
        #expect(!relay.isBetweenEvents)
        #expect(String(buffer: relay.take(ByteBuffer(string: "}\n")).bytes) == "}\n")
        #expect(String(buffer: relay.take(ByteBuffer(string: "\nda")).bytes) == "\n")
        #expect(relay.isBetweenEvents)
    }

    @Test("an event of up to 64 KiB comes whole, a longer one in pieces")
    func longEvents() {
        for excess in [0, 1] {
            var relay = StreamRelay(dialect: .openai, removesUsage: false)
            let event = "data: " + String(repeating: "x", count: 65_536 - 6 + excess)
            let first = relay.take(ByteBuffer(string: event)).bytes
            #expect(first.readableBytes == (excess == 0 ? 0 : 65_537))
            #expect(relay.isBetweenEvents == (excess == 0))
            #expect(relay.take(ByteBuffer(string: "y")).bytes.readableBytes == (excess == 0 ? 65_537 : 1))
            #expect(relay.take(ByteBuffer(string: "\n\ndata: z")).bytes.readableBytes == 2)
            #expect(relay.isBetweenEvents)
            #expect(String(buffer: relay.finish().bytes) == "data: z")
        }
    }

    @Test("what was passed on is not kept, however long no piece ends with an event (T-009)")
    func passedIsForgotten() {
        var relay = StreamRelay(dialect: .openai, removesUsage: false)
        let event = "data: \(String(repeating: "x", count: 5000))\n\n"
        let events = [UInt8](String(repeating: event, count: 13).utf8)
        let piece = ByteBuffer(bytes: events.dropFirst(100) + events.prefix(100))
        _ = relay.take(ByteBuffer(bytes: events.prefix(100)))
        for _ in 0..<200 {
            let passed = relay.take(piece).bytes
            #expect(passed.readableBytes == piece.readableBytes)
            #expect(passed.storageCapacity <= 4 * piece.readableBytes)
        }
    }

    private static let word = #"data: {"choices":[{"delta":{"content":"x"}}],"usage":null}"#
    private static let usage = #"data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#
    private static let done = "data: [DONE]"

    @Test("an event that only brings usage is taken out, whatever its line ends and wherever it is cut")
    func removes() {
        let (with, without) = ([Self.word, Self.usage, Self.done], [Self.word, Self.done])
        for (bytes, expected) in zip(
            Self.lineEnds(with.map { $0 + "\n\n" }.joined()), Self.lineEnds(without.map { $0 + "\n\n" }.joined()))
        {
            for pieces in Self.cuts(bytes) {
                let passed = Self.pass(pieces, removes: true).bytes
                guard passed != expected else { continue }
                Issue.record("\(String(decoding: passed, as: UTF8.self).debugDescription)")
            }
            #expect(Self.pass([bytes[...]]).bytes == bytes)
        }
        // Several at once, and one that the end cuts off.
        let several =
            [Self.usage, Self.word, Self.usage, Self.usage, Self.done].map { $0 + "\n\n" }.joined() + Self.usage
        #expect(
            Self.pass([Array(several.utf8)[...]], removes: true).bytes
                == Self.lineEnds(without.map { $0 + "\n\n" }.joined())[0])
    }

    @Test("what holds more than usage stays")
    func keeps() {
        let chunks = [
            #"data: {"choices":[],"usage":null,"prompt_filter_results":[]}"#,
            #"data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3}}"#,
            #"data: {"usage":{"prompt_tokens":3}}"#, Self.done,
        ].map { $0 + "\n\n" }.joined()
        let bytes = Array(chunks.utf8)
        #expect(Self.pass([bytes[...]], removes: true).bytes == bytes)
    }

    @Test("a comment passes with the end of its line, and stays where usage behind it is taken out")
    func comments() {
        var relay = StreamRelay(dialect: .openai, removesUsage: true)
        #expect(String(buffer: relay.take(ByteBuffer(string: ": ping\n")).bytes) == ": ping\n")
        #expect(relay.isBetweenEvents)
        #expect(relay.take(ByteBuffer(string: ": pi")).bytes.readableBytes == 0)
        #expect(String(buffer: relay.take(ByteBuffer(string: "ng\r\n")).bytes) == ": ping\r\n")
        #expect(relay.take(ByteBuffer(string: Self.usage)).bytes.readableBytes == 0)
        #expect(String(buffer: relay.take(ByteBuffer(string: "\n\ndata: 1\n\n")).bytes) == "data: 1\n\n")
        let bytes = Array((": ping\n" + Self.usage + "\n\n" + Self.done + "\n\n").utf8)
        for pieces in Self.cuts(bytes) {
            #expect(Self.pass(pieces, removes: true).bytes == Array(": ping\ndata: [DONE]\n\n".utf8))
        }
    }

    @Test("an error is not taken out with the usage beside it")
    func errorBesideUsage() {
        let bytes = Array((Self.usage.dropLast() + #","error":{"message":"m"}}"# + "\n\n").utf8)
        #expect(Self.pass([bytes[...]], removes: true).bytes == bytes)
    }

    @Test(
        "tells when the event that ends a stream has passed",
        arguments: [
            ("data: [DONE]", true), ("event: message_stop\ndata: {}", true),
            ("event: response.completed\ndata: {}", true),
            ("event: message_delta\ndata: {}", false), (Self.word, false),
        ])
    func ends(event: String, isLast: Bool) {
        var relay = StreamRelay(dialect: .openai, removesUsage: false)
        _ = relay.take(ByteBuffer(string: Self.word + "\n\n" + event + "\n"))
        #expect(!relay.hasEnded)
        _ = relay.take(ByteBuffer(string: "\n"))
        #expect(relay.hasEnded == isLast)
    }
}
