import NIOCore
import ProxyCore

/// A request as libcurl needs it: everything checked that libcurl would send without looking at it.
struct RequestLines: Equatable {
    /// Why a request is not sent.
    struct Refusal: Error, Equatable {
        /// What is wrong, without any of the request's own text.
        var reason: String
    }

    /// The address of the origin alone; the target goes beside it, so that libcurl never rewrites it.
    let url: String
    /// `http` or `https`.
    let scheme: String
    /// The socket's path of a Unix origin.
    let socketPath: String?
    /// The method.
    let method: String
    /// Path and query.
    let target: String
    /// Header lines in libcurl's notation, each ended by a NUL.
    let headerLines: [UInt8]
    /// The length of the body, `nil` without one.
    let bodyLength: Int64?
    /// The pins of the origin in libcurl's notation, `nil` for none.
    let pins: String?

    /// Fields that only the transport sets.
    private static let ownFields = ["host", "content-length", "transfer-encoding", "connection", "expect"]

    /// Checks a request and takes it apart.
    init(_ request: UpstreamRequest) throws(Refusal) {
        guard !request.method.isEmpty, request.method.utf8.allSatisfy(\.isTokenCharacter) else {
            throw Refusal(reason: "method is no token")
        }
        guard !request.target.isEmpty, request.target.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Refusal(reason: "target is empty or has bytes outside 0x21 to 0x7E")
        }
        switch request.body {
        case .none: self.bodyLength = nil
        case .length(let length) where length >= 0: self.bodyLength = length
        case .length: throw Refusal(reason: "negative body length")
        case .bytes(let bytes): self.bodyLength = Int64(bytes.readableBytes)
        }
        guard request.method != "HEAD" || self.bodyLength ?? 0 == 0 else { throw Refusal(reason: "HEAD with a body") }
        self.method = request.method
        self.target = request.target
        (self.scheme, self.socketPath) =
            switch request.origin.scheme {
            case .https: ("https", nil)
            case .http: ("http", nil)
            case .unix(let path): ("http", path)
            }
        if let path = self.socketPath {
            guard !path.isEmpty, !path.utf8.contains(0) else { throw Refusal(reason: "malformed socket path") }
        }
        // libcurl would take anything else for the name of a file.
        guard request.pins.allSatisfy(Self.isPin) else { throw Refusal(reason: "malformed pin") }
        self.pins = request.pins.isEmpty ? nil : Self.list(request.pins)
        self.url = try Self.url(of: request.origin, scheme: self.scheme)
        let isWhole = if case .bytes = request.body { true } else { false }
        self.headerLines = try Self.headerLines(of: request.headers, isWhole: isWhole)
    }

    /// `sha256//` and the 32 bytes of a digest in Base64.
    private static func isPin(_ text: String) -> Bool {
        guard text.utf8.count == 8 + 44, text.hasPrefix("sha256//"), text.hasSuffix("=") else { return false }
        return text.dropFirst(8).dropLast().utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2F: true
            default: false
            }
        }
    }

    /// The pins, and one that nothing matches because it is no digest, but tells capitals from small letters: libcurl 7.88
    /// takes a connection that was made under other pins for the right one if they differ in nothing else.
    private static func list(_ pins: [String]) -> String {
        let text = pins.joined(separator: ";")
        let capitals = text.utf8.map { (0x41...0x5A).contains($0) ? "1" : "0" }.joined()
        return "\(text);sha256//\(capitals)"
    }

    private static func url(of origin: UpstreamOrigin, scheme: String) throws(Refusal) -> String {
        let host = origin.host
        guard !host.isEmpty, host.utf8.allSatisfy({ $0.isHostCharacter || $0 == 0x3A }) else {
            throw Refusal(reason: "malformed host")
        }
        let authority = host.utf8.contains(0x3A) ? "[\(host)]" : host
        if case .unix = origin.scheme { return "\(scheme)://\(authority)/" }
        guard origin.port != 0 else { throw Refusal(reason: "port 0") }
        return "\(scheme)://\(authority):\(origin.port)/"
    }

    private static func headerLines(of headers: HeaderFields, isWhole: Bool) throws(Refusal) -> [UInt8] {
        var lines: [UInt8] = []
        lines.reserveCapacity(512)
        var (hasAccept, hasType) = (false, false)
        for field in headers {
            let name = lines.count
            lines.append(contentsOf: field.name.utf8)
            guard lines.count > name, lines[name...].allSatisfy(\.isTokenCharacter) else {
                throw Refusal(reason: "header name is no token")
            }
            if self.ownFields.contains(where: { $0.equalsIgnoringASCIICase(field.name) }) {
                throw Refusal(reason: "header field that belongs to the transport")
            }
            if field.name.equalsIgnoringASCIICase("accept") { hasAccept = true }
            if field.name.equalsIgnoringASCIICase("content-type") { hasType = true }
            let colon = lines.count
            lines.append(contentsOf: [0x3A, 0x20])
            let value = lines.count
            lines.append(contentsOf: field.value.utf8)
            guard lines[value...].allSatisfy({ $0 != 0x0D && $0 != 0x0A && $0 != 0 }) else {
                throw Refusal(reason: "line end or NUL in a header value")
            }
            // libcurl takes `Name:` as the order to leave its own field out; `Name;` is how an empty one is sent.
            if lines[value...].allSatisfy({ $0 == 0x20 || (0x09...0x0D).contains($0) }) {
                lines.replaceSubrange(colon..., with: [0x3B])
            }
            lines.append(0)
        }
        // What libcurl would add of its own: `Accept: */*`, `Expect: 100-continue` on bodies over 1 MiB, and the type of
        // a form to a whole body.
        if !hasAccept { lines.append(contentsOf: "Accept:\0".utf8) }
        if isWhole, !hasType { lines.append(contentsOf: "Content-Type:\0".utf8) }
        lines.append(contentsOf: "Expect:\0".utf8)
        return lines
    }
}

extension UInt8 {
    /// Whether the byte may stand in a host name or an IPv4 address as we allow them.
    fileprivate var isHostCharacter: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }
}
