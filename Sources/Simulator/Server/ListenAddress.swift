/// Where to listen.
enum ListenAddress: Sendable, Equatable {
    /// A TCP port; 0 lets the system choose.
    case internet(host: String, port: Int)
    /// A Unix socket.
    case unix(path: String)

    /// Reads `127.0.0.1:0`, `[::1]:0` or `unix:/path`.
    init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard path.hasPrefix("/") else { return nil }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty else { return nil }
        self = .internet(host: host, port: Int(port))
    }
}
