import Glibc

/// A numeric address as sixteen bytes, IPv4 in the form mapped into IPv6 (RFC 4291 section 2.5.5.2), so that a
/// connection has one form whatever the family of its sockets.
struct NetworkAddress: Hashable, Sendable {
    private static let mappedPrefix: [UInt8] = Array(repeating: 0, count: 10) + [0xFF, 0xFF]

    /// Sixteen bytes in network order.
    let bytes: [UInt8]

    /// Reads `127.0.0.1`, `::1` or `::ffff:127.0.0.1`; `nil` for anything else, addresses with a zone included.
    init?(_ text: String) {
        var version4 = in_addr()
        if inet_pton(AF_INET, text, &version4) == 1 {
            self.bytes = Self.mappedPrefix + withUnsafeBytes(of: version4) { Array($0) }
            return
        }
        var version6 = in6_addr()
        guard inet_pton(AF_INET6, text, &version6) == 1 else { return nil }
        self.bytes = withUnsafeBytes(of: version6) { Array($0) }
    }

    /// Reads 8 or 32 hexadecimal digits as `/proc/net/tcp` and `/proc/net/tcp6` have them: each word of four bytes is
    /// printed as a number of this machine.
    init?(tableText: some Collection<UInt8>) {
        guard tableText.count == 8 || tableText.count == 32 else { return nil }
        var bytes: [UInt8] = tableText.count == 8 ? Self.mappedPrefix : []
        var rest = tableText[...]
        while !rest.isEmpty {
            guard let word = UInt32(tableHexadecimal: rest.prefix(8)) else { return nil }
            bytes += withUnsafeBytes(of: word) { Array($0) }
            rest = rest.dropFirst(8)
        }
        self.bytes = bytes
    }

    /// The four bytes of an IPv4 address, `nil` for any other.
    var version4: ArraySlice<UInt8>? {
        self.bytes.starts(with: Self.mappedPrefix) ? self.bytes.suffix(4) : nil
    }
}

/// The ends of a TCP connection as the kernel's tables hold them: seen from one of them, the local one.
struct SocketEnds: Hashable, Sendable {
    /// The address of the end that is looked at.
    var localAddress: NetworkAddress
    /// Its port.
    var localPort: UInt16
    /// The address of the other end.
    var remoteAddress: NetworkAddress
    /// Its port.
    var remotePort: UInt16
}

/// Whose a socket is.
struct SocketOwner: Hashable, Sendable {
    /// The user who made it.
    var userID: UInt32
    /// Its number in the file system of sockets; 0 for a socket that no process has any more.
    var inode: UInt64
}

extension UInt32 {
    /// Reads one to eight hexadecimal digits.
    init?(tableHexadecimal text: some Collection<UInt8>) {
        guard (1...8).contains(text.count) else { return nil }
        var value: UInt32 = 0
        for byte in text {
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: value = value << 4 | UInt32(byte - 0x41 + 10)
            case 0x61...0x66: value = value << 4 | UInt32(byte - 0x61 + 10)
            default: return nil
            }
        }
        self = value
    }
}

extension UInt64 {
    /// Reads decimal digits and nothing else; `nil` if there is none or the number is too large.
    init?(tableDecimal text: some Collection<UInt8>) {
        guard !text.isEmpty else { return nil }
        var value: UInt64 = 0
        for byte in text {
            guard (0x30...0x39).contains(byte) else { return nil }
            let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, isOver) = product.addingReportingOverflow(UInt64(byte - 0x30))
            guard !isTooLarge, !isOver else { return nil }
            value = sum
        }
        self = value
    }
}
