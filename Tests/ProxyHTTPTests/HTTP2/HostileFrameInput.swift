import Testing

/// What becomes of a hostile input.
enum HostileFrameOutcome: Equatable {
    /// The stream is reset, the connection lives on.
    case streamError
    /// The stream is closed, or about to be: which of the two is in time for a frame behind its end.
    case streamOrConnectionError
    /// The stream is answered by the listener, with this status.
    case answered(String)
    /// The connection is told so and closed.
    case connectionError
    /// It is ignored, as RFC 9113 has it.
    case ignored
}

/// An HTTP/2 input that is not sound, and what is to become of it.
struct HostileFrameInput: Sendable, CustomTestStringConvertible {
    var name: String
    var bytes: [UInt8]
    var outcome: HostileFrameOutcome
    /// How many requests, sound by themselves, may reach the responder; what is reset in the same read need not.
    var served = 0
    /// Whether a preface and SETTINGS come before.
    var isOpened = true

    init(_ name: String, _ bytes: [UInt8], _ outcome: HostileFrameOutcome, served: Int = 0, isOpened: Bool = true) {
        self.name = name
        self.bytes = bytes
        self.outcome = outcome
        self.served = served
        self.isOpened = isOpened
    }

    var testDescription: String { self.name }
}

extension HostileFrameInput {
    static let all = heads + lengths + frames + settings + blocks + beginnings

    private static func field(_ name: String, _ value: String) -> [UInt8] {
        Wire.headers(1, Wire.request("POST", "/", with: [(name, value)]))
    }

    private static func only(_ fields: [(String, String)]) -> [UInt8] {
        Wire.headers(1, fields)
    }

