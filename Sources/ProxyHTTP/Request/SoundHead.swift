import ProxyCore

/// The versions of HTTP that are spoken here.
enum HTTPVersion: Sendable, Equatable {
    case http10
    case http11
    case http2
}

/// How the length of a request's body is told (RFC 9112 §6.3).
enum BodyFraming: Sendable, Equatable {
    /// There is no body.
    case none
    /// Exactly so many bytes, at least one.
    case length(Int64)
    /// Chunks.
    case chunked
}

/// The head of a request whose framing is beyond doubt.
struct SoundHead: Sendable, Equatable {
    /// The head as the responder gets it.
    var head: RequestHead
    /// The version of the request line.
    var version: HTTPVersion
    /// Where the body ends.
    var body: BodyFraming
    /// Whether the caller lets the connection live on after the answer.
    var keepAlive: Bool
    /// Whether the caller waits for `100 Continue` before it sends the body.
    var expectsContinue: Bool
}

/// Why a head is not served.
struct HeadRefusal: Error, Equatable {
    /// What the caller is told.
    var reason: ListenerRefusal
    /// The head, if it was complete.
    var head: RequestHead?
}

extension SoundHead {
    /// Judges the framing of a complete head, then its method, target and `Upgrade`, in this order.
    ///
    /// Stricter than RFC 9112 §6 wherever two readers of one request could come to different ends of it: a repeated
    /// `Content-Length` is refused even if the values agree, `Transfer-Encoding` is `chunked` or refused, and never
    /// stands beside `Content-Length` or in HTTP/1.0. The names of both with an underscore, which gateways of the CGI
    /// kind take for the same field, are refused as well. `Expect` other than `100-continue` is ignored.
    init(judging head: RequestHead, version: HTTPVersion) throws(HeadRefusal) {
        var hosts = 0
        var lengths = 0
        var length: Int64?
        var codings = 0
        var isChunked = false
        var hasDisguise = false
        var hasUpgrade = false
        var hasConnection = false
        var hasExpectation = false
        for field in head.headers {
            switch field.name.utf8.count {
            case 4 where field.name.isName("host"):
                hosts += 1
            case 6 where field.name.isName("expect"):
                hasExpectation = true
            case 7 where field.name.isName("upgrade"):
                hasUpgrade = true
            case 10 where field.name.isName("connection"):
                hasConnection = true
            case 14 where field.name.isName("content-length"):
                lengths += 1
                length = Self.length(field.value)
            case 14 where field.name.isName("content_length"), 17 where field.name.isName("transfer_encoding"):
                hasDisguise = true
            case 17 where field.name.isName("transfer-encoding"):
                codings += 1
                isChunked = field.value.isName("chunked")
            default:
                break
            }
        }
        guard
            hosts == 1, lengths <= 1, codings <= 1, !hasDisguise,
            lengths == 0 || length != nil,
            codings == 0 || (isChunked && lengths == 0 && version == .http11)
        else {
            throw HeadRefusal(reason: .malformed, head: head)
        }
        // Nobody asks with a body for an answer without one, and there are servers that overlook it (RFC 9110 §9.3.2).
        guard head.method != "HEAD" || codings == 0 && length ?? 0 == 0 else {
            throw HeadRefusal(reason: .malformed, head: head)
        }
        // The target of a CONNECT is an authority, so nothing behind this point can make sense of it. Other methods are
        // for the responder to refuse, after the caller has been identified.
        guard head.method != "CONNECT" else { throw HeadRefusal(reason: .methodNotAllowed, head: head) }
        guard head.target.utf8.first == 0x2F else { throw HeadRefusal(reason: .malformed, head: head) }

        let options = hasConnection ? head.headers.listMembers("connection") : []
        let asksToClose = options.contains { $0.equalsIgnoringASCIICase("close") }
        let asksToStay = options.contains { $0.equalsIgnoringASCIICase("keep-alive") }

        self.head = head
        self.version = version
        self.keepAlive = !asksToClose && (version != .http10 || asksToStay)
        self.body =
            if codings == 1 {
                .chunked
            } else if let length, length > 0 {
                .length(length)
            } else {
                .none
            }
        self.expectsContinue =
            hasExpectation && version == .http11 && self.body != .none
            && head.headers.listMembers("expect").contains { $0.equalsIgnoringASCIICase("100-continue") }

        // RFC 9110 §7.8: an Upgrade counts only where Connection names it, and not in HTTP/1.0. `h2c` is ignored: the
        // request goes on as if the field were not there.
        guard hasUpgrade, version == .http11, options.contains(where: { $0.equalsIgnoringASCIICase("upgrade") }) else {
            return
        }
        guard head.headers.listMembers("upgrade").allSatisfy({ $0.equalsIgnoringASCIICase("h2c") }) else {
            throw HeadRefusal(reason: .upgradeRefused, head: head)
        }
        self.head.headers.remove("upgrade")
        self.head.headers.remove("http2-settings")
    }

    /// The number of a `Content-Length`: digits only (RFC 9110 §8.6), `nil` for anything else and for numbers beyond
    /// what an `Int64` holds.
    static func length(_ text: String) -> Int64? {
        var number: Int64 = 0
        guard !text.isEmpty else { return nil }
        for byte in text.utf8 {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflowToo) = product.addingReportingOverflow(Int64(byte - 0x30))
            guard !overflow, !overflowToo else { return nil }
            number = sum
        }
        return number
    }
}
