/// What the setting `routes` of a client names: a path as callers send it, or all that lies below one (L-011).
///
/// `/v1/messages` is that path and no other; `/v1/messages/*` is everything below it and not the path itself; `/*` is
/// everything. Paths compare byte for byte with what the caller sent, without the query: another spelling of an allowed
/// path is not allowed, and neither is the same endpoint at another mount (`/p/…`, `base_path`) unless that is listed.
public enum RoutePattern {
    /// What a pattern has to be, in words.
    public static let rule = "a path such as \"/v1/chat/completions\", or \"/v1/*\" for all below one"

    /// Whether a text is a pattern: 1 to 1,024 visible ASCII characters that begin with a slash, without `?` and `#`, and
    /// with `*` as the last segment only.
    public static func isValid(_ text: String) -> Bool {
        let bytes = text.utf8
        guard (1...1_024).contains(bytes.count), bytes.first == 0x2F,
            bytes.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x3F && $0 != 0x23 })
        else { return false }
        return text.hasSuffix("/*") ? !bytes.dropLast().contains(0x2A) : !bytes.contains(0x2A)
    }

    /// Whether a pattern covers a path.
    public static func covers(_ pattern: String, path: String) -> Bool {
        guard pattern.utf8.last == 0x2A else { return pattern.utf8.elementsEqual(path.utf8) }
        let prefix = pattern.utf8.dropLast()
        guard path.utf8.starts(with: prefix), path.utf8.count > prefix.count else { return false }
        // There are servers for which `..;x` leads upwards, and `..%3Bx` too.
        return !RequestTarget.hasDotSegment(path[...].utf8, withoutParameters: true)
    }
}
