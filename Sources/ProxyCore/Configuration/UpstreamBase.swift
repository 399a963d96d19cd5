/// The address under which a provider speaks one dialect: an origin and the path that every request goes below.
public struct UpstreamBase: Sendable, Hashable {
    /// Scheme, host and port, or a Unix socket.
    public var origin: UpstreamOrigin
    /// The path without a trailing slash; empty for none.
    public var path: String

    /// Makes a base; a trailing slash of the path is dropped.
    public init(origin: UpstreamOrigin, path: String) {
        self.origin = origin
        var trimmed = Substring(path)
        while trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
        self.path = String(trimmed)
    }

    /// Reads `https://HOST[:PORT][/PATH]`, `http://…` for loopback, or `unix:/SOCKET[:/PATH]` (K-046).
    public init(parsing text: String) throws(ConfigurationValueError) {
        if text.hasPrefix("unix:") {
            self = try Self.unixBase(text.dropFirst("unix:".count))
            return
        }
        let isTLS = text.hasPrefixIgnoringASCIICase("https://")
        guard isTLS || text.hasPrefixIgnoringASCIICase("http://") else {
            throw ConfigurationValueError(
                "expected https://HOST/PATH, or http:// to loopback, or unix:/SOCKET[:/PATH], for servers of this machine"
            )
        }
        let rest = Substring(text).dropFirst(isTLS ? "https://".count : "http://".count)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        guard !authority.contains("@") else {
            throw ConfigurationValueError("must not hold a user name or password")
        }
        guard !rest.contains("?"), !rest.contains("#") else {
            throw ConfigurationValueError("must not have a query or fragment")
        }
        guard let parsed = HostAndPort(authority), parsed.port != 0 else {
            throw ConfigurationValueError("has no valid host and port: expected https://HOST[:PORT][/PATH]")
        }
        try Self.checkPath(rest[slash...])
        let origin = UpstreamOrigin(
            scheme: isTLS ? .https : .http,
            host: String(decoding: parsed.host.utf8.map(\.asciiLowercased), as: UTF8.self),
            port: parsed.port ?? (isTLS ? 443 : 80)
        )
        guard isTLS || origin.isOnThisMachine else {
            throw ConfigurationValueError(
                "must be https: plain http is for loopback addresses and Unix sockets only, because keys are sent there"
            )
        }
        self.init(origin: origin, path: String(rest[slash...]))
    }

    private static func unixBase(_ text: Substring) throws(ConfigurationValueError) -> UpstreamBase {
        // The socket's path ends where ":/" begins the path of the requests.
        var socket = text
        var path: Substring = ""
        for index in text.indices where text[index...].hasPrefix(":/") {
            socket = text[..<index]
            path = text[text.index(after: index)...]
            break
        }
        try ListenSpecification.checkSocketPath(String(socket))
        guard !path.contains("?"), !path.contains("#") else {
            throw ConfigurationValueError("must not have a query or fragment")
        }
        try Self.checkPath(path)
        let origin = UpstreamOrigin(scheme: .unix(path: String(socket)), host: "localhost", port: 0)
        return UpstreamBase(origin: origin, path: String(path))
    }

    private static func checkPath(_ path: Substring) throws(ConfigurationValueError) {
        guard path.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x5C }) else {
            throw ConfigurationValueError("must have a path of visible ASCII characters without '\\'")
        }
        let segments = path.split(separator: "/")
        guard !segments.contains(where: { $0 == "." || $0 == ".." || $0.contains("%") }) else {
            throw ConfigurationValueError("must have a path without '.', '..' and percent-encoding")
        }
    }
}

extension UpstreamBase: CustomStringConvertible {
    /// The base in the form that the configuration uses.
    public var description: String { "\(self.origin)\(self.separator)\(self.path)" }

    private var separator: String {
        if case .unix = self.origin.scheme, !self.path.isEmpty { return ":" }
        return ""
    }
}

extension UpstreamOrigin: CustomStringConvertible {
    /// `https://HOST[:PORT]`, `http://HOST[:PORT]` or `unix:/PATH`; the port is left out where it is the usual one.
    public var description: String {
        let name = self.host.utf8.contains(0x3A) ? "[\(self.host)]" : self.host
        return switch self.scheme {
        case .https: "https://\(name)" + (self.port == 443 ? "" : ":\(self.port)")
        case .http: "http://\(name)" + (self.port == 80 ? "" : ":\(self.port)")
        case .unix(let path): "unix:\(path)"
        }
    }

    /// Whether requests never leave the machine: a Unix socket, `localhost` or a numeric loopback address.
    public var isOnThisMachine: Bool {
        if case .unix = self.scheme { return true }
        return self.host.equalsIgnoringASCIICase("localhost") || NumericAddress(self.host)?.isLoopback == true
    }
}

/// A host of `upstream.allow_hosts`: a name that must be the same, or `*.suffix` for every name below a suffix (K-048).
public struct HostPattern: Sendable, Hashable, CustomStringConvertible {
    /// The pattern in lower case.
    public let description: String

    /// Reads a pattern.
    public init(parsing text: String) throws(ConfigurationValueError) {
        let lowered = String(decoding: text.utf8.map(\.asciiLowercased), as: UTF8.self)
        let name = lowered.hasPrefix("*.") ? lowered.dropFirst(2) : Substring(lowered)
        guard HostAndPort.isHost(name) || (NumericAddress(lowered) != nil) else {
            throw ConfigurationValueError("expected a host name without port, or \"*.suffix\"")
        }
        self.description = lowered
    }

    /// Whether the pattern stands for a host; `*.suffix` does not stand for the suffix itself.
    ///
    /// Addresses are the same however they are written; of names only the case does not count.
    public func matches(_ host: String) -> Bool {
        if let address = NumericAddress(host) { return NumericAddress(self.description) == address }
        guard self.description.hasPrefix("*.") else { return self.description.equalsIgnoringASCIICase(host) }
        let suffix = self.description.dropFirst(1)
        let lowered = String(decoding: host.utf8.map(\.asciiLowercased), as: UTF8.self)
        return lowered.utf8.count > suffix.utf8.count && lowered.hasSuffix(suffix)
    }
}
