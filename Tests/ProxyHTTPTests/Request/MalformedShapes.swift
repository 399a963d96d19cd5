import ProxyCore
import Testing

/// Requests that are refused, and why.
///
/// Used against the parser and against the running server.
struct MalformedShape: Sendable, CustomTestStringConvertible {
    var name: String
    var bytes: [UInt8]
    var reason: ListenerRefusal

    var testDescription: String { self.name }

    init(_ name: String, _ text: String, _ reason: ListenerRefusal = .malformed) {
        self.name = name
        self.bytes = Array(text.utf8)
        self.reason = reason
    }

    init(_ name: String, bytes: [UInt8], _ reason: ListenerRefusal = .malformed) {
        self.name = name
        self.bytes = bytes
        self.reason = reason
    }

    static let heads: [MalformedShape] = [
        .init("no Host", "GET / HTTP/1.1\r\n\r\n"),
        .init("no Host in 1.0", "GET / HTTP/1.0\r\n\r\n"),
        .init("two Host lines", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
        .init("absolute form", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("authority form", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("asterisk form", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("byte above ASCII in the target", "GET /\u{e4} HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("tab in the request line", "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("two spaces in the request line", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("space at the end of the request line", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
        .init("HTTP/0.9", "GET /\r\n"),
        .init("HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
        .init("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        .init("lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n"),
        .init("TLS ClientHello", bytes: [0x16, 0x03, 0x01, 0x00, 0x0A, 0x01]),
        .init("method with a separator", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("Transfer-Encoding gzip", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"),
        .init(
            "Transfer-Encoding gzip, chunked",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
        .init(
            "Transfer-Encoding chunked, chunked",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n"),
        .init(
            "Transfer-Encoding twice",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
        .init(
            "Transfer-Encoding with vertical tab",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \u{b}chunked\r\n\r\n"),
        .init("Transfer-Encoding in 1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
        .init("Transfer-Encoding identity", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n"),
        .init(
            "both length and coding",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        .init("two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"),
        .init("two equal lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"),
        .init("list of lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n"),
        .init("length with a sign", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n"),
        .init("negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n"),
        .init("length with a space", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 5\r\n\r\n"),
        .init("hexadecimal length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n"),
        .init("empty length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n"),
        .init("length over 63 bits", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n"),
        .init("folded line", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n"),
        .init("folded first line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        .init("space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
        .init("tab before the colon", "GET / HTTP/1.1\r\nHost\t: a\r\n\r\n"),
        .init("empty name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"),
        .init("no colon", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"),
        .init("name outside token", "GET / HTTP/1.1\r\nHost: a\r\nX(y): b\r\n\r\n"),
        .init("bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"),
        .init("bare LF after a field", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"),
        .init("bare LF as the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n"),
        .init("bare CR in a value", "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n"),
        .init("bare CR in the target", "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("CR CR LF", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"),
        .init("NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n"),
        .init("NUL in the target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"),
        .init("DEL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{7f}\r\n\r\n"),
        .init("CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", .methodNotAllowed),
        .init(
            "Upgrade websocket", "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            .upgradeRefused),
        .init(
            "Upgrade h2c or websocket",
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c, websocket\r\n\r\n", .upgradeRefused),
        .init("Upgrade behind bad framing", "GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
        .init(
            "257 fields", "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "A: b\r\n", count: 256) + "\r\n",
            .headersTooLarge),
        .init(
            "head over the limit",
            "GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 9000) + "\r\n\r\n", .headersTooLarge),
        .init("endless line", "GET /" + String(repeating: "x", count: 9000), .headersTooLarge),
    ]

    private static let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

    static let bodies: [MalformedShape] = [
        .init("size that is no number", Self.chunked + "x\r\n"),
        .init("empty size", Self.chunked + "\r\n"),
        .init("size with a sign", Self.chunked + "+5\r\nhello\r\n0\r\n\r\n"),
        .init("size with 0x", Self.chunked + "0x5\r\nhello\r\n0\r\n\r\n"),
        .init("size over 60 bits", Self.chunked + "1000000000000000\r\n"),
        .init("size that wraps", Self.chunked + "fffffffffffffffff\r\n"),
        .init("space after the size", Self.chunked + "5 \r\nhello\r\n0\r\n\r\n"),
        .init("bare LF after the size", Self.chunked + "5\nhello\r\n0\r\n\r\n"),
        .init("bare LF after the data", Self.chunked + "5\r\nhello\n0\r\n\r\n"),
        .init("data longer than the size", Self.chunked + "4\r\nhello\r\n0\r\n\r\n"),
        .init("bare LF in an extension", Self.chunked + "5;a\nb\r\nhello\r\n0\r\n\r\n"),
        .init("NUL in an extension", Self.chunked + "5;a\0b\r\nhello\r\n0\r\n\r\n"),
        .init("trailer without a name", Self.chunked + "0\r\n: b\r\n\r\n"),
        .init("trailer with bare LF", Self.chunked + "0\r\nA: b\n\r\n"),
        .init("endless extension", Self.chunked + "5;" + String(repeating: "x", count: 17_000), .headersTooLarge),
        .init(
            "endless trailers", Self.chunked + "0\r\n" + String(repeating: "A: b\r\n", count: 3000), .headersTooLarge),
    ]
}