    private static let heads: [HostileFrameInput] = [
        // RFC 9113 §8.2.1: what a name and a value may consist of.
        .init("upper case in a name", field("X-Upper", "1"), .streamError),
        .init("a space in a name", field("x y", "1"), .streamError),
        .init("a space behind a name", field("content-length ", "1"), .streamError),
        .init("a colon in a name", field("x:y", "1"), .streamError),
        .init("a NUL in a name", field("x\0y", "1"), .streamError),
        .init("a line end in a name", field("x\r\ny", "1"), .streamError),
        .init("no ASCII in a name", field("x\u{E9}", "1"), .streamError),
        .init("CR in a value", field("x", "a\rb"), .streamError),
        .init("LF in a value", field("x", "a\nb"), .streamError),
        .init("a split answer in a value", field("x", "a\r\nhost: evil\r\n\r\nGET /evil"), .streamError),
        .init("NUL in a value", field("x", "a\0b"), .streamError),
        .init("another control character in a value", field("x", "a\u{1}b"), .answered("400")),
        .init("DEL in a value", field("x", "a\u{7F}b"), .answered("400")),
        .init("a blank before a value", field("x", " a"), .answered("400")),
        .init("a tab behind a value", field("x", "a\t"), .answered("400")),
        // §8.3: pseudo-header fields.
        .init(
            "a pseudo-header behind a field",
            only([(":method", "GET"), ("x", "1"), (":path", "/"), (":scheme", "https")]), .streamError),
        .init("two methods", only(Wire.request() + [(":method", "POST")]), .streamError),
        .init("two paths", only(Wire.request() + [(":path", "/evil")]), .streamError),
        .init("two schemes", only(Wire.request() + [(":scheme", "http")]), .streamError),
        .init("two authorities", only(Wire.request() + [(":authority", "evil")]), .streamError),
        .init("an unknown pseudo-header", only(Wire.request() + [(":unknown", "1")]), .streamError),
        .init("a pseudo-header of answers", only(Wire.request() + [(":status", "200")]), .streamError),
        .init("no method", only([(":scheme", "https"), (":path", "/"), (":authority", "a")]), .streamError),
        .init("no scheme", only([(":method", "GET"), (":path", "/"), (":authority", "a")]), .streamError),
        .init("no path", only([(":method", "GET"), (":scheme", "https"), (":authority", "a")]), .streamError),
        .init("an empty path", only(Wire.request("GET", "")), .streamError),
        .init("an empty method", only(Wire.request("")), .answered("400")),
        .init("a space in a method", only(Wire.request("GET /evil HTTP/1.1\u{20}")), .streamError),
        .init("a whole request in a method", only(Wire.request("GET / HTTP/1.1\r\nhost: evil")), .streamError),
        .init("no authority and no Host", only(Wire.request(authority: nil)), .answered("400")),
        .init("an empty authority", only(Wire.request(authority: "")), .answered("400")),
        .init("a user in the authority", only(Wire.request(authority: "user@a")), .answered("400")),
        .init("authority and Host that differ", only(Wire.request(with: [("host", "evil")])), .answered("400")),
        .init("two Hosts", only(Wire.request(authority: nil, with: [("host", "a"), ("host", "a")])), .answered("400")),
        .init(
            "two Hosts beside the authority", only(Wire.request(with: [("host", "a"), ("host", "evil")])),
            .answered("400")),
        .init("an absolute target", only(Wire.request("GET", "http://evil/")), .answered("400")),
        .init("an authority for a target", only(Wire.request("GET", "evil:443")), .answered("400")),
        .init("an asterisk for a target", only(Wire.request("OPTIONS", "*")), .answered("400")),
        .init("a space in the target", only(Wire.request("GET", "/ HTTP/1.1")), .streamError),
        .init("a fragment in the target", only(Wire.request("GET", "/#x")), .answered("400")),
        .init("a line end in the target", only(Wire.request("GET", "/ HTTP/1.1\r\nx: y")), .streamError),
        .init("no ASCII in the target", only(Wire.request("GET", "/\u{E9}")), .answered("400")),
        .init("a scheme of another protocol", only(Wire.request(scheme: "ftp")), .answered("400")),
        .init("a prefix in the scheme", only(Wire.request(scheme: "http://evil/?")), .answered("400")),
        .init("CONNECT", only([(":method", "CONNECT"), (":authority", "evil:443")]), .answered("405")),
        .init("CONNECT with a path", only(Wire.request("CONNECT")), .streamError),
        .init("extended CONNECT", only(Wire.request("CONNECT") + [(":protocol", "websocket")]), .streamError),
        .init(":protocol without CONNECT", only(Wire.request() + [(":protocol", "websocket")]), .streamError),
        // §8.2.2: fields of one connection.
        .init("Connection: close", field("connection", "close"), .streamError),
        .init("Connection that names a field", field("connection", "authorization"), .streamError),
        .init("Transfer-Encoding: chunked", field("transfer-encoding", "chunked"), .streamError),
        .init("Keep-Alive", field("keep-alive", "timeout=5"), .streamError),
        .init("Proxy-Connection", field("proxy-connection", "keep-alive"), .streamError),
        .init("Upgrade: h2c", field("upgrade", "h2c"), .streamError),
        .init("Upgrade: websocket", field("upgrade", "websocket"), .streamError),
        .init("HTTP2-Settings", field("http2-settings", "AAMAAABkAAQAAP__"), .answered("400")),
        .init("TE other than trailers", field("te", "gzip"), .streamError),
        .init("TE with trailers and more", field("te", "trailers, deflate"), .streamError),
        .init(
            "more fields than a head may have", only(Wire.request(with: (0..<260).map { ("x\($0)", "1") })),
            .answered("431")),
        .init(
            "a head that is a little too large", Wire.splitHeaders(1, Wire.request(with: large(70_000))),
            .answered("431")),
    ]

    private static func large(_ bytes: Int) -> [(String, String)] {
        (0..<(bytes / 10_000)).map { ("x\($0)", String(repeating: "a", count: 9_960)) }
    }

    private static func post(_ lengths: [String], _ body: String, end: Bool = true) -> [UInt8] {
        Wire.post(1, "/", lengths.map { ("content-length", $0) }) + Wire.data(1, body, end: end)
    }

