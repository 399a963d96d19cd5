import NIOCore
import ProxyCore
import Testing

/// Streams of server-sent events, read in pieces (T-009, T-023).
struct EventStreamReaderTests {
    typealias Event = EventStreamReader.Event

    /// Reads pieces to the end.
    private static func events(
        _ pieces: some Sequence<ArraySlice<UInt8>>, dataLimit: Int = EventStreamReader.usualDataLimit
    ) -> [Event] {
        var reader = EventStreamReader(dataLimit: dataLimit)
        var events: [Event] = []
        for piece in pieces {
            var buffer = ByteBuffer(bytes: piece)
            while let event = reader.next(in: &buffer) {
                #expect(reader.offset == event.end)
                #expect(reader.isBetweenEvents)
                events.append(event)
            }
            #expect(buffer.readableBytes == 0)
        }
        if let event = reader.finish() { events.append(event) }
        return events
    }

    private static func events(_ text: String) -> [Event] { self.events([Array(text.utf8)[...]]) }

    /// Gives each line an end of its own, without making two ends one.
    private static func rewritingLineEnds(_ text: String, _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            bytes += line.utf8
            let mergesWithLF = line.isEmpty && bytes.last == 0x0D
            let ends: [[UInt8]] = mergesWithLF ? [[0x0D], [0x0D, 0x0A]] : [[0x0A], [0x0D], [0x0D, 0x0A]]
            bytes += ends.randomElement(using: &generator) ?? [0x0A]
        }
        return bytes
    }

    @Test(
        "the same events at every cut, with each kind of line end", arguments: StreamCorpus.all, ["\n", "\r\n", "\r"])
    func everyCut(stream: StreamCorpus, lineEnd: String) {
        let bytes = Array(stream.text.replacing("\n", with: lineEnd).utf8)
        let expected = ReferenceEvents(bytes)
        #expect(expected.events.count == stream.meanings.count)
        #expect(Self.events([bytes[...]]) == expected.events)
        #expect(Self.events(bytes.indices.map { bytes[$0...$0] }) == expected.events)
        for cut in 1..<bytes.count where Self.events([bytes[..<cut], bytes[cut...]]) != expected.events {
            Issue.record("cut at \(cut)")
        }
    }

    @Test(
        "random line ends in random pieces: the same events, and gaps where they are",
        arguments: 1...40 as ClosedRange<UInt64>)
    func random(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for stream in StreamCorpus.all {
            var bytes = Self.rewritingLineEnds(stream.text, &generator)
            if Bool.random(using: &generator) { bytes = [0xEF, 0xBB, 0xBF] + bytes }
            if Bool.random(using: &generator) { bytes.removeLast(Int.random(in: 0...9, using: &generator)) }
            let expected = ReferenceEvents(bytes)
            var reader = EventStreamReader()
            var events: [Event] = []
            var index = 0
            while index < bytes.count {
                let end = min(bytes.count, index + Int.random(in: 1...30, using: &generator))
                var piece = ByteBuffer(bytes: bytes[index..<end])
                while let event = reader.next(in: &piece) { events.append(event) }
                index = end
                #expect(reader.isBetweenEvents == expected.gaps.contains(Int64(end)), "\(stream.name) at \(end)")
            }
            if let event = reader.finish() { events.append(event) }
            #expect(events == expected.events, "\(stream.name)")
            // With LF alone the events are the same but for their places.
            for (event, plain) in zip(events, ReferenceEvents(Array(stream.text.utf8)).events) where event.isComplete {
                #expect(event.data == plain.data && event.name == plain.name && event.fields == plain.fields)
            }
        }
    }

    @Test("any bytes are a stream", arguments: 1...300 as ClosedRange<UInt64>)
    func fuzz(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let words: [[UInt8]] =
            [[0x0A], [0x0D], [0x0D, 0x0A], [0x3A], [0x20], [0xEF], [0xBB], [0xBF], [0], [0xFF]]
            + ["data", "event", "id", "retry", "data:", "event:", "x", "{}", "longer than any name"].map {
                Array($0.utf8)
            }
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 0...60, using: &generator) {
            bytes += words.randomElement(using: &generator) ?? []
            if Int.random(in: 0..<8, using: &generator) == 0 {
                bytes.append(UInt8.random(in: 0...255, using: &generator))
            }
        }
        let limit = Int.random(in: 0...12, using: &generator)
        let expected = ReferenceEvents(bytes, dataLimit: limit)
        #expect(Self.events([bytes[...]], dataLimit: limit) == expected.events)
        #expect(Self.events(bytes.indices.map { bytes[$0...$0] }, dataLimit: limit) == expected.events)
        for event in expected.events { _ = (StreamMeaning(of: event), StreamMeaning.error(in: event)) }
    }

    @Test("an event of 10 MiB in constant memory (T-009, T-023)")
    func longEvent() throws {
        var reader = EventStreamReader()
        let piece = ByteBuffer(repeating: 0x61, count: 16_384)
        var begin = ByteBuffer(string: "event: big\ndata: ")
        let first = reader.next(in: &begin)
        #expect(first == nil)
        for count in 1...640 {
            var piece = piece
            let event = reader.next(in: &piece)
            #expect(event == nil)
            #expect(reader.pendingDataLength == Int64(count) * 16_384)
        }
        #expect(!reader.isBetweenEvents)
        var end = ByteBuffer(string: "\n\ndata: next\n\n")
        let found = reader.next(in: &end)
        let event = try #require(found)
        #expect(event.dataLength == 10 * 1_048_576)
        #expect(event.data.count == EventStreamReader.usualDataLimit)
        #expect(event.data.capacity <= 2 * EventStreamReader.usualDataLimit)
        #expect(event.isTruncated)
        #expect(event.end == 17 + 10 * 1_048_576 + 2)
        let following = reader.next(in: &end)
        let next = try #require(following)
        #expect(next.start == event.end)
        #expect(!next.isTruncated)
        #expect(next.data == Array("next".utf8))
    }

    @Test("many small data lines and a long name are bounded too")
    func manyLines() throws {
        let text =
            "event: \(String(repeating: "n", count: 5_000))\n" + String(repeating: "data: 1\n", count: 5_000) + "\n"
        let bytes = Array(text.utf8)
        let event = try #require(Self.events([bytes[...]], dataLimit: 100).first)
        #expect(event.name == String(repeating: "n", count: EventStreamReader.nameLimit))
        #expect(event.dataLength == 9_999)
        #expect(event.data == Array(String(repeating: "1\n", count: 50).utf8))
    }

    @Test("a byte order mark is left out at the beginning only, and half a one is no field")
    func mark() throws {
        #expect(Self.events("\u{FEFF}data: 1\n\n").map(\.fields) == [.data])
        #expect(Self.events("\u{FEFF}data: 1\n\n").map(\.start) == [3])
        #expect(Self.events("data: 1\n\n\u{FEFF}data: 2\n\n").map(\.fields) == [.data, .unknown])
        #expect(Self.events("\u{FEFF}").isEmpty)
        let half = Self.events([[0xEF, 0xBB, 0x64, 0x0A, 0x0A]])
        #expect(half.map(\.fields) == [.unknown])
        #expect(half.map(\.end) == [5])
        #expect(Self.events([[0xEF]]).map(\.isComplete) == [false])
    }

    @Test(
        "a missing end leaves an event that is not complete",
        arguments: ["data: [DONE]", "data: [DONE]\n", "data: [DONE]\r"])
    func missingEnd(text: String) throws {
        let event = try #require(Self.events(text).first)
        #expect(!event.isComplete)
        #expect(event.data == Array("[DONE]".utf8))
        #expect(event.end == Int64(text.utf8.count))
    }

    @Test("the field is known before its line ends")
    func pendingFields() {
        var reader = EventStreamReader()
        var seen: [EventStreamReader.Fields] = []
        for byte in "{\"a\": 1}".utf8 {
            var piece = ByteBuffer(bytes: [byte])
            let event = reader.next(in: &piece)
            #expect(event == nil)
            seen.append(reader.pendingFields)
        }
        #expect(seen.map { $0.contains(.unknown) } == [false, false, false, false, true, true, true, true])
    }
}
