import ProxyCore
import Testing

struct HeaderPolicyTests {
    @Test(
        "forwards the allow-list (contract section 4)",
        arguments: [
            "Accept", "accept-language", "Accept-Charset", "Content-Type", "content-encoding", "User-Agent",
            "anthropic-version",
            "Anthropic-Beta", "openai-beta", "X-App", "X-OpenRouter-Title", "x-goog-api-client", "X-Msh-Device-Id",
            "x-stainless-lang", "HTTP-Referer", "X-Title", "Idempotency-Key", "traceparent", "tracestate", "baggage",
        ])
    func forwards(name: String) {
        let result = HeaderPolicy().upstreamHeaders(from: HeaderFields([(name, " v,1"), (name, "v2")]))
        #expect(result == HeaderFields([(name, " v,1"), (name, "v2")]))
    }

    static let withheld = [
        "Authorization", "x-api-key", "API-Key", "x-goog-api-key", "X-KMI-Proxy-Token", "Cookie", "Host",
        "Content-Length",
        "Transfer-Encoding", "Connection", "Keep-Alive", "TE", "Trailer", "Upgrade", "Proxy-Authorization",
        "Proxy-Authenticate", "Proxy-Connection", "Expect", "HTTP2-Settings", "OpenAI-Organization", "openai-project",
        "X-KMI-Key", "X-KMI-Session", "x-kmi-project", "X-KMI-Priority", "X-KMI-Anything",
    ]

    @Test("holds back what may never go up, even if told to forward it (X-013)", arguments: withheld)
    func holdsBack(name: String) {
        for policy in [HeaderPolicy(), HeaderPolicy(forwardHeaders: [name, "*"])] {
            #expect(policy.upstreamHeaders(from: HeaderFields([(name, "v")])).isEmpty)
        }
    }

    @Test(
        "holds back what is not on the list",
        arguments: [
            "X-Forwarded-For", "Forwarded", "Origin", "Referer", "X-Request-Id", "Range", "contenttype",
            "X-Client-Name", "Via",
        ])
    func holdsBackOthers(name: String) {
        #expect(HeaderPolicy().upstreamHeaders(from: HeaderFields([(name, "v")])).isEmpty)
        #expect(
            HeaderPolicy(forwardHeaders: [name.uppercased()]).upstreamHeaders(from: HeaderFields([(name, "v")])).count
                == 1)
    }

    @Test func sendsIdentityForAnyEncoding() {
        let caller: HeaderFields = ["Accept-Encoding": "gzip, br", "accept": "*/*", "accept-encoding": "zstd"]
        #expect(HeaderPolicy().upstreamHeaders(from: caller) == ["Accept-Encoding": "identity", "accept": "*/*"])
        #expect(!HeaderPolicy().upstreamHeaders(from: ["accept": "*/*"]).contains("accept-encoding"))
    }

    @Test func dropsWhatConnectionNames() {
        let caller: HeaderFields = [
            "Connection": "close, X-App", "X-App": "1", "connection": "traceparent", "traceparent": "2", "baggage": "3",
        ]
        #expect(HeaderPolicy().upstreamHeaders(from: caller) == ["baggage": "3"])
        let wild: HeaderFields = ["Connection": "*", "baggage": "3"]
        #expect(HeaderPolicy().upstreamHeaders(from: wild) == ["baggage": "3"])
    }

    @Test("puts the key's fields in place and its credential last (X-008)")
    func putsKeyFields() {
        let result = HeaderPolicy().upstreamHeaders(
            from: ["Authorization": "Bearer caller", "openai-beta": "a", "User-Agent": "u", "user-agent": "w"],
            keyHeaders: [
                ("OpenAI-Organization", "org"), ("user-agent", "key"), ("Connection", "x"), ("X-Api-Key", "other"),
            ],
            credential: UpstreamCredential.bearer.field(key: "sk-1"))
        #expect(
            result == [
                "openai-beta": "a", "OpenAI-Organization": "org", "user-agent": "key", "Authorization": "Bearer sk-1",
            ])
        #expect(UpstreamCredential.xAPIKey.field(key: "k") == .init(name: "x-api-key", value: "k"))
        #expect(UpstreamCredential.xGoogAPIKey.field(key: "k") == .init(name: "x-goog-api-key", value: "k"))
        #expect(HeaderPolicy().upstreamHeaders(from: ["x-api-key": "dummy"]).isEmpty)
    }

    @Test("passes answers but for what ends here (X-058, T-006)")
    func passesAnswers() {
        let upstream: HeaderFields = [
            "Content-Type": "text/event-stream", "Content-Length": "7", "Set-Cookie": "a=1", "set-cookie": "b=2",
            "X-Request-Id": "up-1", "request-id": "req_1", "Retry-After": "3", "x-ratelimit-remaining-tokens": "9",
            "Content-Encoding": "gzip", "Vary": "Accept", "Connection": "close, X-Hop", "X-Hop": "1", "Keep-Alive": "x",
            "Transfer-Encoding": "chunked", "TE": "t", "Trailer": "t", "Upgrade": "h2c", "Proxy-Authenticate": "p",
            "Access-Control-Allow-Origin": "*", "access-control-expose-headers": "x", "Alt-Svc": "h3",
            "Strict-Transport-Security": "max-age=1", "X-KMI-Key": "forged", "x-kmi-error": "forged",
        ]
        #expect(
            HeaderPolicy().callerHeaders(from: upstream) == [
                "Content-Type": "text/event-stream", "Content-Length": "7", "Set-Cookie": "a=1", "set-cookie": "b=2",
                "X-KMI-Upstream-Request-Id": "up-1", "request-id": "req_1", "Retry-After": "3",
                "x-ratelimit-remaining-tokens": "9", "Content-Encoding": "gzip", "Vary": "Accept",
            ])
    }
}

struct RequestIDTests {
    @Test func takesTheCallersOwn() {
        #expect(RequestID.given(by: ["x-request-id": "a-1"]) == "a-1")
        #expect(RequestID.given(by: ["X-Request-ID": String(repeating: "x", count: 128)])?.utf8.count == 128)
    }

    @Test(
        "makes one otherwise",
        arguments: [
            [:], ["X-Request-Id": ""], ["X-Request-Id": "a b"], ["X-Request-Id": "é"], ["X-Request-Id": "a\r\nb"],
            ["X-Request-Id": String(repeating: "x", count: 129)], ["X-Request-Id": "a", "x-request-id": "a"],
        ] as [HeaderFields])
    func takesNoOther(headers: HeaderFields) {
        #expect(RequestID.given(by: headers) == nil)
    }

    @Test func makesHexadecimalIDs() {
        #expect(
            RequestID.make(at: WallTime(microseconds: 0x0006_1234_5678_9ABC), random: 0x001F_ABFF_0000_0001)
                == "req_0006123456789abc001fabff00000001")
    }

    @Test("ids that are made one after the other are in order, whatever is random of them")
    func ordersIDs() {
        let first = WallTime(microseconds: 1_790_000_000_000_000)
        for step: Int64 in [1, 15, 16, 255, 1_000_000, 86_400_000_000] {
            let later = WallTime(microseconds: first.microseconds + step)
            #expect(RequestID.make(at: first, random: .max) < RequestID.make(at: later, random: 0))
        }
    }
}
