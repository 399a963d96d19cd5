import Glibc

/// The address of a provider as a key file names it, in one spelling, so that two of them can be compared.
///
/// The daemon has the last word on it; what it would refuse for certain is refused here with the reason (K-046).
struct BaseAddress: Hashable, CustomStringConvertible {
    /// What an address has to be, in words.
    static let expected = "expected https://HOST/PATH, or http:// to this machine"

    /// The address, without a slash at its end: scheme and host in lower case, the port only if it is not the usual one.
    let description: String
    /// The host in lower case, IPv6 without brackets; `localhost` for a Unix socket.
    let host: String
    /// The port; 0 for a Unix socket.
    let port: UInt16
    /// The path without a slash at its end.
    let path: String

    /// Reads an address; the error stands behind the name of what holds it.
    init(_ text: String) throws(KeyFileError) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), !text.isEmpty else {
            throw KeyFileError("", Self.expected)
        }
        if text.lowercased().hasPrefix("unix:/") {
            (self.description, self.host, self.port, self.path) = (Self.withoutSlash(text), "localhost", 0, "")
            return
        }
        guard let separator = text.firstRange(of: "://") else { throw KeyFileError("", Self.expected) }
        let scheme = text[..<separator.lowerBound].lowercased()
        guard scheme == "https" || scheme == "http" else { throw KeyFileError("", Self.expected) }
        let rest = text[separator.upperBound...]
        guard !rest.contains(where: { "?#\\".contains($0) }) else {
            throw KeyFileError("", "must not have a query or fragment: \(Self.expected)")
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        guard !authority.contains("@") else { throw KeyFileError("", "must not hold a user name or password") }
        let usual: UInt16 = scheme == "https" ? 443 : 80
        guard let (host, port) = Self.split(authority, usual: usual) else {
            throw KeyFileError("", "names no host: \(Self.expected)")
        }
        guard scheme == "https" || Self.isThisMachine(host) else {
            throw KeyFileError("", "is plain http to another machine, where everybody on the way could read the key")
        }
        let name = host.contains(":") ? "[\(host)]" : host
        let path = Self.withoutSlash(String(rest[slash...]))
        self.host = host
        self.port = port
        self.path = path
        self.description = "\(scheme)://\(name)" + (port == usual ? "" : ":\(port)") + path
    }

    private static func split(_ authority: Substring, usual: UInt16) -> (host: String, port: UInt16)? {
        var host = authority
        var port: UInt16? = usual
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let behind = authority[authority.index(after: end)...]
            if !behind.isEmpty { port = behind.hasPrefix(":") ? UInt16(behind.dropFirst()) : nil }
            guard Self.isAddress(String(host), AF_INET6) else { return nil }
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            port = UInt16(authority[authority.index(after: colon)...])
        }
        let isPlain = host.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || ".-_:".utf8.contains($0)
        }
        guard let port, port > 0, isPlain, (1...253).contains(host.utf8.count), !host.hasPrefix("."),
            !host.hasPrefix("-")
        else { return nil }
        return (host.lowercased(), port)
    }

    private static func isThisMachine(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || (host.hasPrefix("127.") && Self.isAddress(host, AF_INET))
    }

    private static func isAddress(_ text: String, _ family: CInt) -> Bool {
        var address = in6_addr()
        return inet_pton(family, text, &address) == 1
    }

    private static func withoutSlash(_ text: String) -> String {
        var text = Substring(text)
        while text.hasSuffix("/") { text = text.dropLast() }
        return String(text)
    }
}
