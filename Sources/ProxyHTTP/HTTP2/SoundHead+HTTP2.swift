import NIOHPACK
import ProxyCore

extension SoundHead {
    /// Judges the head of an HTTP/2 request (RFC 9113 §8.3), then, in the form that HTTP/1.1 would have given it, all
    /// that holds for both.
    ///
    /// `:authority` and `Host` must agree and come out as one `Host`, the first field; the crumbs of cookies are put
    /// together again (§8.2.3). Stricter than the RFC where it leaves a choice: without either of the two there is no
    /// request, and a value that holds a control character or begins or ends with white space is refused.
    ///
    /// `isComplete` says that no body follows.
    init(
        http2 block: HPACKHeaders, isComplete: Bool, maximumHeaderBytes: Int
    ) throws(HeadRefusal) {
        var reader = HTTP2FieldReader()
        for (name, value, _) in block { try reader.take(name: name, value: value) }
        let head = try reader.head()
        guard reader.bytes <= maximumHeaderBytes, block.count <= HeadParser.maximumFields else {
            throw HeadRefusal(reason: .headersTooLarge, head: head)
        }
        try self.init(judging: head, version: .http2)
        // The end of the stream is the end of the body; a length only has to agree with it, which the decoder sees to.
        if isComplete, case .length = self.body { throw HeadRefusal(reason: .malformed, head: head) }
        // As in HTTP/1.1, where only a field could announce it.
        if head.method == "HEAD", !isComplete { throw HeadRefusal(reason: .malformed, head: head) }
        self.head.hasUnannouncedBody = !isComplete && !head.headers.contains("content-length")
        let expectsContinue = head.headers.listMembers("expect").contains { $0.equalsIgnoringASCIICase("100-continue") }
        self.expectsContinue = expectsContinue && !isComplete
    }
}

/// Puts the fields of a header block together to the head of a request.
private struct HTTP2FieldReader {
    /// The size of the block as RFC 9113 §10.5.1 counts it.
    private(set) var bytes = 0

    private var method: String?
    private var scheme: String?
    private var authority: String?
    private var path: String?
    private var host: String?
    private var fields: [HeaderFields.Field] = []
    private var cookie: Int?
    private var hasSeenField = false

    mutating func take(name: String, value: String) throws(HeadRefusal) {
        self.bytes += name.utf8.count + value.utf8.count + 32
        guard
            value.utf8.allSatisfy(ByteClass.isFieldValue), !Self.isWhiteSpace(value.utf8.first),
            !Self.isWhiteSpace(value.utf8.last)
        else { throw HeadRefusal(reason: .malformed) }
        guard name.utf8.first == ByteClass.colon else { return try self.takeField(name: name, value: value) }
        guard !self.hasSeenField else { throw HeadRefusal(reason: .malformed) }
        switch name {
        case ":method": try Self.set(&self.method, value)
        case ":scheme": try Self.set(&self.scheme, value)
        case ":authority": try Self.set(&self.authority, value)
        case ":path": try Self.set(&self.path, value)
        default: throw HeadRefusal(reason: .malformed)
        }
    }

    /// The head, with its one `Host` first.
    func head() throws(HeadRefusal) -> RequestHead {
        guard
            let method = self.method, !method.isEmpty, method.utf8.count <= HeadParser.maximumMethodBytes,
            method.utf8.allSatisfy(ByteClass.isMethod),
            let host = self.authority ?? self.host, !host.isEmpty, !host.utf8.contains(0x40),
            self.host == nil || self.host?.equalsIgnoringASCIICase(host) == true
        else { throw HeadRefusal(reason: .malformed) }
        let named = HeaderFields.Field(name: "host", value: host)
        let headers = HeaderFields(fields: [named] + self.fields)
        // RFC 9113 §8.5: a CONNECT has neither of the two, and is told what HTTP/1.1 tells it.
        if method == "CONNECT", self.scheme == nil, self.path == nil {
            return RequestHead(method: method, target: host, headers: headers)
        }
        guard
            let scheme = self.scheme, scheme == "https" || scheme == "http",
            let path = self.path, !path.isEmpty, path.utf8.allSatisfy(ByteClass.isTarget)
        else { throw HeadRefusal(reason: .malformed) }
        return RequestHead(method: method, target: path, headers: headers)
    }

    private mutating func takeField(name: String, value: String) throws(HeadRefusal) {
        self.hasSeenField = true
        guard !name.isEmpty, name.utf8.allSatisfy({ ByteClass.isToken($0) && $0.asciiLowercased == $0 }) else {
            throw HeadRefusal(reason: .malformed)
        }
        switch name {
        case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "http2-settings":
            throw HeadRefusal(reason: .malformed)
        case "te":
            guard value.equalsIgnoringASCIICase("trailers") else { throw HeadRefusal(reason: .malformed) }
        case "host":
            guard self.host == nil else { throw HeadRefusal(reason: .malformed) }
            self.host = value
        case "cookie":
            guard let cookie = self.cookie else {
                self.cookie = self.fields.count
                self.fields.append(HeaderFields.Field(name: name, value: value))
                return
            }
            self.fields[cookie].value += "; " + value
        default:
            self.fields.append(HeaderFields.Field(name: name, value: value))
        }
    }

    private static func set(_ field: inout String?, _ value: String) throws(HeadRefusal) {
        guard field == nil else { throw HeadRefusal(reason: .malformed) }
        field = value
    }

    private static func isWhiteSpace(_ byte: UInt8?) -> Bool {
        byte == ByteClass.space || byte == ByteClass.tab
    }
}
