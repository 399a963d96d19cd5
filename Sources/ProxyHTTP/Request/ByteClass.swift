/// The classes of bytes that the grammar of HTTP/1.1 speaks of (RFC 9110 §5.5 and §5.6.2, RFC 9112 §3).
enum ByteClass {
    static let carriageReturn: UInt8 = 0x0D
    static let lineFeed: UInt8 = 0x0A
    static let space: UInt8 = 0x20
    static let tab: UInt8 = 0x09
    static let colon: UInt8 = 0x3A
    static let semicolon: UInt8 = 0x3B

    /// Whether the byte may stand in a method as it is taken here.
    ///
    /// Methods compare with regard to case (RFC 9110 §9.1), and no registered one has small letters: `trace` is nobody's
    /// method, but a provider's server might take it for `TRACE`.
    static func isMethod(_ byte: UInt8) -> Bool {
        self.isToken(byte) && !(byte >= 0x61 && byte <= 0x7A)
    }

    /// Whether the byte may stand in a token: the name of a field, for instance.
    static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
        default: false
        }
    }

    /// Whether the byte may stand in the value of a field: tab, space, visible ASCII or a byte above ASCII.
    static func isFieldValue(_ byte: UInt8) -> Bool {
        (byte >= 0x20 && byte != 0x7F) || byte == self.tab
    }

    /// Whether the byte may stand in a request target: visible ASCII but `#`, which begins a fragment and is never sent.
    static func isTarget(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != 0x23
    }

    /// The value of a hexadecimal digit.
    static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
