import Testing

@testable import LoadGenerator

struct AnswerReaderTests {
    /// An answer with two events, as the server of this package sends it.
    private static func answer() -> [UInt8] {
        var bytes = EventBytes.beginning
        var event = EventBytes(bytes: 240)
        for time: UInt64 in [17, 1_234_567_890_123_456_789] {
            event.withEvent(sentAt: time) { bytes += $0 }
        }
        return bytes + EventBytes.ending
    }

    @Test("reads the same of an answer, whatever pieces it comes in", arguments: [1, 2, 3, 7, 100, 100_000])
    func readsPieces(of size: Int) {
        var reader = AnswerReader()
        var times: [UInt64] = []
        let bytes = Self.answer()
        for start in stride(from: 0, to: bytes.count, by: size) {
            #expect(!reader.answer.isOver)
            bytes[start..<min(bytes.count, start + size)].withUnsafeBytes { reader.feed($0) { times.append($0) } }
        }
        #expect(times == [17, 1_234_567_890_123_456_789])
        #expect(reader.answer == AnswerReader.Answer(status: 200, events: 2, isMarkedDone: true, isOver: true))
        #expect(!reader.isBroken)
    }

    @Test func countsAnAnswerAsCutThatEndsWithoutItsMark() {
        var reader = AnswerReader()
        let bytes = EventBytes.beginning + Array("0\r\n\r\n".utf8)
        bytes.withUnsafeBytes { reader.feed($0) { _ in } }
        #expect(reader.answer.isOver && !reader.answer.isMarkedDone)
        var tally = StreamTally()
        tally.count(reader.answer, expected: 0)
        #expect(tally.cut == 1 && tally.complete == 0)
    }

    @Test func countsOtherStatusesAsRefused() {
        var reader = AnswerReader()
        let bytes = Array("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}".utf8)
        bytes.withUnsafeBytes { reader.feed($0) { _ in } }
        #expect(reader.isBroken)
        var tally = StreamTally()
        tally.count(reader.answer, expected: 100)
        tally.count(AnswerReader.Answer(), expected: 100)
        #expect(tally.refused == [503: 1])
        #expect(tally.failed == 1)
        #expect(tally.line.contains(#""refused":{"503":1},"failed":1"#))
    }
}