    private static let lengths: [HostileFrameInput] = [
        // §8.1.1: the length that is told and the one that comes.
        .init("more than was told", post(["3"], "12345"), .streamError, served: 1),
        .init("less than was told", post(["9"], "12345"), .streamError, served: 1),
        .init("a length and no body", field("content-length", "5"), .streamError),
        .init("two lengths that differ", post(["5", "6"], "12345"), .streamError),
        .init("two lengths that agree", post(["5", "5"], "12345"), .answered("400")),
        .init("a list of lengths", post(["5, 5"], "12345"), .answered("400")),
        .init("a length that is no number", post(["five"], "12345"), .streamError),
        .init("a negative length", post(["-5"], "12345"), .streamError),
        .init("a length with a sign", post(["+5"], "12345"), .answered("400")),
        .init("a length beyond all numbers", post(["99999999999999999999"], "12345"), .streamError),
        .init(
            "trailers with a pseudo-header", Wire.post(1) + Wire.data(1, "x") + Wire.headers(1, [(":path", "/evil")]),
            .streamError, served: 1),
        .init(
            "trailers that do not end the stream",
            Wire.post(1) + Wire.data(1, "x") + Wire.headers(1, [("x", "y")], end: false), .streamError, served: 1),
        .init(
            "a second head on a stream", Wire.post(1) + Wire.headers(1, Wire.request("GET", "/evil")), .streamError,
            served: 1),
    ]

    private static let frames: [HostileFrameInput] = [
        // §5.1 and §6: frames where they must not be.
        .init("DATA on stream 0", Wire.data(0, "x"), .connectionError),
        .init("HEADERS on stream 0", Wire.get(0), .connectionError),
        .init("HEADERS on an even stream", Wire.get(2), .connectionError),
        .init("a stream number that goes back", Wire.get(5) + Wire.get(3, "/evil"), .connectionError, served: 1),
        .init("DATA on an idle stream", Wire.data(1, "x"), .connectionError),
        .init("RST_STREAM on an idle stream", Wire.reset(1), .connectionError),
        .init("RST_STREAM on stream 0", Wire.reset(0), .connectionError),
        .init(
            "RST_STREAM of three bytes", Wire.post(1) + Wire.frame(3, stream: 1, [0, 0, 0]), .connectionError, served: 1
        ),
        .init("WINDOW_UPDATE on an idle stream", Wire.windowUpdate(1, 1), .connectionError),
        .init("WINDOW_UPDATE of nothing on the connection", Wire.windowUpdate(0, 0), .connectionError),
        .init("WINDOW_UPDATE of nothing on a stream", Wire.post(1) + Wire.windowUpdate(1, 0), .streamError, served: 1),
        .init("a connection window beyond all bounds", Wire.windowUpdate(0, 0x7FFF_FFFF), .connectionError),
        .init(
            "a stream window beyond all bounds", Wire.post(1) + Wire.windowUpdate(1, 0x7FFF_FFFF), .streamError,
            served: 1),
        .init("WINDOW_UPDATE of three bytes", Wire.frame(8, stream: 0, [0, 0, 1]), .connectionError),
        .init("PING of seven bytes", Wire.frame(6, stream: 0, [UInt8](repeating: 0, count: 7)), .connectionError),
        .init("PING on a stream", Wire.frame(6, stream: 1, [UInt8](repeating: 0, count: 8)), .connectionError),
        .init("PRIORITY on stream 0", Wire.priority(0, on: 1), .connectionError),
        .init("PRIORITY of four bytes", Wire.frame(2, stream: 1, [0, 0, 0, 0]), .connectionError),
        .init("a stream that depends on itself", Wire.priority(1, on: 1), .connectionError),
        .init("GOAWAY on a stream", Wire.frame(7, stream: 1, [UInt8](repeating: 0, count: 8)), .connectionError),
        .init("GOAWAY of four bytes", Wire.frame(7, stream: 0, [0, 0, 0, 0]), .connectionError),
        .init(
            "PUSH_PROMISE from a caller",
            Wire.frame(5, flags: 4, stream: 1, [0, 0, 0, 2] + Wire.block(Wire.request())), .connectionError),
        .init("a frame larger than allowed", Wire.post(1) + Wire.data(1, bytes: 16_385), .connectionError, served: 1),
        .init(
            "padding longer than the frame", Wire.post(1) + Wire.frame(0, flags: Wire.padded, stream: 1, [9, 1, 2]),
            .connectionError, served: 1),
        .init(
            "padding in an empty frame", Wire.post(1) + Wire.frame(0, flags: Wire.padded, stream: 1), .connectionError,
            served: 1),
        .init("DATA after the end of the stream", Wire.get(1) + Wire.data(1, "x"), .streamOrConnectionError, served: 1),
        .init(
            "HEADERS after the end of the stream", Wire.get(1) + Wire.get(1, "/evil"), .streamOrConnectionError,
            served: 1),
        .init("DATA after a reset", Wire.post(1) + Wire.reset(1) + Wire.data(1, "x"), .connectionError),
        .init("WINDOW_UPDATE after the end of the stream", Wire.get(1) + Wire.windowUpdate(1, 1), .ignored, served: 1),
        .init("RST_STREAM after the end of the stream", Wire.get(1) + Wire.reset(1), .ignored, served: 1),
        .init("a frame of an unknown type", Wire.frame(0xFA, flags: 0xFF, stream: 7, [1, 2, 3]), .ignored),
        .init(
            "unknown flags",
            Wire.frame(1, flags: 0xD2 | Wire.endHeaders | Wire.endStream, stream: 1, Wire.block(Wire.request())),
            .ignored, served: 1),
        .init(
            "the reserved bit of a stream number",
            Wire.frame(1, flags: Wire.endHeaders | Wire.endStream, stream: 0x8000_0001, Wire.block(Wire.request())),
            .ignored, served: 1),
        .init("a PING that nobody asked for is answered", Wire.ping(acknowledged: true), .ignored),
        .init("PRIORITY on an idle stream", Wire.priority(9, on: 3), .ignored),
    ]

