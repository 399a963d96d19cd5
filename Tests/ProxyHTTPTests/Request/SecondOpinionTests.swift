import NIOCore
import NIOEmbedded
import NIOHTTP1
import ProxyCore
import Testing

@testable import ProxyHTTP

@Suite("Requests as another parser reads them")
struct SecondOpinionTests {
    struct Request: Equatable {
        var line: String
        var fields: [String]
        var body = ""
        var isComplete = false
    }

    private static let fragments = [
        "GET / HTTP/1.1\r\n", "POST /a?b HTTP/1.1\r\n", "PUT /x HTTP/1.0\r\n", "Host: a\r\n", "Host: a\r\n\r\n", "\r\n",
        "Content-Length: 5\r\n\r\nhello", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n\r\n",
        "Connection: close\r\n",
        "5\r\nhello\r\n", "5;e=f\r\nhello\r\n", "0\r\n\r\n", "0\r\nT: u\r\n\r\n", "X: y\r\n", " ", "\n", "\t", "z", ":",
        "hello", "\0",
    ]

    @Test("whatever is accepted means the same to llhttp", arguments: 0..<8)
    func agrees(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var accepted = 0
        for _ in 0..<2_000 {
            var text = ""
            for _ in 0..<Int.random(in: 2...9, using: &generator) {
                // Mostly in a sensible order, so that much of it is accepted.
                if Int.random(in: 0..<4, using: &generator) > 0 {
                    text +=
                        ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\n"].randomElement(
                            using: &generator) ?? ""
                }
                text += Self.fragments.randomElement(using: &generator) ?? ""
            }
            let ours = Self.ours(text)
            let complete = ours.filter(\.isComplete)
            accepted += complete.count
            let theirs = try Self.theirs(text)
            #expect(Array(theirs.prefix(complete.count)) == complete, "\(text.debugDescription)")
        }
        #expect(accepted > 500)
    }

    /// What is accepted, as far as llhttp reads: it knows no methods but the registered ones, and stops where the
    /// connection does.
    static func ours(_ text: String) -> [Request] {
        var reader = RequestReader(maximumHeaderBytes: 8192)
        reader.append(ByteBuffer(string: text))
        var requests: [Request] = []
        var isLast = false
        while true {
            switch reader.next() {
            case .needsMore, .refused:
                return requests
            case .head(let head):
                guard ["GET", "POST", "PUT"].contains(head.head.method) else { return requests }
                isLast = !head.keepAlive
                requests.append(
                    Request(
                        line: "\(head.head.method) \(head.head.target)",
                        fields: head.head.headers.map { "\($0.name): \($0.value)" }
                    )
                )
            case .body(let piece):
                requests[requests.count - 1].body += String(buffer: piece)
            case .end:
                requests[requests.count - 1].isComplete = true
                if isLast { return requests }
            }
        }
    }

    static func theirs(_ text: String) throws -> [Request] {
        let channel = EmbeddedChannel(handler: ByteToMessageHandler(HTTPRequestDecoder()))
        // An error ends the parsing; what came before it counts.
        do { try channel.writeInbound(ByteBuffer(string: text)) } catch {}
        var requests: [Request] = []
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            switch part {
            case .head(let head):
                requests.append(
                    Request(
                        line: "\(head.method) \(head.uri)",
                        fields: head.headers.map { "\($0.name): \($0.value)" }
                    )
                )
            case .body(let piece):
                requests[requests.count - 1].body += String(buffer: piece)
            case .end:
                requests[requests.count - 1].isComplete = true
            }
        }
        do { _ = try channel.finish(acceptAlreadyClosed: true) } catch {}
        return requests
    }
}
