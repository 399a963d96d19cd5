import NIOCore
import ProxyCore
import Testing

@testable import ProxyHTTP

@Suite("Heads of requests")
struct HeadParserTests {
    private static func read(_ bytes: [UInt8], limit: Int = 8192, splitAt step: Int) -> [RequestReader.Step] {
        var reader = RequestReader(maximumHeaderBytes: limit)
        var steps: [RequestReader.Step] = []
        for start in stride(from: 0, to: bytes.count, by: step) {
            reader.append(ByteBuffer(bytes: bytes[start..<min(start + step, bytes.count)]))
            while true {
                let next = reader.next()
                if next == .needsMore { break }
                steps.append(next)
            }
        }
        return steps
    }

    @Test("refuses malformed heads, whole and byte by byte", arguments: MalformedShape.heads)
    func refuses(shape: MalformedShape) throws {
        let bytes = shape.bytes
        for step in [1, 7, bytes.count] {
            let steps = Self.read(bytes, splitAt: step)
            guard case .refused(let refusal)? = steps.first else {
                Issue.record("not refused in pieces of \(step): \(steps)")
                continue
            }
            #expect(refusal.reason == shape.reason)
            #expect(steps.count == 1)
        }
    }

    @Test("refuses malformed chunked bodies, whole and byte by byte", arguments: MalformedShape.bodies)
    func refusesBodies(shape: MalformedShape) {
        for step in [1, 7, shape.bytes.count] {
            let steps = Self.read(shape.bytes, splitAt: step)
            guard case .refused(let refusal)? = steps.last else {
                Issue.record("not refused in pieces of \(step): \(steps)")
                continue
            }
            #expect(refusal == HeadRefusal(reason: shape.reason))
        }
    }

    @Test("keeps method, target and fields byte for byte")
    func keepsBytes() throws {
        let text = "M-SEARCH //a;b%2F?x=%00|{} HTTP/1.1\r\nhOsT:a:1\r\nX-A: \t v  w \t\r\nX-A:\r\nX-B: grün\r\n\r\n"
        for step in [1, 5, text.utf8.count] {
            let steps = Self.read(Array(text.utf8), splitAt: step)
            guard case .head(let head)? = steps.first else {
                Issue.record("no head: \(steps)")
                continue
            }
            #expect(head.head.method == "M-SEARCH")
            #expect(head.head.target == "//a;b%2F?x=%00|{}")
            #expect(head.head.headers == ["hOsT": "a:1", "X-A": "v  w", "X-A": "", "X-B": "grün"])
            #expect(head.version == .http11)
            #expect(head.body == .none)
            #expect(steps.last == .end)
        }
    }

    @Test("forgets requests that were read, however long no read of the socket ends with one")
    func forgetsWhatWasRead() {
        var reader = RequestReader(maximumHeaderBytes: 8192)
        let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8000\r\n\r\n"
        let request = Array(head.utf8) + [UInt8](repeating: 0, count: 8000)
        reader.append(ByteBuffer(bytes: request.prefix(10)))
        var requests = 0
        for _ in 0..<100 {
            reader.append(ByteBuffer(bytes: request.dropFirst(10) + request.prefix(10)))
            while case let step = reader.next(), step != .needsMore {
                if step == .end { requests += 1 }
                guard case .body(let piece) = step else { continue }
                #expect(piece.storageCapacity <= 4 * request.count)
            }
        }
        #expect(requests == 100)
    }

    @Test(
        "judges the framing",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", BodyFraming.none, true, false),
            ("GET / HTTP/1.0\r\nHost: a\r\n\r\n", .none, false, false),
            ("GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n", .none, true, false),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", .none, false, false),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", .none, true, false),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0012\r\n\r\n", .length(12), true, false),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n", .chunked, true, false),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-Continue\r\n\r\n", .length(1), true, true),
            (
                "POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n", .length(1), false,
                false
            ),
            ("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", .none, true, false),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: more\r\n\r\n", .length(1), true, false),
            ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .none, true, false),
        ]
    )
    func judges(text: String, body: BodyFraming, keepAlive: Bool, expectsContinue: Bool) throws {
        guard case .head(let head)? = Self.read(Array(text.utf8), splitAt: 1000).first else {
            Issue.record("no head")
            return
        }
        #expect(head.body == body)
        #expect(head.keepAlive == keepAlive)
        #expect(head.expectsContinue == expectsContinue)
    }

    @Test(
        "ignores Upgrade: h2c, any that Connection does not name, and any in HTTP/1.0 (RFC 9110 §7.8)"
    )
    func ignoresUpgrades() {
        let upgrade =
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
            + "Upgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n"
        guard case .head(let head)? = Self.read(Array(upgrade.utf8), splitAt: 1000).first else {
            Issue.record("no head")
            return
        }
        #expect(head.head.headers == ["Host": "a", "Connection": "Upgrade, HTTP2-Settings"])
        for text in [
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
            "GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        ] {
            #expect(Self.read(Array(text.utf8), splitAt: 1000).count == 2)
        }
    }

    @Test("takes a head of exactly the limit and refuses one byte more")
    func limit() {
        let text = "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 500))\r\n\r\n"
        let size = text.utf8.count
        for step in [1, size] {
            #expect(Self.read(Array(text.utf8), limit: size, splitAt: step).count == 2)
            #expect(
                Self.read(Array(text.utf8), limit: size - 1, splitAt: step)
                    == [.refused(HeadRefusal(reason: .headersTooLarge))]
            )
        }
        let many = "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "A: b\r\n", count: 255) + "\r\n"
        #expect(Self.read(Array(many.utf8), splitAt: 1000).count == 2)
    }

    @Test("takes chunks apart, drops extensions and trailers, and finds the next request")
    func chunks() {
        let text =
            "POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5;a=\"b\"\r\nhello\r\n00A\r\n, world!!!\r\n0;x\r\nA: b\r\nHost: c\r\n\r\n"
            + "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
        for step in [1, 3, text.utf8.count] {
            var body = ""
            var targets: [String] = []
            var ends = 0
            for next in Self.read(Array(text.utf8), splitAt: step) {
                switch next {
                case .head(let head): targets.append(head.head.target)
                case .body(let piece): body += String(buffer: piece)
                case .end: ends += 1
                case .refused, .needsMore: Issue.record("unexpected: \(next)")
                }
            }
            #expect(body == "hello, world!!!")
            #expect(targets == ["/1", "/2"])
            #expect(ends == 2)
        }
    }
}
