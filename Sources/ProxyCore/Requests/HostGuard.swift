/// Lets requests through whose `Host` is a configured name or a loopback address, so that a foreign name that was made
/// to resolve to this machine is refused (DNS rebinding, T-006).
public struct HostGuard: Sendable {
    /// A host without its port: a numeric address by value, a name in lower case without its trailing dot.
    private enum Host: Hashable, Sendable {
        case address(NumericAddress)
        case name(String)
    }

    private let allowed: Set<Host>

    /// Makes a guard for the hosts of the setting `allowed_hosts`.
    ///
    /// Ports there are ignored, as those of requests are; IPv6 may stand with or without brackets. Entries that are no
    /// hosts let nothing through.
    public init(allowedHosts: some Sequence<String>) {
        self.allowed = Set(
            allowedHosts.compactMap { entry in
                NumericAddress(entry).map { Host.address($0) } ?? Self.parse(entry)
            })
    }

    /// Checks the `Host` lines of a request.
    ///
    /// Not to be asked on Unix sockets.
    ///
    /// None or two are `invalid_request`; one that is not allowed, or that is no `host[:port]`, is `forbidden`.
    public func check(_ headers: HeaderFields) throws(ProxyFault) {
        let lines = headers.all("host")
        guard lines.count == 1, let line = lines.first else {
            throw ProxyFault(.invalidRequest, message: "The request needs exactly one Host line.")
        }
        guard self.allows(line) else {
            throw ProxyFault(.forbidden, message: "The Host of the request is not allowed.")
        }
    }

    /// Whether a `Host` value is allowed.
    public func allows(_ value: String) -> Bool {
        guard let host = Self.parse(value) else { return false }
        if case .address(let address) = host, address.isLoopback { return true }
        return self.allowed.contains(host)
    }

    /// Reads `host[:port]` (RFC 9110 §7.2); `nil` if it is none.
    private static func parse(_ value: String) -> Host? {
        let bytes = Array(value.utf8)[...]
        guard bytes.count <= 320, let first = bytes.first else { return nil }
        if first == 0x5B {
            guard let close = bytes.firstIndex(of: 0x5D), self.isPort(bytes[(close + 1)...]),
                bytes[..<close].contains(0x3A),
                let address = NumericAddress(String(decoding: bytes[1..<close], as: UTF8.self))
            else { return nil }
            return .address(address)
        }
        var name = bytes.prefix { $0 != 0x3A }
        guard self.isPort(bytes[name.endIndex...]) else { return nil }
        if name.last == 0x2E { name.removeLast() }
        guard !name.isEmpty, name.allSatisfy(self.isNameByte) else { return nil }
        let text = String(decoding: name.map(\.asciiLowercased), as: UTF8.self)
        return NumericAddress(text).map { .address($0) } ?? .name(text)
    }

    /// Whether the bytes are empty or a colon with a port; the port itself may be empty (RFC 3986 §3.2.3).
    private static func isPort(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let colon = bytes.first else { return true }
        let digits = bytes.dropFirst()
        guard colon == 0x3A, digits.count <= 5, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) } <= 65_535
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }
}