    private static let settings: [HostileFrameInput] = [
        .init("SETTINGS of five bytes", Wire.frame(4, stream: 0, [0, 3, 0, 0, 0]), .connectionError),
        .init("SETTINGS on a stream", Wire.frame(4, stream: 1), .connectionError),
        .init(
            "an acknowledgement with settings", Wire.frame(4, flags: Wire.acknowledged, stream: 0, [0, 3, 0, 0, 0, 1]),
            .connectionError),
        .init("a window beyond all bounds in SETTINGS", Wire.settings([(4, 0x8000_0000)]), .connectionError),
        .init("a frame size that is too small", Wire.settings([(5, 100)]), .connectionError),
        .init("a frame size that is too large", Wire.settings([(5, 0x0100_0000)]), .connectionError),
        .init("ENABLE_PUSH of two", Wire.settings([(2, 2)]), .connectionError),
        .init("unknown settings", Wire.settings([(0xF000, 1), (0x99, 7)]), .ignored),
        .init(
            "a window that SETTINGS make overflow",
            Wire.post(1) + Wire.windowUpdate(1, 0x7000_0000) + Wire.settings([(4, 0x7FFF_FFFF)]), .connectionError,
            served: 1),
    ]

    private static func block(_ bytes: [UInt8]) -> [UInt8] {
        Wire.frame(1, flags: Wire.endHeaders | Wire.endStream, stream: 1, bytes)
    }

    private static let request = Wire.block(Wire.request("GET", "/evil"))

    /// A field of 4 KiB that goes to the table, and a block that refers to it some thousand times (a header bomb).
    private static let bomb =
        Wire.headers(1, Wire.request())
        + Wire.frame(
            1, flags: Wire.endHeaders | Wire.endStream, stream: 3,
            Wire.block(Wire.request()) + [0x40] + Wire.string(Array("x".utf8))
                + Wire.string([UInt8](repeating: 0x61, count: 4_000)) + [UInt8](repeating: 0xBE, count: 8_000))

