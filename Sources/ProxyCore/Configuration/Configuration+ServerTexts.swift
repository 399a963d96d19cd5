extension Configuration.Server {
    /// Checks a host of `allowed_hosts` and brings it into the form of a `Host` field: lower case, IPv6 in brackets.
    public static func allowedHost(_ text: String) throws(ConfigurationValueError) -> String {
        if text.utf8.contains(0x3A), NumericAddress(text) != nil { return "[\(text)]" }
        guard let parsed = HostAndPort(Substring(text)), parsed.port == nil else {
            throw ConfigurationValueError("expected a host name, IPv4 address or \"[IPv6]\" without port")
        }
        let host = String(decoding: parsed.host.utf8.map(\.asciiLowercased), as: UTF8.self)
        return host.utf8.contains(0x3A) ? "[\(host)]" : host
    }

    /// Checks an origin of `allowed_origins`, which must be what browsers send (RFC 6454 §6.2, T-006).
    public static func allowedOrigin(_ text: String) throws(ConfigurationValueError) -> String {
        guard !text.contains("*") else {
            throw ConfigurationValueError("\"*\" is refused, because any page could then call: list exact origins")
        }
        guard text != "null" else {
            throw ConfigurationValueError("\"null\" is refused, because any sandboxed page sends it")
        }
        guard let separator = Self.schemeEnd(of: text) else {
            throw ConfigurationValueError("expected an exact origin such as \"https://app.example\", without path")
        }
        let scheme = text[..<separator]
        let authority = text[separator...].dropFirst(3)
        guard !authority.isEmpty, authority.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !authority.contains(where: { "/?#@".contains($0) })
        else {
            throw ConfigurationValueError(
                "expected an exact origin such as \"https://app.example\", without path and trailing slash")
        }
        guard text.utf8.allSatisfy({ $0 == $0.asciiLowercased }) else {
            throw ConfigurationValueError("must be in lower case, as browsers send it")
        }
        if scheme == "http" || scheme == "https" {
            guard let parsed = HostAndPort(authority) else {
                throw ConfigurationValueError("has no valid host and port")
            }
            guard parsed.port != (scheme == "http" ? 80 : 443) else {
                throw ConfigurationValueError("must not name the scheme's own port, which browsers leave out")
            }
        }
        return text
    }

    /// Checks `base_path` and drops its trailing slash (X-064).
    ///
    /// The empty text and `/` stay as they are.
    public static func basePath(_ text: String) throws(ConfigurationValueError) -> String {
        guard !text.isEmpty, text != "/" else { return text }
        var path = Substring(text)
        if path.hasSuffix("/") { path = path.dropLast() }
        guard path.hasPrefix("/"), path.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !path.contains(where: { "?#;%\\".contains($0) })
        else {
            throw ConfigurationValueError("expected a path such as \"/kmi-rotor/v1\", \"/\", or \"\" to turn it off")
        }
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard !segments.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else {
            throw ConfigurationValueError("must not have empty segments, '.' or '..'")
        }
        return String(path)
    }

    /// The index of `://` behind a scheme of RFC 3986 §3.1.
    private static func schemeEnd(of text: String) -> String.Index? {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://"), let first = text.utf8.first,
            (0x61...0x7A).contains(first.asciiLowercased)
        else { return nil }
        let isScheme = text[..<colon].utf8.allSatisfy {
            (0x61...0x7A).contains($0.asciiLowercased) || (0x30...0x39).contains($0) || "+-.".utf8.contains($0)
        }
        return isScheme ? colon : nil
    }
}
