import DBusControl

/// Where programs of this machine reach the daemon's data plane.
struct ProxyAddress: Equatable {
    /// The URL without a path: `http://127.0.0.1:7878`.
    let origin: String
    /// The host without port and brackets.
    let host: String

    /// Chooses from what the daemon tells of its listeners: loopback before everything else, and plain HTTP before TLS, whose
    /// certificate programs would have to be told of.
    ///
    /// An address that stands for all of the machine's is reached on loopback. URLs with a path are not the data plane's.
    init(listeners: [String]) throws(CommandFailure) {
        let candidates = listeners.compactMap(Candidate.init)
        let best = candidates.enumerated().min { left, right in
            (left.element.rank, left.offset) < (right.element.rank, right.offset)
        }
        guard let best else {
            let socket = listeners.first { $0.hasPrefix("unix:") }
            throw CommandFailure(
                .failed, code: "no_listener",
                socket.map { "the daemon listens on \($0) only, which SDKs cannot be pointed at" }
                    .map { $0 + ": add an address such as \"127.0.0.1:7878\" to server.listen, and restart it." }
                    ?? "the daemon tells of no address to reach it at: see server.listen in its configuration.")
        }
        self.origin = "\(best.element.isEncrypted ? "https" : "http")://\(best.element.authority)"
        self.host = best.element.host
    }

    private struct Candidate {
        var isEncrypted: Bool
        var host: String
        var port: String
        var isLoopback: Bool

        var authority: String { (self.host.contains(":") ? "[\(self.host)]" : self.host) + ":\(self.port)" }
        var rank: Int { (self.isLoopback ? 0 : 2) + (self.isEncrypted ? 1 : 0) }

        /// Reads a URL that has a host, a port and nothing else; only characters that need no quoting anywhere.
        init?(_ url: String) {
            if url.hasPrefix("http://") {
                self.isEncrypted = false
            } else if url.hasPrefix("https://") {
                self.isEncrypted = true
            } else {
                return nil
            }
            let authority = url.dropFirst(self.isEncrypted ? 8 : 7)
            guard let colon = authority.lastIndex(of: ":") else { return nil }
            var host = authority[..<colon]
            self.port = String(authority[authority.index(after: colon)...])
            guard (UInt16(self.port) ?? 0) > 0, self.port.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                return nil
            }
            if host.hasPrefix("["), host.hasSuffix("]") {
                host = host.dropFirst().dropLast()
                guard !host.isEmpty, host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return nil }
            } else {
                guard !host.isEmpty,
                    host.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ".-".contains($0)) })
                else { return nil }
            }
            switch host {
            case "0.0.0.0": self.host = "127.0.0.1"
            case "::", "0:0:0:0:0:0:0:0": self.host = "::1"
            default: self.host = String(host)
            }
            self.isLoopback = self.host == "::1" || self.host == "localhost" || self.host.hasPrefix("127.")
        }
    }
}
