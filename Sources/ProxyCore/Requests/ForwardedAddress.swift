/// Finds the address that a request was first sent from behind proxies that are trusted (L-005).
///
/// `Forwarded` (RFC 7239) and `X-Forwarded-For` name the addresses that a request passed, each proxy adding the one that
/// it was called from at the right end. Whatever stands left of what a trusted proxy wrote may be an invention of the
/// caller, so the lists are read from right to left, and only as long as the address reached so far is a trusted proxy.
/// An element that names no address (`unknown`, a name in disguise, anything malformed) ends the walk: the last address
/// that a trusted proxy vouched for counts.
///
/// A proxy writes one of the two fields and passes the other one on as the caller made it up. Where both are there they
/// count only if they lead to the same address; otherwise neither is believed, and the peer's own address counts. Which of
/// the two the proxy wrote cannot be told, and the other one would let a caller choose its address; counted as the proxy it
/// shares the proxy's limits with whoever does the same.
public enum ForwardedAddress {
    /// At most so many elements of each list are looked at; beyond that nobody is believed any more.
    public static let maximumElements = 64
    /// Of fields longer than this together nothing is read.
    public static let maximumLength = 8_192

    /// The address that a request comes from.
    ///
    /// - Parameters:
    ///   - headers: The fields of the request.
    ///   - peer: The address at the other end of the connection.
    ///   - proxies: Whom to believe.
    public static func origin(
        of headers: HeaderFields, from peer: NumericAddress, trusting proxies: [AddressBlock]
    ) -> NumericAddress {
        guard proxies.contains(where: { $0.contains(peer) }) else { return peer }
        let forwarded = headers.all("forwarded")
        let addresses = headers.all("x-forwarded-for")
        switch (forwarded.isEmpty, addresses.isEmpty) {
        case (true, true):
            return peer
        case (false, true):
            return self.walk(self.forwardedNodes(forwarded), from: peer, trusting: proxies)
        case (true, false):
            return self.walk(self.addressNodes(addresses), from: peer, trusting: proxies)
        case (false, false):
            let one = self.walk(self.forwardedNodes(forwarded), from: peer, trusting: proxies)
            let other = self.walk(self.addressNodes(addresses), from: peer, trusting: proxies)
            return one == other ? one : peer
        }
    }

    /// Goes from the right to the left; `nil` among the nodes is one that names no address.
    private static func walk(
        _ nodes: [NumericAddress?], from peer: NumericAddress, trusting proxies: [AddressBlock]
    ) -> NumericAddress {
        var present = peer
        for node in nodes.reversed().prefix(self.maximumElements) {
            guard let node else { return present }
            present = node
            guard proxies.contains(where: { $0.contains(node) }) else { return present }
        }
        return present
    }

    /// All lines of a field as one list; `nil` if it is too long.
    private static func joined(_ lines: [String]) -> [UInt8]? {
        guard lines.reduce(0, { $0 + $1.utf8.count + 1 }) <= self.maximumLength else { return nil }
        return Array(lines.joined(separator: ",").utf8)
    }

    // MARK: X-Forwarded-For

    private static func addressNodes(_ lines: [String]) -> [NumericAddress?] {
        guard let list = self.joined(lines) else { return [nil] }
        return list.split(separator: 0x2C).map { self.trimmed($0) }.filter { !$0.isEmpty }.map { element in
            // IPv6 stands there with and without brackets; with them a port may follow.
            if element.first == 0x5B || element.count(where: { $0 == 0x3A }) < 2 {
                return self.address(ofNode: element)
            }
            return NumericAddress(String(decoding: element, as: UTF8.self))
        }
    }

    // MARK: Forwarded

    private static func forwardedNodes(_ lines: [String]) -> [NumericAddress?] {
        guard let list = self.joined(lines) else { return [nil] }
        return self.elements(list).map { self.node(ofElement: $0) }
    }

    /// The elements of a list in which commas may stand in quoted strings; an element whose quotes are not closed reaches
    /// to the end.
    private static func elements(_ list: [UInt8]) -> [ArraySlice<UInt8>] {
        var elements: [ArraySlice<UInt8>] = []
        var start = list.startIndex
        var isQuoted = false
        var isEscaped = false
        for (index, byte) in list.enumerated() {
            if isEscaped {
                isEscaped = false
            } else if isQuoted {
                if byte == 0x5C { isEscaped = true }
                if byte == 0x22 { isQuoted = false }
            } else if byte == 0x22 {
                isQuoted = true
            } else if byte == 0x2C {
                elements.append(list[start..<index])
                start = index + 1
            }
        }
        elements.append(list[start...])
        return elements.map { self.trimmed($0) }.filter { !$0.isEmpty }
    }

    /// The address that the parameter `for` of an element names (RFC 7239 §4); `nil` for none.
    private static func node(ofElement element: ArraySlice<UInt8>) -> NumericAddress? {
        // A value with parameters behind semicolons, of which the first place is empty.
        guard let pairs = ParameterizedValue(";" + String(decoding: element, as: UTF8.self)),
            let node = pairs["for"]
        else { return nil }
        // Many leave out the quotes that a colon or a bracket asks for; that does no harm.
        return self.address(ofNode: Array(node.utf8)[...])
    }

    /// Reads `ADDRESS[:PORT]`, IPv6 in brackets (RFC 7239 §6).
    private static func address(ofNode node: ArraySlice<UInt8>) -> NumericAddress? {
        if node.first == 0x5B {
            guard let close = node.firstIndex(of: 0x5D), self.isPort(node[(close + 1)...]) else { return nil }
            let text = node[(node.startIndex + 1)..<close]
            return text.contains(0x3A) ? NumericAddress(String(decoding: text, as: UTF8.self)) : nil
        }
        let text = node.prefix { $0 != 0x3A }
        guard self.isPort(node[text.endIndex...]) else { return nil }
        return NumericAddress(String(decoding: text, as: UTF8.self))
    }

    /// Whether the bytes are empty or a colon with a port, of which RFC 7239 allows one in disguise (`_…`).
    private static func isPort(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let colon = bytes.first else { return true }
        let port = bytes.dropFirst()
        guard colon == 0x3A, let first = port.first else { return false }
        if first == 0x5F {
            return port.count > 1
                && port.allSatisfy { byte in
                    switch byte {
                    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2E, 0x5F, 0x2D: true
                    default: false
                    }
                }
        }
        guard port.count <= 5, port.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        return port.reduce(0) { $0 * 10 + Int($1 - 0x30) } <= 65_535
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes
        while let byte = bytes.first, byte == 0x20 || byte == 0x09 { bytes.removeFirst() }
        while let byte = bytes.last, byte == 0x20 || byte == 0x09 { bytes.removeLast() }
        return bytes
    }
}
