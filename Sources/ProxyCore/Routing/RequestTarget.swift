/// A request target in origin form (RFC 9112 §3.2.1), taken apart but otherwise byte for byte as it came.
public struct RequestTarget: Sendable, Hashable {
    /// The path, its leading slash included.
    public let path: String
    /// What follows the first `?`; `nil` without one, empty after a bare one.
    public let query: String?

    /// The query with its question mark as it is appended to a path; empty without a query.
    public var querySuffix: String {
        self.query.map { "?" + $0 } ?? ""
    }

    /// Takes a raw target apart.
    ///
    /// Refused as `invalid_request`: a target not in origin form, `#`, bytes outside 0x21–0x7E, and a path with a
    /// segment that is `.` or `..` once `%2e`, `%2f` and `%5c` are decoded. Slash and backslash both end a segment
    /// then, as they do for some servers. Nothing else is decoded, so doubly encoded dots stay what they are.
    public init(parsing raw: String) throws(ProxyFault) {
        guard raw.utf8.first == 0x2F else {
            throw ProxyFault(.invalidRequest, message: "The request target is not in origin form.")
        }
        for byte in raw.utf8 where byte < 0x21 || byte > 0x7E || byte == 0x23 {
            throw ProxyFault(.invalidRequest, message: "The request target holds a byte that is not allowed there.")
        }
        let path: Substring
        if let mark = raw.utf8.firstIndex(of: 0x3F) {
            path = raw[..<mark]
            self.query = String(raw[raw.utf8.index(after: mark)...])
        } else {
            path = raw[...]
            self.query = nil
        }
        guard !Self.hasDotSegment(path.utf8, withoutParameters: false) else {
            throw ProxyFault(.invalidRequest, message: "The request target holds a dot segment.")
        }
        self.path = String(path)
    }

    /// Whether a segment of a path is one of dots, once what the initializer names is decoded.
    ///
    /// - Parameter withoutParameters: What follows a `;`, plain or as `%3b`, is no part of a segment then, as it is not
    ///   for servers that cut such parameters off before they make sense of dots.
    static func hasDotSegment(_ path: Substring.UTF8View, withoutParameters: Bool) -> Bool {
        // A segment is one of dots only while it has neither another byte nor more than two dots.
        var dots = 0
        var hasOther = false
        var isParameter = false
        var position = path.startIndex
        while position < path.endIndex {
            var byte = path[position]
            path.formIndex(after: &position)
            if byte == 0x25, let decoded = self.decodedMark(path[position...]) {
                byte = decoded
                path.formIndex(&position, offsetBy: 2)
            }
            switch byte {
            case 0x2F, 0x5C:
                if !hasOther, dots == 1 || dots == 2 { return true }
                dots = 0
                hasOther = false
                isParameter = false
            case _ where isParameter: break
            case 0x3B where withoutParameters: isParameter = true
            case 0x2E: dots += 1
            default: hasOther = true
            }
        }
        return !hasOther && (dots == 1 || dots == 2)
    }

    /// What `2e`, `2f`, `5c` or `3b` after a percent sign stand for; `nil` for anything else.
    private static func decodedMark(_ rest: Substring.UTF8View) -> UInt8? {
        guard let high = rest.first, let low = rest.dropFirst().first else { return nil }
        switch (high, low.asciiLowercased) {
        case (0x32, 0x65): return 0x2E
        case (0x32, 0x66): return 0x2F
        case (0x35, 0x63): return 0x5C
        case (0x33, 0x62): return 0x3B
        default: return nil
        }
    }
}
