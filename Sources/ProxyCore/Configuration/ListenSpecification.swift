/// Where the daemon listens: a TCP address or the path of a Unix socket.
public struct ListenSpecification: Sendable, Hashable {
    /// Whether callers speak TLS there.
    public enum Scheme: Sendable, Hashable {
        /// `http://`: plain, on loopback only.
        case plain
        /// `https://`: TLS.
        case tls
        /// No scheme: TLS if a certificate is set, else plain.
        case automatic
    }

    /// The place itself.
    public enum Address: Sendable, Hashable {
        /// Host name or numeric address, IPv6 without brackets; port 0 lets the kernel choose.
        case tcp(host: String, port: UInt16)
        /// The absolute path of a Unix socket.
        case unix(path: String)
    }

    /// Whether callers speak TLS there.
    public var scheme: Scheme
    /// The place itself.
    public var address: Address

    /// Makes a specification.
    public init(scheme: Scheme = .automatic, address: Address) {
        self.scheme = scheme
        self.address = address
    }

    /// Reads `HOST:PORT`, `[IPV6]:PORT`, either with `http://` or `https://` before it, or `unix:/PATH`.
    public init(parsing text: String) throws(ConfigurationValueError) {
        let expected =
            "expected \"127.0.0.1:7878\", \"[::1]:7878\", either with http:// or https:// before it, or \"unix:/path\""
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst("unix:".count))
            try Self.checkSocketPath(path)
            self.init(address: .unix(path: path))
            return
        }
        var rest = Substring(text)
        var scheme = Scheme.automatic
        if rest.hasPrefixIgnoringASCIICase("http://") {
            scheme = .plain
            rest = rest.dropFirst("http://".count)
        } else if rest.hasPrefixIgnoringASCIICase("https://") {
            scheme = .tls
            rest = rest.dropFirst("https://".count)
        }
        guard let authority = HostAndPort(rest), let port = authority.port else {
            throw ConfigurationValueError(expected)
        }
        self.init(scheme: scheme, address: .tcp(host: authority.host, port: port))
    }

    /// Refuses what cannot be the path of a socket: it must be absolute and fit `sun_path` (107 bytes).
    public static func checkSocketPath(_ path: String) throws(ConfigurationValueError) {
        guard path.hasPrefix("/"), !path.hasSuffix("/"), !path.utf8.contains(0) else {
            throw ConfigurationValueError(
                "expected the absolute path of a socket, such as \"unix:/run/kmi/proxy.sock\"")
        }
        guard path.utf8.count <= 107 else {
            throw ConfigurationValueError("has \(path.utf8.count) bytes: the path of a socket has at most 107")
        }
    }

    /// Whether only this machine reaches it: a Unix socket, `localhost`, or a numeric loopback address.
    ///
    /// Other names are not looked up and count as reachable from elsewhere.
    public var isLocal: Bool {
        switch self.address {
        case .unix: true
        case .tcp(let host, _):
            host.equalsIgnoringASCIICase("localhost") || NumericAddress(host)?.isLoopback == true
        }
    }
}

extension ListenSpecification: CustomStringConvertible {
    /// The specification in the form that the configuration uses.
    public var description: String {
        switch self.address {
        case .unix(let path): return "unix:\(path)"
        case .tcp(let host, let port):
            let prefix =
                switch self.scheme {
                case .plain: "http://"
                case .tls: "https://"
                case .automatic: ""
                }
            return prefix + (host.utf8.contains(0x3A) ? "[\(host)]:\(port)" : "\(host):\(port)")
        }
    }
}

/// `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`.
struct HostAndPort: Equatable {
    let host: String
    let port: UInt16?

    init?(_ text: Substring) {
        var portText: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let inner = String(text[text.index(after: text.startIndex)..<end])
            guard inner.utf8.contains(0x3A), NumericAddress(inner) != nil else { return nil }
            self.host = inner
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            portText = rest.isEmpty ? nil : rest.dropFirst()
        } else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2, let name = parts.first, Self.isHost(name) else { return nil }
            self.host = String(name)
            portText = parts.count == 2 ? parts[1] : nil
        }
        guard let portText else {
            self.port = nil
            return
        }
        guard portText.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(portText) else { return nil }
        self.port = port
    }

    /// Whether a text is a host name of RFC 1123 or an IPv4 address; what looks like numbers must be an address.
    static func isHost(_ text: Substring) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        if text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }) {
            return NumericAddress(String(text)) != nil
        }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        // Resolvers take `0x7f.1` and `127.0x1` for addresses too (inet_aton), which no list of hosts would tell.
        if let last = labels.last, last.utf8.first.map({ (0x30...0x39).contains($0) }) ?? false,
            last.utf8.allSatisfy({ (0x30...0x39).contains($0) }) || last.lowercased().hasPrefix("0x")
        {
            return false
        }
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.utf8.first != 0x2D && label.utf8.last != 0x2D
                && label.utf8.allSatisfy {
                    (0x30...0x39).contains($0) || (0x61...0x7A).contains($0.asciiLowercased) || $0 == 0x2D || $0 == 0x5F
                }
        }
    }
}
