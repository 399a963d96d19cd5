import ProxyCore
import Testing

@testable import CurlClient

struct AnswerHeadParserTests {
    private func parse(_ text: String, method: String = "GET") throws -> (ResponseHead, AnswerFraming)? {
        var parser = AnswerHeadParser(requestMethod: method)
        for line in text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
            if case .ended(let head, let framing) = try parser.take(line: Array(line) + [0x0A]) {
                return (head, framing)
            }
        }
        return nil
    }

    @Test(
        "finds how the body ends",
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "GET", AnswerFraming.length(5)),
            ("HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n", "GET", .length(0)),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", "GET", .chunked),
            ("HTTP/1.1 200 OK\r\n\r\n", "GET", .untilClose),
            ("HTTP/1.0 200\r\n\r\n", "GET", .untilClose),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", .empty),
            ("HTTP/1.1 204 No Content\r\n\r\n", "GET", .empty),
            ("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "GET", .empty),
            ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET", .empty),
        ])
    func findsFraming(text: String, method: String, framing: AnswerFraming) throws {
        #expect(try self.parse(text, method: method)?.1 == framing)
    }

    @Test func keepsFieldsInOrderAndSpelling() throws {
        let head = try self.parse(
            "HTTP/1.1 429 Too Many\r\nX-b: 1\r\nx-A:\t two \r\nX-B: 3\r\nEmpty:\r\nL: caf\u{E9}\r\nContent-Length: 0\r\n\r\n"
        )?.0
        #expect(head?.status == 429)
        #expect(head?.reason == "Too Many")
        #expect(head?.headers.map(\.name) == ["X-b", "x-A", "X-B", "Empty", "L", "Content-Length"])
        #expect(head?.headers.map(\.value) == ["1", "two", "3", "", "café", "0"])
    }

    @Test func readsBytesThatAreNotUTF8AsLatin1() throws {
        var parser = AnswerHeadParser(requestMethod: "GET")
        _ = try parser.take(line: Array("HTTP/1.1 200 OK\r\n".utf8))
        _ = try parser.take(line: Array("X: caf".utf8) + [0xE9, 0x0D, 0x0A])
        guard case .ended(let head, _) = try parser.take(line: [0x0D, 0x0A]) else {
            Issue.record("the head has not ended")
            return
        }
        #expect(head.headers.first("x") == "café")
    }

    @Test(
        "refuses what could be read in two ways",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX: 1\r\n folded\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX : 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\n: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX: a\u{1}b\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX: 1\n\r\n",
            "HTTP/1.1 200 OK\n\r\n",
            "HTTP/1.1 101 Switching\r\n\r\n",
            "HTTP/1.1 103 Early Hints\r\nContent-Length: 7\r\n\r\n",
            "HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.2 200 OK\r\n\r\n",
            "HTTP/2 200\r\n\r\n",
            "http/1.1 200 OK\r\n\r\n",
            "HTTP/1.1  200 OK\r\n\r\n",
            "HTTP/1.1 20 OK\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/1.1 099 OK\r\n\r\n",
            "HTTP/1.1 600 OK\r\n\r\n",
        ])
    func refuses(text: String) {
        #expect(throws: AnswerViolation.self) { try self.parse(text) }
    }

    @Test func passesOverInterimHeads() throws {
        let (head, framing) = try #require(
            try self.parse(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
                    + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
            )
        )
        #expect(head.headers.map(\.name) == ["Content-Length"])
        #expect(framing == .length(2))
    }

    @Test func boundsNumberAndSize() throws {
        let field = "X: 1\r\n"
        let most = String(repeating: field, count: AnswerHeadParser.maximumFields)
        #expect(try self.parse("HTTP/1.1 200 OK\r\n" + most + "\r\n") != nil)
        #expect(throws: AnswerViolation.self) { try self.parse("HTTP/1.1 200 OK\r\n" + most + field + "\r\n") }
        let long = "X: " + String(repeating: "a", count: 90 * 1024) + "\r\n"
        #expect(throws: AnswerViolation.self) { try self.parse("HTTP/1.1 200 OK\r\n" + long + long + long + "\r\n") }
        let final = "HTTP/1.1 200 OK\r\n\r\n"
        let interims = String(
            repeating: "HTTP/1.1 102 Processing\r\n\r\n", count: AnswerHeadParser.maximumInterimHeads)
        #expect(try self.parse(interims + final) != nil)
        #expect(throws: AnswerViolation.self) { try self.parse(interims + "HTTP/1.1 102 Processing\r\n\r\n" + final) }
    }

    @Test func keepsTrailersApart() throws {
        var parser = AnswerHeadParser(requestMethod: "GET")
        #expect(parser.trailers == nil)
        try parser.takeTrailer(line: Array("X-Sum: 1\r\n".utf8))
        try parser.takeTrailer(line: Array("\r\n".utf8))
        #expect(parser.trailers == ["X-Sum": "1"])
        #expect(throws: AnswerViolation.self) {
            try parser.takeTrailer(line: Array("Content-Length: 1\r\n".utf8))
        }
    }
}

