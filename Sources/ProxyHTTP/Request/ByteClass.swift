import ProxyCore

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

    /// The bytes of a token below 64 and from there to 127, a bit for each.
    private static let lowTokens: UInt64 = 0x03FF_6CFA_0000_0000
    private static let highTokens: UInt64 = 0x57FF_FFFF_C7FF_FFFE

    /// Whether the byte may stand in a token: the name of a field, for instance.
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        guard byte < 0x80 else { return false }
        return ((byte < 0x40 ? self.lowTokens : self.highTokens) >> UInt64(byte & 0x3F)) & 1 != 0
    }

    /// Whether the bytes are a token.
    static func isToken(_ bytes: UnsafeRawBufferPointer) -> Bool {
        for byte in bytes where !self.isToken(byte) { return false }
        return !bytes.isEmpty
    }

    /// Whether the byte may stand in the value of a field: tab, space, visible ASCII or a byte above ASCII.
    @inline(__always)
    static func isFieldValue(_ byte: UInt8) -> Bool {
        (byte >= 0x20 && byte != 0x7F) || byte == self.tab
    }

    /// Whether the bytes may be the value of a field.
    ///
    /// Eight are looked at at once: of those below 0x20 and of 0x7F the highest bit stays behind (Warren, "Hacker's Delight",
    /// 6-1), and only such a tab is looked at again.
    static func isFieldValue(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var index = 0
        while index + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let deletes = word ^ (ones &* 0x7F)
            let marks = ((word &- ones &* 0x20) & ~word | (deletes &- ones) & ~deletes) & (ones &* 0x80)
            if marks != 0 {
                for byte in bytes[index..<(index + 8)] where !self.isFieldValue(byte) { return false }
            }
            index += 8
        }
        while index < bytes.count {
            guard self.isFieldValue(bytes[index]) else { return false }
            index += 1
        }
        return true
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

extension String {
    /// Gives the bytes of the text, without a copy.
    @inline(__always)
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        var text = self
        return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }

    /// Whether the text is that name, but for the case of ASCII letters; `name` is in small letters.
    @inline(__always)
    func isName(_ name: StaticString) -> Bool {
        guard self.utf8.count == name.utf8CodeUnitCount else { return false }
        return self.withBytes { bytes in
            for index in 0..<bytes.count where bytes[index].asciiLowercased != name.utf8Start[index] { return false }
            return true
        }
    }
}
