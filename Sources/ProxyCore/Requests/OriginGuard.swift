/// Lets requests of web pages through whose origin is listed, and answers their preflights (T-006, WHATWG Fetch §3.3).
public struct OriginGuard: Sendable {
    /// What the `Origin` line of a request amounts to.
    public enum Verdict: Sendable, Equatable {
        /// No page is behind the request.
        case noOrigin
        /// The page's origin is listed.
        case allowed(origin: String)
    }

    private static let exposedHeaders = [
        "Retry-After", "X-Request-Id", "Request-Id", "X-KMI-Attempts", "X-KMI-Dry-Run", "X-KMI-Error", "X-KMI-Key",
        "X-KMI-Model", "X-KMI-Provider", "X-KMI-Upstream-Request-Id", "X-Should-Retry",
    ].joined(separator: ", ")

    private static let preflightMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
    private static let maximumRequestedHeaderBytes = 8_192

    private let allowed: Set<String>

    /// Makes a guard for the origins of the setting `allowed_origins`, which compare byte for byte.
    ///
    /// `*` and `null` are no origins and let nothing through.
    public init(allowedOrigins: some Sequence<String>) {
        self.allowed = Set(allowedOrigins).subtracting(["*", "null"])
    }

    /// Checks the `Origin` lines of a request: one that is not listed, `null` included, or more than one is `forbidden`.
    ///
    /// So is a request without one by which a page of another site or port embeds what it may not read: images and scripts
    /// are asked for without `Origin`, but browsers say so (`Sec-Fetch-Site`, W3C Fetch Metadata). Where a person follows a
    /// link the page that had it cannot read the answer.
    public func check(_ headers: HeaderFields) throws(ProxyFault) -> Verdict {
        let lines = headers.all("origin")
        guard let origin = lines.first else {
            let isEmbedded = headers.all("sec-fetch-site").contains { $0 != "none" && $0 != "same-origin" }
            let isFollowed =
                headers.first("sec-fetch-mode") == "navigate" && headers.first("sec-fetch-dest") == "document"
            guard !isEmbedded || isFollowed else {
                throw ProxyFault(.forbidden, message: "A page of another origin may not embed this.")
            }
            return .noOrigin
        }
        guard lines.count == 1, self.allowed.contains(origin) else {
            throw ProxyFault(.forbidden, message: "The Origin of the request is not allowed.")
        }
        return .allowed(origin: origin)
    }

    /// Whether a request with a listed origin is a preflight.
    public static func isPreflight(method: String, headers: HeaderFields) -> Bool {
        method == "OPTIONS" && headers.contains("access-control-request-method")
    }

    /// The answer to a preflight of a listed origin: 204, every method, the headers that were asked for.
    public func preflightAnswer(origin: String, request headers: HeaderFields, requestID: String) -> ResponseHead {
        var answer: HeaderFields = [
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": Self.preflightMethods,
        ]
        let requested = headers.listMembers("access-control-request-headers").filter(Self.isToken)
        let joined = requested.joined(separator: ", ")
        if !joined.isEmpty, joined.utf8.count <= Self.maximumRequestedHeaderBytes {
            answer.add(name: "Access-Control-Allow-Headers", value: joined)
        }
        if headers.first("access-control-request-private-network") == "true" {
            answer.add(name: "Access-Control-Allow-Private-Network", value: "true")
        }
        answer.add(name: "Access-Control-Max-Age", value: "600")
        answer.add(
            name: "Vary", value: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
        answer.add(name: "X-Request-Id", value: requestID)
        return ResponseHead(status: 204, headers: answer)
    }

    /// Adds to an answer what a page of a listed origin needs in order to read it.
    ///
    /// Where origins are configured, every answer says that it varies by them.
    public func decorate(_ headers: inout HeaderFields, verdict: Verdict) {
        if case .allowed(let origin) = verdict {
            headers.replace(name: "Access-Control-Allow-Origin", value: origin)
            headers.replace(name: "Access-Control-Expose-Headers", value: Self.exposedHeaders)
        }
        if !self.allowed.isEmpty, !headers.listMembers("vary").contains(where: { $0.equalsIgnoringASCIICase("origin") })
        {
            headers.add(name: "Vary", value: "Origin")
        }
    }

    private static func isToken(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
    }
}