struct ChunkedBodyScannerTests {
    @Test(
        "finds the end wherever the bytes are cut",
        arguments: [
            "0\r\n\r\n",
            "5\r\nhello\r\n0\r\n\r\n",
            "A;ext=1\r\n0123456789\r\n00\r\n\r\n",
            "2\r\n\r\n\r\n1\r\n\n\r\n0\r\nX: 1\r\nY: 2\r\n\r\n",
        ])
    func findsEnd(text: String) {
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            var scanner = ChunkedBodyScanner()
            bytes[..<cut].withUnsafeBytes { scanner.scan($0) }
            #expect(scanner.hasEnded == (cut == bytes.count))
            bytes[cut...].withUnsafeBytes { scanner.scan($0) }
            #expect(scanner.hasEnded)
        }
    }

    private func scanned(_ text: String) -> ChunkedBodyScanner {
        var scanner = ChunkedBodyScanner()
        Array(text.utf8).withUnsafeBytes { scanner.scan($0) }
        return scanner
    }

    @Test(
        "refuses what another reader could take for another coding",
        arguments: [
            "\r\n", "g\r\n", " 5\r\nhello\r\n", "+5\r\nhello\r\n", "-1\r\n", "0x5\r\nhello\r\n", "5\nhello\r\n",
            "5\r\nhello\n",
            "5\r\nhello!\r\n", "5\rhello\r\n", "5 5\r\n", "5;a\u{1}\r\n", "5;a\nb\r\n", "0\r\nX: 1\n\r\n", "0\r\n\n",
            "0\r\n\rX",
            "1000000000000000\r\n", "0000000000000005\r\nhello\r\n", "ffffffffffffffffff\r\n", "5,5\r\n", "5\u{0}\r\n",
            ";a\r\n",
        ])
    func refuses(text: String) {
        #expect(self.scanned(text).violation != nil)
        #expect(!self.scanned(text).hasEnded)
    }

    @Test(
        "takes white space and extensions behind a size",
        arguments: ["5 \r\nhello\r\n", "5\t;a=\"b c\";d\r\nhello\r\n"])
    func takes(text: String) {
        #expect(self.scanned(text + "0\r\n\r\n").hasEnded)
    }

    @Test func boundsExtensions() {
        let most = String(repeating: "a", count: ChunkedBodyScanner.maximumExtensionBytes - 1)
        #expect(self.scanned("0;\(most)\r\n\r\n").violation != nil)
        #expect(self.scanned("0;\(most.dropLast())\r\n\r\n").hasEnded)
    }

    @Test func tellsWhatComesBehindTheEnd() {
        #expect(!self.scanned("0\r\n\r\n").hasExcess)
        #expect(self.scanned("0\r\n\r\nH").hasExcess)
    }
}
