/// Writes JSON text piece by piece: fixed fragments as they are, strings with everything escaped that must be
/// (RFC 8259 §7).
public struct JSONWriter: Sendable {
    /// What has been written.
    public private(set) var bytes: [UInt8] = []

    /// Makes an empty writer with room for so many bytes.
    public init(reservingCapacity capacity: Int = 128) {
        self.bytes.reserveCapacity(capacity)
    }

    /// Appends a fragment of JSON as it stands.
    public mutating func raw(_ fragment: String) {
        self.bytes.append(contentsOf: fragment.utf8)
    }

    /// Appends bytes of JSON as they stand.
    public mutating func raw(_ fragment: some Sequence<UInt8>) {
        self.bytes.append(contentsOf: fragment)
    }

    /// Appends a number.
    public mutating func number(_ value: Int64) {
        self.raw(String(value))
    }

    /// Appends a string literal, quotes included.
    ///
    /// Quotation mark, backslash and all control characters, DEL too, are escaped; everything else stands as UTF-8.
    public mutating func string(_ text: some StringProtocol) {
        self.bytes.append(0x22)
        // Nearly all texts stand as they are, and are copied in one go.
        let isPlain = text.utf8.withContiguousStorageIfAvailable { bytes in
            guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C && $0 != 0x7F }) else { return false }
            self.bytes.append(contentsOf: bytes)
            return true
        }
        if isPlain ?? false { return self.bytes.append(0x22) }
        for byte in text.utf8 {
            switch byte {
            case 0x22: self.escape(0x22)
            case 0x5C: self.escape(0x5C)
            case 0x08: self.escape(0x62)
            case 0x09: self.escape(0x74)
            case 0x0A: self.escape(0x6E)
            case 0x0C: self.escape(0x66)
            case 0x0D: self.escape(0x72)
            case 0x00...0x1F, 0x7F:
                self.raw(#"\u00"#)
                self.bytes.append(byte.hexadecimalDigits.high)
                self.bytes.append(byte.hexadecimalDigits.low)
            default: self.bytes.append(byte)
            }
        }
        self.bytes.append(0x22)
    }

    /// The string literal of a text, quotes included.
    public static func literal(_ text: some StringProtocol) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: text.utf8.count + 2)
        writer.string(text)
        return writer.bytes
    }

    private mutating func escape(_ byte: UInt8) {
        self.bytes.append(0x5C)
        self.bytes.append(byte)
    }
}

extension UInt8 {
    /// The two lower-case hexadecimal digits of the byte, as ASCII.
    var hexadecimalDigits: (high: UInt8, low: UInt8) {
        func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }
        return (digit(self >> 4), digit(self & 0x0F))
    }

    /// The value of the byte as an ASCII hexadecimal digit; `nil` if it is none.
    var hexadecimalValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x37
        case 0x61...0x66: self - 0x57
        default: nil
        }
    }
}
