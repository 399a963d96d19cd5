import NIOCore
import ProxyCore
import Testing

@testable import ProxyHTTP

@Suite("Answers on the wire")
struct ResponseEncoderTests {
    private static func encode(
        _ head: ResponseHead,
        method: String = "GET",
        version: HTTPVersion = .http11,
        closes: Bool = false,
        pieces: [String] = [],
        trailers: HeaderFields? = nil
    ) -> (text: String, isSound: Bool, encoder: ResponseEncoder) {
        var outbox = Outbox()
        var encoder = ResponseEncoder(head: head, method: method, version: version)
        encoder.writeHead(closes: closes, now: WallTime(microseconds: 784_111_777_000_000), into: &outbox)
        var isSound = true
        for piece in pieces { isSound = encoder.write(ByteBuffer(string: piece), into: &outbox) && isSound }
        isSound = encoder.finish(trailers: trailers, into: &outbox) && isSound
        return (outbox.takeAll().map { String(buffer: $0) }.joined(), isSound, encoder)
    }

    private static let date = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

    @Test("frames by Content-Length where there is one")
    func length() {
        let answer = Self.encode(
            ResponseHead(status: 200, headers: ["Content-Length": "5", "X": "y"]), pieces: ["he", "llo"])
        #expect(answer.text == "HTTP/1.1 200 OK\r\nX: y\r\ncontent-length: 5\r\n\(Self.date)\r\nhello")
        #expect(answer.isSound)
    }

    @Test("frames by chunks without one, with trailers, and drops an empty piece, which would end the body")
    func chunks() {
        let answer = Self.encode(
            ResponseHead(status: 200, reason: "Fine"),
            pieces: ["hello", "", String(repeating: "x", count: 17)],
            trailers: ["T": "u", "Content-Length": "3"]
        )
        #expect(
            answer.text == "HTTP/1.1 200 Fine\r\ntransfer-encoding: chunked\r\n\(Self.date)\r\n"
                + "5\r\nhello\r\n11\r\n\(String(repeating: "x", count: 17))\r\n0\r\nT: u\r\n\r\n"
        )
        #expect(answer.isSound)
    }

    @Test("passes large pieces on unchanged among small ones")
    func largePieces() {
        let large = String(repeating: "y", count: 40_000)
        let answer = Self.encode(ResponseHead(status: 200), pieces: ["a", large, "b"])
        #expect(answer.text.hasSuffix("1\r\na\r\n9c40\r\n\(large)\r\n1\r\nb\r\n0\r\n\r\n"))
    }

    @Test("ends the answer with the connection for HTTP/1.0, and keeps it only with a length")
    func http10() {
        let open = Self.encode(ResponseHead(status: 200), version: .http10, closes: true, pieces: ["hello"])
        #expect(open.encoder.wantsClose)
        #expect(open.text == "HTTP/1.1 200 OK\r\nconnection: close\r\n\(Self.date)\r\nhello")
        let kept = Self.encode(ResponseHead(status: 200, headers: ["content-length": "0"]), version: .http10)
        #expect(!kept.encoder.wantsClose)
        #expect(kept.text.contains("connection: keep-alive\r\n"))
    }

    @Test(
        "writes no body where there is none",
        arguments: [
            ("HEAD", 200, "content-length: 5\r\n"), ("GET", 304, "content-length: 5\r\n"), ("GET", 204, ""),
        ]
    )
    func noBody(method: String, status: Int, lengthLine: String) {
        let answer = Self.encode(
            ResponseHead(status: status, headers: ["Content-Length": "5"]), method: method, pieces: ["hello"])
        #expect(answer.text.hasSuffix("\r\n\(lengthLine)\(Self.date)\r\n"))
        #expect(answer.isSound)
        #expect(!Self.encode(ResponseHead(status: status), method: method).text.contains("chunked"))
    }

    @Test("notices more and less than Content-Length promised, and writes no more than that")
    func wrongLength() {
        let more = Self.encode(ResponseHead(status: 200, headers: ["content-length": "3"]), pieces: ["hello"])
        #expect(!more.isSound)
        #expect(more.text.hasSuffix("\r\n\r\nhel"))
        #expect(!Self.encode(ResponseHead(status: 200, headers: ["content-length": "9"]), pieces: ["hello"]).isSound)
    }

    @Test("owns Connection, Keep-Alive and Transfer-Encoding, and follows Connection: close")
    func ownedFields() {
        let answer = Self.encode(
            ResponseHead(
                status: 200,
                headers: [
                    "Connection": "x, Close", "Keep-Alive": "5", "Transfer-Encoding": "gzip", "Date": "then", "X": "y",
                ]
            )
        )
        #expect(answer.encoder.wantsClose)
        #expect(answer.text == "HTTP/1.1 200 OK\r\nDate: then\r\nX: y\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n")
    }

    @Test(
        "never writes a field that could split the answer",
        arguments: ["a\r\nX: b", "a\nb", "a\rb", "a\0b", "a\u{7f}"]
    )
    func splitting(value: String) {
        let answer = Self.encode(
            ResponseHead(
                status: 200, reason: value, headers: ["X-Bad": value, "X Bad": "a", "": "b", "content-length": "0"])
        )
        #expect(answer.text == "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\(Self.date)\r\n")
        #expect(answer.encoder.droppedFields == ["X-Bad", "X Bad", ""])
    }

    @Test("chooses chunks where Content-Length cannot be trusted", arguments: [["5", "6"], ["+5"], ["x"]])
    func badLength(values: [String]) {
        let fields = HeaderFields(values.map { ("Content-Length", $0) })
        let answer = Self.encode(ResponseHead(status: 200, headers: fields), pieces: ["hello"])
        #expect(answer.text.contains("transfer-encoding: chunked"))
        #expect(!answer.text.contains("ontent-"))
        #expect(answer.encoder.droppedFields == ["content-length"])
    }

    @Test(
        "writes dates as RFC 9110 §5.6.7 has them",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
        ] as [(Int64, String)]
    )
    func dates(seconds: Int64, text: String) {
        var buffer = ByteBuffer()
        buffer.writeHTTPDate(WallTime(microseconds: seconds * 1_000_000))
        #expect(String(buffer: buffer) == text)
    }
}