    private static let blocks: [HostileFrameInput] = [
        // RFC 9113 §4.3 and §6.10, RFC 7541: header blocks.
        .init("CONTINUATION without HEADERS", Wire.continuation(1, request, end: true), .connectionError),
        .init("another frame within a header block", Wire.frame(1, stream: 1, request) + Wire.ping(), .connectionError),
        .init(
            "another stream within a header block", Wire.frame(1, stream: 1, request) + Wire.get(3, "/evil"),
            .connectionError),
        .init(
            "CONTINUATION of another stream", Wire.frame(1, stream: 1, request) + Wire.continuation(3, [], end: true),
            .connectionError),
        .init(
            "CONTINUATION after the end of a block", Wire.get(1) + Wire.continuation(1, request, end: true),
            .connectionError, served: 1),
        .init(
            "a header block of endless empty frames",
            Wire.frame(1, stream: 1, request) + (0..<100).flatMap { _ in Wire.continuation(1, [], end: false) },
            .connectionError),
        .init(
            "a header block without an end",
            Wire.frame(1, stream: 1)
                + (0..<8).flatMap { _ in Wire.continuation(1, [UInt8](repeating: 0, count: 16_000), end: false) },
            .connectionError),
        .init("index 0", block([0x80]), .connectionError),
        .init("an index beyond the table", block([0xFF, 0x80, 0x08]), .connectionError),
        .init("an integer without an end", block([0xFF] + [UInt8](repeating: 0xFF, count: 20)), .connectionError),
        .init("a text longer than its block", block([0x00, 0x01, 0x78, 0x7E, 0x61]), .connectionError),
        .init(
            "a text in a bad Huffman code", block([0x00, 0x01, 0x78, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]), .connectionError),
        .init("an empty name", block([0x00, 0x00, 0x01, 0x61]), .connectionError),
        .init("a table larger than allowed", block([0x3F, 0xE2, 0x7F]), .connectionError),
        .init("a table that changes its size within a block", block(request + [0x20]), .connectionError),
        .init("a header bomb", bomb, .connectionError, served: 1),
        .init(
            "a head that is much too large",
            Wire.splitHeaders(1, Wire.request(with: large(100_000))), .connectionError),
        .init(
            "HEADERS padded beyond their end",
            Wire.frame(1, flags: Wire.padded | Wire.endHeaders | Wire.endStream, stream: 1, [255] + request),
            .connectionError),
        .init(
            "HEADERS with half a priority",
            Wire.frame(1, flags: Wire.priority | Wire.endHeaders | Wire.endStream, stream: 1, [0, 0]), .connectionError),
        .init(
            "HEADERS that depend on their own stream",
            Wire.frame(
                1, flags: Wire.priority | Wire.endHeaders | Wire.endStream, stream: 1, Wire.number(1) + [16] + request),
            .connectionError),
        .init(
            "one stream too many", (0..<101).flatMap { Wire.post(UInt32($0 * 2 + 1)) }, .connectionError, served: 100),
    ]

    private static let beginnings: [HostileFrameInput] = [
        // §3.4: what a connection begins with.
        .init(
            "HTTP/1.1 instead of the preface", Array("GET /evil HTTP/1.1\r\nHost: a\r\n\r\n".utf8), .connectionError,
            isOpened: false),
        .init(
            "a preface with a slip", Array("PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n".utf8) + Wire.settings([]),
            .connectionError, isOpened: false),
        .init(
            "a request within the preface", Array("PRI * HTTP/2.0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n".utf8),
            .connectionError, isOpened: false),
        .init("a request before SETTINGS", Wire.preface + Wire.get(1, "/evil"), .connectionError, isOpened: false),
        .init("PING before SETTINGS", Wire.preface + Wire.ping(), .connectionError, isOpened: false),
        .init(
            "a TLS record instead of the preface",
            [0x16, 0x03, 0x01, 0x02, 0x00, 0x01] + [UInt8](repeating: 0, count: 40), .connectionError, isOpened: false),
        .init("the preface twice", Wire.opening + Wire.preface, .connectionError, isOpened: false),
    ]
}
