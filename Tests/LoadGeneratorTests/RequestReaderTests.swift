import Testing

@testable import LoadGenerator

struct RequestReaderTests {
    private static let bytes = Array(
        ("POST /v1/chat/completions?events=3 HTTP/1.1\r\nHost: x\r\ncontent-LENGTH: 5\r\n\r\nhello"
            + "GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n").utf8)

    @Test("finds requests in whatever pieces they come", arguments: [1, 3, 64, 1_000])
    func findsRequests(inPiecesOf size: Int) {
        var reader = RequestReader()
        var targets: [String] = []
        for start in stride(from: 0, to: Self.bytes.count, by: size) {
            Self.bytes[start..<min(Self.bytes.count, start + size)].withUnsafeBytes { reader.feed($0) }
            while case .request(let target) = reader.next() { targets.append(target) }
            #expect(reader.next() == .more)
        }
        #expect(targets == ["/v1/chat/completions?events=3", "/"])
    }

    @Test(
        "refuses what it cannot frame",
        arguments: [
            "POST /\r\n\r\n", "POST / HTTP/1.1\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        ]
    )
    func refuses(_ text: String) {
        var reader = RequestReader()
        Array(text.utf8).withUnsafeBytes { reader.feed($0) }
        #expect(reader.next() == .malformed)
    }

    @Test func readsWhatAStreamIsToBe() {
        #expect(StreamScript(target: "/v1/chat/completions") == StreamScript(target: "/?events=100"))
        let script = StreamScript(target: "/?events=5&interval=250&bytes=400")
        #expect(script?.events == 5 && script?.interval == 250 && script?.bytes == 400)
        #expect(StreamScript(target: "/?answer=32768")?.answer == 32_768)
        for wrong in ["/?answer=1", "/?events=0", "/?events=x", "/?pieces=3", "/?bytes=10", "/?interval=-1"] {
            #expect(StreamScript(target: wrong) == nil)
        }
    }

    @Test("an answer has the size that was asked for", arguments: [PlainAnswer.least, 1_024, 4 << 20])
    func answersHaveTheirSize(_ size: Int) {
        let bytes = PlainAnswer.bytes(size)
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(size)\r\n\r\n"
        #expect(bytes.starts(with: head.utf8))
        #expect(bytes.count == head.utf8.count + size)
    }
}
