import NIOCore
import NIOEmbedded
import ProxyCore
import Testing

@testable import ProxyHTTP

@Suite("Callers that send a byte a second (T-002, L-012)")
struct TrickleTests {
    /// What is sent at once, and what follows byte by byte, again and again.
    struct Trickle: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var beginning = ""
        var rest: String
        /// After so many seconds it is over.
        var seconds: Int
    }

    private static let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

    static let trickles = [
        Trickle(testDescription: "a method", rest: "A", seconds: 10),
        Trickle(testDescription: "a target", beginning: "GET /", rest: "a", seconds: 10),
        Trickle(testDescription: "fields", beginning: "GET / HTTP/1.1\r\n", rest: "X: y\r\n", seconds: 10),
        Trickle(testDescription: "an empty line first", rest: "\r\nGET / HTTP/1.1\r\nHost: a", seconds: 10),
        Trickle(
            testDescription: "a body with a length",
            beginning: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n", rest: "x", seconds: 60),
        Trickle(testDescription: "the size of a chunk", beginning: Self.chunked, rest: "00000", seconds: 60),
        Trickle(testDescription: "an extension", beginning: Self.chunked + "5;a", rest: "b", seconds: 60),
        Trickle(testDescription: "a chunk", beginning: Self.chunked + "fff\r\n", rest: "x", seconds: 60),
        Trickle(testDescription: "chunks of one byte", beginning: Self.chunked, rest: "1\r\nx\r\n", seconds: 60),
        Trickle(testDescription: "trailers", beginning: Self.chunked + "0\r\n", rest: "X: y\r\n", seconds: 60),
    ]

    @Test("each is answered 408 at its time limit, not later, and nothing of it is served", arguments: trickles)
    func isCut(trickle: Trickle) throws {
        let responder = ScriptedResponder.echo()
        let connection = try EmbeddedConnection(responder)
        if !trickle.beginning.isEmpty { try connection.receive(trickle.beginning) }
        var seconds = 0
        // Unending but for what ends by itself after its first round: a size of more than 15 digits is no size.
        let bytes = Array(trickle.rest)
        while connection.channel.isActive, seconds < 1_000 {
            if trickle.testDescription != "the size of a chunk" || seconds < 10 {
                try connection.receive(String(bytes[seconds % bytes.count]))
            }
            connection.loop.advanceTime(by: .seconds(1))
            seconds += 1
        }
        #expect(seconds == trickle.seconds)
        #expect(try connection.sent().hasPrefix("HTTP/1.1 408 "))
        let seen = responder.seen.value
        #expect(!seen.contains(.end))
        #expect(seen.filter { if case .refusal = $0 { true } else { false } } == [.refusal(.timeout)])
    }

    @Test("a caller that takes its time with a body that nobody wants any more is cut after two seconds")
    func discarded() throws {
        let connection = try EmbeddedConnection(ScriptedResponder { $0.answer("early", status: 401) })
        try connection.receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
        #expect(try connection.sent().hasSuffix("early"))
        var seconds = 0
        while connection.channel.isActive, seconds < 100 {
            try connection.receive("x")
            connection.loop.advanceTime(by: .seconds(1))
            seconds += 1
        }
        #expect(seconds <= 4)
        #expect(try connection.sent().isEmpty)
    }
}
