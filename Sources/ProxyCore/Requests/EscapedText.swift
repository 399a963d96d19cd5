/// A text with some layers of JSON escapes resolved, which knows where each of its bytes comes from.
struct EscapedText: Sendable {
    /// The bytes.
    private(set) var bytes: [UInt8]
    /// Where in the original text each of them begins and ends; `nil` for the original itself.
    private var origins: [Range<Int>]?

    /// The original text.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    private init(count: Int) {
        self.bytes = []
        self.origins = []
        self.bytes.reserveCapacity(count)
        self.origins?.reserveCapacity(count)
    }

    /// The part of the original text that a range, which is not empty, comes from.
    func origin(of range: Range<Int>) -> Range<Int> {
        guard let origins = self.origins, !range.isEmpty else { return range }
        return origins[range.lowerBound].lowerBound..<origins[range.upperBound - 1].upperBound
    }

    /// The text with one more layer of escapes (RFC 8259 section 7) resolved; `nil` if it has none.
    ///
    /// What is no escape stays as it is. At the end of a text that is cut a part of an escape is left out.
    func unescaped(isCut: Bool) -> EscapedText? {
        guard self.bytes.contains(0x5C) else { return nil }
        var result = EscapedText(count: self.bytes.count)
        var place = 0
        while place < self.bytes.count {
            let byte = self.bytes[place]
            guard byte == 0x5C else {
                result.bytes.append(byte)
                result.origins?.append(self.origin(of: place..<place + 1))
                place += 1
                continue
            }
            let (length, meaning) = self.escape(at: place, isCut: isCut)
            let origin = self.origin(of: place..<place + length)
            for byte in meaning {
                result.bytes.append(byte)
                result.origins?.append(origin)
            }
            place += length
        }
        return result
    }

    /// How many bytes the escape that begins here takes, and what it means.
    private func escape(at place: Int, isCut: Bool) -> (Int, [UInt8]) {
        guard place + 1 < self.bytes.count else { return (1, isCut ? [] : [0x5C]) }
        let letter = self.bytes[place + 1]
        switch letter {
        case 0x22, 0x27, 0x2F, 0x5C: return (2, [letter])
        case 0x62: return (2, [0x08])
        case 0x66: return (2, [0x0C])
        case 0x6E: return (2, [0x0A])
        case 0x72: return (2, [0x0D])
        case 0x74: return (2, [0x09])
        case 0x75: return self.unicodeEscape(at: place, isCut: isCut)
        default: return (1, [0x5C])
        }
    }

    private func unicodeEscape(at place: Int, isCut: Bool) -> (Int, [UInt8]) {
        guard let unit = self.unit(at: place) else {
            let isUnfinished = isCut && self.bytes.count - place < 6
            return isUnfinished ? (self.bytes.count - place, []) : (1, [0x5C])
        }
        if let scalar = Unicode.Scalar(unit) { return (6, Array(String(Character(scalar)).utf8)) }
        guard unit < 0xDC00, let second = self.unit(at: place + 6), (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (second - 0xDC00))
        else { return (6, [0xEF, 0xBF, 0xBD]) }
        return (12, Array(String(Character(scalar)).utf8))
    }

    /// The number that `\u` and four digits stand for.
    private func unit(at place: Int) -> UInt32? {
        guard place + 6 <= self.bytes.count, self.bytes[place] == 0x5C, self.bytes[place + 1] == 0x75 else {
            return nil
        }
        var value: UInt32 = 0
        for byte in self.bytes[place + 2..<place + 6] {
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
            case 0x41...0x46, 0x61...0x66: value = value << 4 | (UInt32(byte & 0x0F) + 9)
            default: return nil
            }
        }
        return value
    }
}
