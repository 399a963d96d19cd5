import ProxyCore
import Testing

struct RequestTargetTests {
    @Test(
        "keeps path and query byte for byte (X-012)",
        arguments: [
            ("/", "/", nil), ("/v1/models", "/v1/models", nil), ("/a?", "/a", ""),
            ("/a?b?c=%2e%2e/..", "/a", "b?c=%2e%2e/.."),
            ("//a//b;c=1/%2Fx", "//a//b;c=1/%2Fx", nil), ("/a%252e%252e/b", "/a%252e%252e/b", nil),
            ("/...", "/...", nil),
            ("/.a/..b/c../d.", "/.a/..b/c../d.", nil), ("/%2e%2e%2e", "/%2e%2e%2e", nil), ("/%zz/%", "/%zz/%", nil),
            ("/a..;x/b", "/a..;x/b", nil), ("/a\\b", "/a\\b", nil), ("/%2", "/%2", nil), ("/a/%2ex", "/a/%2ex", nil),
            ("/v1/messages?beta=true", "/v1/messages", "beta=true"), ("/a?x=/../y", "/a", "x=/../y"),
        ] as [(String, String, String?)])
    func keeps(raw: String, path: String, query: String?) throws {
        let target = try RequestTarget(parsing: raw)
        #expect(target.path == path)
        #expect(target.query == query)
        #expect(target.path + target.querySuffix == raw)
    }

    @Test(
        "refuses what is not a plain origin form (contract section 4)",
        arguments: [
            "", "*", "v1", "http://h/v1", "host:443", "/a b", "/a\tb", "/a\u{7F}", "/é", "/a#b", "/a?b#c", "/a?b c",
            "/a\u{0}",
            "/.", "/..", "/./a", "/../a", "/a/..", "/a/.", "/a/../b", "/%2e", "/%2E%2e/a", "/.%2e/a", "/%2e./a",
            "/a/%2e%2E",
            "/..%2fa", "/a%2f..%2Fb", "/a%2f%2e%2e", "/a\\..\\b", "/a\\..", "/..\\a", "/a%5c..%5Cb", "/a%5C%2e",
            "/..?x",
            "/a/.?x", "/a%2f.", "//..", "/..//",
        ])
    func refuses(raw: String) {
        #expect {
            try RequestTarget(parsing: raw)
        } throws: { error in
            (error as? ProxyFault)?.status == 400 && (error as? ProxyFault)?.code == .invalidRequest
        }
    }
}
