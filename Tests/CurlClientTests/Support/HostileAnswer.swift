import Testing

/// What a hostile or broken server sends, and what is to become of it.
struct HostileAnswer: Sendable, CustomTestStringConvertible {
    /// The class of what the caller of the client is told.
    enum Outcome: Sendable, Equatable {
        /// Nothing of it: it is no sound answer.
        case refused
        /// Its head, and that the rest is not sound.
        case brokenOff
        /// Its head, and that it ended too early.
        case cut
        /// That the connection ended before an answer.
        case closed
        /// All of it, with this body.
        case passed(String)
    }

    var name: String
    var method = "GET"
    var bytes: [UInt8]
    var outcome: Outcome
    /// Whether the server closes behind it, so that its end is known.
    var closes = false
    /// Whether its connection may be used for the next request.
    var keepsConnection = false

    var testDescription: String { self.name }

    init(
        _ name: String, _ text: String, _ outcome: Outcome, method: String = "GET", closes: Bool = false,
        keepsConnection: Bool = false
    ) {
        self.name = name
        self.bytes = Array(text.utf8)
        self.outcome = outcome
        self.method = method
        self.closes = closes
        self.keepsConnection = keepsConnection
    }

    init(_ name: String, bytes: [UInt8], _ outcome: Outcome) {
        self.init(name, "", outcome)
        self.bytes = bytes
    }

    private static let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    /// An answer that would be another caller's.
    private static let smuggled = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled"

    private static func head(_ fields: String, status: String = "200 OK", body: String = "") -> String {
        "HTTP/1.1 \(status)\r\n\(fields)\r\n\r\n\(body)"
    }

