/// Which header fields pass: an allow-list towards providers, a list of exceptions towards callers.
public struct HeaderPolicy: Sendable {
    /// Fields that belong to one connection only (RFC 9110 §7.6.1), or to the proxy in front of one.
    private static let hopByHopNames = [
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade",
    ]
    private static let hopByHop = HeaderNameSet(Self.hopByHopNames)

    /// Fields of a request that never go up, whatever the configuration says: credentials, cookies, what the transport
    /// writes itself, what belongs to a key, and the proxy's own controls.
    private static let neverForwarded = HeaderNameSet(
        ClientCredential.headerNames + Self.hopByHopNames + [
            "cookie", "cookie2", "host", "content-length", "expect", "http2-settings", "openai-organization",
            "openai-project", "x-kmi-*",
        ])

    private static let forwarded = [
        "accept*", "content-type", "content-encoding", "user-agent", "anthropic-*", "openai-*", "x-app",
        "x-openrouter-*", "x-goog-api-client", "x-msh-*", "x-stainless-*", "http-referer", "x-title",
        "idempotency-key", "traceparent", "tracestate", "baggage",
    ]

    /// Fields of an answer that end here: the security decisions of another site, and names that are ours.
    private static let withheld = HeaderNameSet(
        ["access-control-*", "alt-svc", "strict-transport-security", "x-kmi-*"] + Self.hopByHopNames)

    private let allowed: HeaderNameSet

    /// Makes a policy.
    ///
    /// `forwardHeaders` are names that are added to the built-in allow-list; a trailing `*` stands for any rest. Names
    /// of credentials, of connections and of our own controls have no effect.
    public init(forwardHeaders: some Sequence<String> = []) {
        self.allowed = HeaderNameSet(Self.forwarded + forwardHeaders)
    }

    /// The header fields of the upstream request.
    ///
    /// What the caller may send is taken over in order, the key's own fields take the place of those of the same name,
    /// and the credential comes last. An `Accept-Encoding` of the caller becomes `identity`, because usage and errors
    /// are read from the bytes; without one none is sent.
    ///
    /// - Parameters:
    ///   - caller: The fields of the caller's request.
    ///   - keyHeaders: The fields that belong to the chosen key.
    ///   - credential: The field with the key; `nil` for servers that need none.
    public func upstreamHeaders(
        from caller: HeaderFields,
        keyHeaders: [(name: String, value: String)] = [],
        credential: HeaderFields.Field? = nil
    ) -> HeaderFields {
        let named = Self.connectionOptions(caller)
        var result = HeaderFields()
        result.reserveCapacity(caller.count + keyHeaders.count + 1)
        var hasEncoding = false
        for field in caller {
            guard self.allowed.contains(field.name), !Self.neverForwarded.contains(field.name),
                named?.contains(field.name) != true
            else { continue }
            if field.name.equalsIgnoringASCIICase("accept-encoding") {
                if !hasEncoding { result.add(name: field.name, value: "identity") }
                hasEncoding = true
            } else {
                result.add(name: field.name, value: field.value)
            }
        }
        for (name, value) in keyHeaders where !Self.hopByHop.contains(name) {
            result.replace(name: name, value: value)
        }
        if let credential {
            // A key's own fields may not stand in for its secret or beside it.
            for name in ClientCredential.headerNames { result.remove(name) }
            result.add(name: credential.name, value: credential.value)
        }
        return result
    }

    /// The header fields of a provider's answer as the caller gets them, `Content-Length` and repeated ones included.
    public func callerHeaders(from upstream: HeaderFields) -> HeaderFields {
        let named = Self.connectionOptions(upstream)
        var result = HeaderFields()
        result.reserveCapacity(upstream.count + 8)
        for field in upstream where !Self.withheld.contains(field.name) && named?.contains(field.name) != true {
            let isRequestID = field.name.equalsIgnoringASCIICase("x-request-id")
            result.add(name: isRequestID ? "X-KMI-Upstream-Request-Id" : field.name, value: field.value)
        }
        return result
    }

    /// The names that `Connection` lists; `nil` where there are none, as in nearly every message.
    private static func connectionOptions(_ headers: HeaderFields) -> HeaderNameSet? {
        guard headers.contains("connection") else { return nil }
        let members = headers.listMembers("connection").filter { !$0.utf8.contains(0x2A) }
        return members.isEmpty ? nil : HeaderNameSet(members.map(String.init))
    }
}
