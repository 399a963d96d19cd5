import Glibc

/// An IPv4 or IPv6 address in numbers.
///
/// An IPv4 address inside an IPv6 one (`::ffff:127.0.0.1`) counts as the former.
public struct NumericAddress: Sendable, Hashable {
    /// The bytes in network order: four or sixteen.
    public let bytes: [UInt8]

    /// Reads a numeric address, IPv6 without brackets and without a zone; `nil` for anything else, names included.
    public init?(_ text: String) {
        guard text.utf8.count <= 64, !text.utf8.contains(0) else { return nil }
        var buffer = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &buffer) == 1 {
            self.bytes = Array(buffer[..<4])
        } else if inet_pton(AF_INET6, text, &buffer) == 1 {
            let mapped = buffer[..<10].allSatisfy { $0 == 0 } && buffer[10] == 0xFF && buffer[11] == 0xFF
            self.bytes = mapped ? Array(buffer[12...]) : buffer
        } else {
            return nil
        }
    }

    /// Whether the address never leaves the machine: `127.0.0.0/8` or `::1`.
    public var isLoopback: Bool {
        self.bytes.count == 4 ? self.bytes[0] == 127 : self.bytes == [UInt8](repeating: 0, count: 15) + [1]
    }
}

extension NumericAddress: CustomStringConvertible {
    /// The address as `inet_ntop(3)` writes it, IPv6 without brackets.
    public var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = self.bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, self.bytes, &text, socklen_t(text.count)) != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A block of addresses in CIDR notation, such as `10.0.0.0/8` or `fd00::/8`; a bare address is a block of one.
public struct AddressBlock: Sendable, Hashable, CustomStringConvertible {
    /// The address before the slash.
    public let address: NumericAddress
    /// How many leading bits an address must share.
    public let prefixLength: Int
    /// The block as it was written.
    public let description: String

    /// Reads a block.
    public init(parsing text: String) throws(ConfigurationValueError) {
        let expected = "expected a CIDR block such as \"10.0.0.0/8\" or \"fd00::/8\""
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = NumericAddress(String(parts.first ?? "")) else { throw ConfigurationValueError(expected) }
        let width = address.bytes.count * 8
        var length = width
        if parts.count == 2 {
            guard !parts[1].hasPrefix("+"), let number = Int(parts[1]), (0...width).contains(number) else {
                throw ConfigurationValueError("\(expected); the prefix length is 0 to \(width)")
            }
            length = number
        }
        self.address = address
        self.prefixLength = length
        self.description = text
    }

    /// Whether the block holds an address.
    public func contains(_ other: NumericAddress) -> Bool {
        guard other.bytes.count == self.address.bytes.count else { return false }
        let whole = self.prefixLength / 8
        guard other.bytes[..<whole] == self.address.bytes[..<whole] else { return false }
        let rest = self.prefixLength % 8
        guard rest > 0 else { return true }
        return (other.bytes[whole] ^ self.address.bytes[whole]) >> (8 - rest) == 0
    }
}