    /// Where the status line is not one (RFC 9112 §4).
    static let statusLines: [HostileAnswer] = [
        HostileAnswer("HTTP/0.9", "<html>hello</html>", .refused, closes: true),
        HostileAnswer("another protocol", "SSH-2.0-OpenSSH_9.2p1\r\n", .refused, closes: true),
        HostileAnswer("garbage before it", "garbage\r\n" + smuggled, .refused),
        HostileAnswer("an empty line before it", "\r\n" + smuggled, .refused),
        HostileAnswer("a blank before it", " " + smuggled, .refused),
        HostileAnswer("a lower-case version", "http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", .refused),
        HostileAnswer("HTTP/1.2", "HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n", .refused),
        HostileAnswer("HTTP/2 in clear", "HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n", .refused),
        HostileAnswer("HTTP/11", "HTTP/11 200 OK\r\nContent-Length: 0\r\n\r\n", .refused),
        HostileAnswer("ICY", "ICY 200 OK\r\nContent-Length: 0\r\n\r\n", .refused, closes: true),
        HostileAnswer("two blanks", "HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n", .refused),
        HostileAnswer("a tab", "HTTP/1.1\t200 OK\r\nContent-Length: 0\r\n\r\n", .refused),
        HostileAnswer("no status", "HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n", .refused),
        HostileAnswer("a status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n", .refused),
        HostileAnswer("a status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", .refused),
        HostileAnswer("a status below 100", "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n", .refused),
        HostileAnswer("a status above 599", "HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n", .refused),
        HostileAnswer("a negative status", "HTTP/1.1 -20 OK\r\nContent-Length: 0\r\n\r\n", .refused),
        HostileAnswer("a bare LF behind it", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", .refused),
        HostileAnswer("a bare CR within it", "HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n", .refused),
        HostileAnswer("an escape sequence within it", "HTTP/1.1 200 \u{1B}[2J\r\nContent-Length: 0\r\n\r\n", .refused),
        HostileAnswer(
            "101 that nobody asked for", head("Upgrade: x\r\nConnection: upgrade", status: "101 S"), .refused),
        HostileAnswer("101 to h2c", head("Upgrade: h2c\r\nConnection: upgrade", status: "101 S"), .refused),
    ]

    /// Where fields are no fields (RFC 9112 §5).
    static let fields: [HostileAnswer] = [
        HostileAnswer("a blank before the colon", head("X : a\r\nContent-Length: 0"), .refused),
        HostileAnswer("a blank before the colon of a length", head("Content-Length : 8"), .refused),
        HostileAnswer("a tab before the colon", head("Transfer-Encoding\t: chunked"), .refused),
        HostileAnswer("a folded line", head("X: a\r\n b\r\nContent-Length: 0"), .refused),
        HostileAnswer("a length on a folded line", head("X: a\r\n\tContent-Length: 8\r\nContent-Length: 0"), .refused),
        HostileAnswer("a folded first line", head(" X: a\r\nContent-Length: 0"), .refused),
        HostileAnswer("no colon", head("X\r\nContent-Length: 0"), .refused),
        HostileAnswer("no name", head(": a\r\nContent-Length: 0"), .refused),
        HostileAnswer("a name with a blank", head("X Y: a\r\nContent-Length: 0"), .refused),
        HostileAnswer("a name that is no token", head("X@Y: a\r\nContent-Length: 0"), .refused),
        HostileAnswer("a name that is not ASCII", head("Content-Längth: 8\r\nContent-Length: 0"), .refused),
        HostileAnswer("a bare LF between fields", head("X: a\nContent-Length: 0"), .refused),
        HostileAnswer("a bare LF at the end", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n", .refused),
        HostileAnswer("a bare CR in a value", head("X: a\rContent-Length: 8\r\nContent-Length: 0"), .refused),
        HostileAnswer("CR CR LF", head("X: a\r\r\nContent-Length: 0"), .refused),
        HostileAnswer("NUL in a value", head("X: a\u{0}b\r\nContent-Length: 0"), .refused),
        HostileAnswer("NUL in a name", head("X\u{0}: b\r\nContent-Length: 0"), .refused),
        HostileAnswer("an escape sequence in a value", head("X: \u{1B}]0;t\u{7}\r\nContent-Length: 0"), .refused),
        HostileAnswer("DEL in a value", head("X: \u{7F}\r\nContent-Length: 0"), .refused),
        HostileAnswer("a line of 120 KiB", head("X: " + String(repeating: "a", count: 120 << 10)), .refused),
        HostileAnswer(
            "three lines of 90 KiB",
            head(String(repeating: "X: \(String(repeating: "a", count: 90 << 10))\r\n", count: 3)),
            .refused),
        HostileAnswer(
            "513 fields", head(String(repeating: "X: a\r\n", count: 512) + "Content-Length: 0"), .refused),
    ]

    /// Where two readers could see the end of the body in two places (RFC 9112 §6.3).
    static let framings: [HostileAnswer] = [
        HostileAnswer("two lengths", head("Content-Length: 2\r\nContent-Length: 3", body: "abc"), .refused),
        HostileAnswer("the same length twice", head("Content-Length: 2\r\nContent-Length: 2", body: "ab"), .refused),
        HostileAnswer("a list of lengths", head("Content-Length: 2, 2", body: "ab"), .refused),
        HostileAnswer("a length with a sign", head("Content-Length: +2", body: "ab"), .refused),
        HostileAnswer("a negative length", head("Content-Length: -2", body: "ab"), .refused),
        HostileAnswer("a hexadecimal length", head("Content-Length: 0x2", body: "ab"), .refused),
        HostileAnswer("a length with a blank inside", head("Content-Length: 1 0", body: "ab"), .refused),
        HostileAnswer("a length and a word", head("Content-Length: 2b", body: "ab"), .refused),
        HostileAnswer("a length in other digits", head("Content-Length: ２", body: "ab"), .refused),
        HostileAnswer("an empty length", head("Content-Length:"), .refused),
        HostileAnswer("a length over 63 bits", head("Content-Length: 9223372036854775808"), .refused),
        HostileAnswer("a length over 64 bits", head("Content-Length: 18446744073709551618", body: "ab"), .refused),
        HostileAnswer(
            "both framings", head("Content-Length: 5\r\nTransfer-Encoding: chunked", body: "0\r\n\r\n"), .refused),
        HostileAnswer(
            "both framings, the other way round",
            head("Transfer-Encoding: chunked\r\nContent-Length: 5", body: "0\r\n\r\n"),
            .refused),
        HostileAnswer("an unknown coding", head("Transfer-Encoding: xchunked", body: "0\r\n\r\n"), .refused),
        HostileAnswer("chunked not last", head("Transfer-Encoding: chunked, gzip", body: "0\r\n\r\n"), .refused),
        HostileAnswer("gzip below chunked", head("Transfer-Encoding: gzip, chunked", body: "0\r\n\r\n"), .refused),
        HostileAnswer("chunked twice", head("Transfer-Encoding: chunked, chunked", body: "0\r\n\r\n"), .refused),
        HostileAnswer(
            "two coding fields", head("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", body: "0\r\n\r\n"),
            .refused),
        HostileAnswer("an empty coding", head("Transfer-Encoding:", body: "0\r\n\r\n"), .refused),
        HostileAnswer("a quoted coding", head("Transfer-Encoding: \"chunked\"", body: "0\r\n\r\n"), .refused),
        HostileAnswer(
            "a coding with a vertical tab", head("Transfer-Encoding: \u{B}chunked", body: "0\r\n\r\n"), .refused),
        HostileAnswer(
            "chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", .refused),
        HostileAnswer("204 with a length", head("Content-Length: 8", status: "204 No", body: "smuggled"), .refused),
        HostileAnswer(
            "204 in chunks", head("Transfer-Encoding: chunked", status: "204 No", body: "0\r\n\r\n"), .refused),
        HostileAnswer(
            "an interim head with a length", head("Content-Length: 8", status: "103 H", body: smuggled), .refused),
        HostileAnswer(
            "an interim head in chunks", head("Transfer-Encoding: chunked", status: "100 C", body: smuggled), .refused),
        HostileAnswer(
            "101 interim heads", String(repeating: "HTTP/1.1 102 P\r\n\r\n", count: 101) + smuggled, .refused),
    ]

    /// Where chunks are none (RFC 9112 §7.1).
    static let chunks: [HostileAnswer] = [
        HostileAnswer("no size", chunked + "\r\n", .brokenOff),
        HostileAnswer("a size that is no number", chunked + "xyz\r\n", .brokenOff),
        HostileAnswer("a size with a prefix", chunked + "0x3\r\nabc\r\n0\r\n\r\n", .brokenOff),
        HostileAnswer("a size with a sign", chunked + "+3\r\nabc\r\n0\r\n\r\n", .brokenOff),
        HostileAnswer("a negative size", chunked + "-3\r\nabc\r\n0\r\n\r\n", .brokenOff),
        HostileAnswer("a blank before a size", chunked + " 3\r\nabc\r\n0\r\n\r\n", .brokenOff),
        HostileAnswer("a size over 64 bits", chunked + "10000000000000003\r\nabc\r\n0\r\n\r\n", .brokenOff),
        HostileAnswer("a size of 60 bits and more", chunked + "8000000000000000\r\nabc", .brokenOff),
        HostileAnswer("a bare LF behind a size", chunked + "3\nabc\r\n0\r\n\r\n", .brokenOff),
        HostileAnswer("a bare CR behind a size", chunked + "3\rabc\r\n0\r\n\r\n", .brokenOff),
        HostileAnswer("a bare LF in an extension", chunked + "3;a\nabc\r\n0\r\n\r\n", .brokenOff),
        HostileAnswer("a control character in an extension", chunked + "3;\u{1}\r\nabc\r\n0\r\n\r\n", .brokenOff),
        HostileAnswer(
            "an extension of 2 KiB", chunked + "3;\(String(repeating: "a", count: 2048))\r\nabc\r\n0\r\n\r\n",
            .brokenOff),
        HostileAnswer("two sizes", chunked + "3 5\r\nabc\r\n0\r\n\r\n", .brokenOff),
        HostileAnswer("a chunk longer than its size", chunked + "3\r\nabcdef\r\n0\r\n\r\n", .brokenOff),
        HostileAnswer("a chunk shorter than its size", chunked + "5\r\nabc\r\n0\r\n\r\n", .brokenOff),
        HostileAnswer("a bare LF behind a chunk", chunked + "3\r\nabc\n0\r\n\r\n", .brokenOff),
        HostileAnswer("a bare LF behind the last size", chunked + "3\r\nabc\r\n0\n\r\n", .brokenOff),
        HostileAnswer("a bare LF at the end", chunked + "3\r\nabc\r\n0\r\n\n", .brokenOff),
        HostileAnswer("a trailer with a bare LF", chunked + "0\r\nX: 1\n\r\n", .brokenOff),
        HostileAnswer("a trailer with a length", chunked + "0\r\nContent-Length: 8\r\n\r\n", .brokenOff),
        HostileAnswer("a trailer with a coding", chunked + "0\r\nTransfer-Encoding: chunked\r\n\r\n", .brokenOff),
        HostileAnswer("a folded trailer", chunked + "0\r\nX: 1\r\n 2\r\n\r\n", .brokenOff),
        HostileAnswer("a trailer without colon", chunked + "0\r\nsmuggled\r\n\r\n", .brokenOff),
        HostileAnswer("an answer as trailers", chunked + "0\r\n" + smuggled, .brokenOff),
        HostileAnswer(
            "600 trailers", chunked + "0\r\n" + String(repeating: "X: 1\r\n", count: 600) + "\r\n", .brokenOff),
        HostileAnswer("the end within a chunk", chunked + "5\r\nabc", .cut, closes: true),
        HostileAnswer("the end behind a chunk", chunked + "3\r\nabc\r\n", .cut, closes: true),
        HostileAnswer("the end before the trailers' end", chunked + "3\r\nabc\r\n0\r\n", .cut, closes: true),
    ]

    /// Where the answer is sound and what lies around it is not.
    static let surroundings: [HostileAnswer] = [
        HostileAnswer("a body shorter than its length", head("Content-Length: 9", body: "abc"), .cut, closes: true),
        HostileAnswer(
            "an answer behind a longer body", head("Content-Length: 3", body: "abcdef" + smuggled), .passed("abc")),
        HostileAnswer("an answer behind a body", head("Content-Length: 3", body: "abc" + smuggled), .passed("abc")),
        HostileAnswer("one byte behind a body", head("Content-Length: 3", body: "abcX"), .passed("abc")),
        HostileAnswer("an answer behind an empty body", head("Content-Length: 0", body: smuggled), .passed("")),
        HostileAnswer("an answer behind 204", head("X: a", status: "204 No Content", body: smuggled), .passed("")),
        HostileAnswer(
            "an answer behind 304", head("Content-Length: 8", status: "304 Not Modified", body: smuggled), .passed("")),
        HostileAnswer(
            "a body behind the head of HEAD", head("Content-Length: 8", body: "smuggled"), .passed(""), method: "HEAD"),
        HostileAnswer(
            "an answer behind the head of HEAD", head("Content-Length: 8", body: smuggled), .passed(""), method: "HEAD"),
        HostileAnswer("an answer behind the last chunk", chunked + "3\r\nabc\r\n0\r\n\r\n" + smuggled, .passed("abc")),
        HostileAnswer("one byte behind the last chunk", chunked + "3\r\nabc\r\n0\r\n\r\nX", .passed("abc")),
        HostileAnswer("an empty line behind the last chunk", chunked + "3\r\nabc\r\n0\r\n\r\n\r\n", .passed("abc")),
        HostileAnswer("nothing", "", .closed, closes: true),
        HostileAnswer("half a head", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", .closed, closes: true),
        HostileAnswer("an end without a framing", head("X: a", body: "abc"), .passed("abc"), closes: true),
        HostileAnswer("HTTP/1.0 until the end", "HTTP/1.0 200 OK\r\n\r\nabc", .passed("abc"), closes: true),
        HostileAnswer(
            "Connection: close, and more", head("Connection: close\r\nContent-Length: 3", body: "abc" + smuggled),
            .passed("abc")),
        HostileAnswer(
            "sound, with all that is allowed",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + chunked
                + "3;a=\"b c\"\r\nabc\r\n2 \r\nde\r\n0\r\nX: 1\r\n\r\n", .passed("abcde"), keepsConnection: true),
    ]

    static let all = statusLines + fields + framings + chunks + surroundings
}
