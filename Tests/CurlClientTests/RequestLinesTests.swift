import NIOCore
import ProxyCore
import Testing

@testable import CurlClient

struct RequestLinesTests {
    private func request(
        method: String = "POST",
        host: String = "example.test",
        port: UInt16 = 443,
        target: String = "/",
        headers: HeaderFields = [:],
        body: UpstreamRequest.Body = .none
    ) -> UpstreamRequest {
        UpstreamRequest(
            method: method,
            origin: UpstreamOrigin(scheme: .https, host: host, port: port),
            target: target,
            headers: headers,
            body: body
        )
    }

    @Test func writesLinesInLibcurlsNotation() throws {
        let lines = try self.lines(self.request(headers: ["X-a": "1", "EMPTY": "", "x-A": " 2", "tab": "\t"]))
        #expect(lines == ["X-a: 1", "EMPTY;", "x-A:  2", "tab;", "Accept:", "Expect:"])
        let accept = try self.lines(self.request(headers: ["accept": "text/plain"]))
        #expect(accept == ["accept: text/plain", "Expect:"])
    }

    @Test func hasNoTypeAddedToAWholeBody() throws {
        let body = UpstreamRequest.Body.bytes(ByteBuffer(string: "{}"))
        #expect(try self.lines(self.request(body: body)) == ["Accept:", "Content-Type:", "Expect:"])
        let typed = try self.lines(self.request(headers: ["content-type": "text/plain"], body: body))
        #expect(typed == ["content-type: text/plain", "Accept:", "Expect:"])
        #expect(try RequestLines(self.request(body: body)).bodyLength == 2)
    }

    /// The lines as libcurl gets to see them.
    private func lines(_ request: UpstreamRequest) throws -> [String] {
        let bytes = try RequestLines(request).headerLines
        #expect(bytes.last == 0)
        return bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test func putsAddressesIntoBrackets() throws {
        #expect(try RequestLines(self.request(host: "::1", port: 8443)).url == "https://[::1]:8443/")
        #expect(try RequestLines(self.request()).url == "https://example.test:443/")
    }

    @Test(
        "refuses what would change the request on the wire",
        arguments: [
            ("value", "a\r\nX: b"), ("value", "a\nb"), ("value", "a\rb"), ("value", "a\0b"),
            ("name", "a b"), ("name", "a:b"), ("name", ""), ("name", "a\r\nb"), ("name", "Host"),
            ("name", "content-length"), ("name", "Transfer-Encoding"), ("name", "connection"), ("name", "EXPECT"),
            ("target", ""), ("target", "/a b"), ("target", "/\r\nX: y"), ("target", "/ä"),
            ("host", ""), ("host", "user@host"), ("host", "a/b"), ("host", "a b"), ("host", "a?b"), ("host", "a#b"),
            ("method", ""), ("method", "GE T"), ("method", "GET\r\n"),
        ])
    func refuses(part: String, text: String) {
        var request = self.request()
        switch part {
        case "value": request.headers = ["X-Name": text]
        case "name": request.headers = [text: "v"]
        case "target": request.target = text
        case "host": request.origin.host = text
        default: request.method = text
        }
        #expect(throws: RequestLines.Refusal.self) { try RequestLines(request) }
    }

    @Test func refusesBodiesThatCannotBe() {
        #expect(throws: RequestLines.Refusal.self) { try RequestLines(self.request(body: .length(-1))) }
        #expect(throws: RequestLines.Refusal.self) { try RequestLines(self.request(method: "HEAD", body: .length(1))) }
        #expect(throws: RequestLines.Refusal.self) { try RequestLines(self.request(port: 0)) }
    }
}
