extension JSONTopLevelScanner {
    /// A string that is being read, name or value.
    struct StringState: Sendable {
        /// The longest name that is kept: longer than every name that is looked for.
        static let maximumNameLength = 32

        /// Whether the string is the name of a member.
        private(set) var isName = false
        private var limit = 0
        private var kept: [UInt8] = []
        private var isOverLimit = false
        private var escape = Escape.none
        private var codeUnit: UInt32 = 0
        private var highSurrogate: UInt32 = 0
        /// How many bytes of a UTF-8 sequence are missing, and what the next one may be.
        private var missing = 0
        private var lowest: UInt8 = 0x80
        private var highest: UInt8 = 0xBF

        /// Where in an escape the text stands; the raw values count the hexadecimal digits that are missing.
        private enum Escape: Int, Sendable {
            case none = 0
            case lastDigit = 1
            case thirdDigit = 2
            case secondDigit = 3
            case firstDigit = 4
            case backslash = 5
        }

        /// The string without its escapes, if it was to be kept and was not too long.
        var keptBytes: [UInt8]? { self.limit > 0 && !self.isOverLimit ? self.kept : nil }
        /// The same as text.
        var keptText: String? { self.keptBytes.map { String(decoding: $0, as: UTF8.self) } }

        /// Begins behind an opening quote.
        ///
        /// `limit` is the number of bytes to keep; 0 keeps nothing.
        mutating func begin(isName: Bool, keeping limit: Int) {
            self.isName = isName
            self.limit = limit
            self.isOverLimit = false
            self.highSurrogate = 0
            if limit > 0 { self.kept.removeAll(keepingCapacity: true) }
        }

        /// Reads until the closing quote, which is taken too, or the end of the piece.
        ///
        /// Tells whether the string ended.
        mutating func read(
            _ bytes: UnsafeRawBufferPointer,
            _ index: inout Int,
            _ base: Int64
        ) throws(Fault) -> Bool {
            while index < bytes.count {
                if self.escape == .none, self.missing == 0 {
                    let start = index
                    index = Self.plainRun(bytes, from: index)
                    if self.limit > 0, index > start { self.keep(bytes[start..<index]) }
                    guard index < bytes.count else { return false }
                }
                let byte = bytes[index]
                let offset = base + Int64(index)
                index += 1
                if self.missing > 0 {
                    try self.continueSequence(byte, at: offset)
                } else if self.escape != .none {
                    try self.continueEscape(byte, at: offset)
                } else if byte == 0x22 {
                    self.endSurrogate()
                    return true
                } else if byte == 0x5C {
                    self.escape = .backslash
                } else if byte < 0x20 {
                    throw Fault(reason: .controlCharacter, offset: offset)
                } else {
                    try self.beginSequence(byte, at: offset)
                }
            }
            return false
        }

        /// The index of the next byte that is not plain: quote, backslash, control character or not ASCII.
        ///
        /// Eight bytes are looked at in one step; the borrow of each subtraction can only mark bytes above one that is
        /// rightly marked, so the lowest mark is right.
        @inline(__always)
        private static func plainRun(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
            let ones: UInt64 = 0x0101_0101_0101_0101
            let highs: UInt64 = 0x8080_8080_8080_8080
            var index = start
            while index &+ 8 <= bytes.count {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                let quote = word ^ 0x2222_2222_2222_2222
                let backslash = word ^ 0x5C5C_5C5C_5C5C_5C5C
                let marks =
                    (((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)
                        | ((word &- 0x2020_2020_2020_2020) & ~word) | word) & highs
                if marks != 0 { return index &+ marks.trailingZeroBitCount / 8 }
                index &+= 8
            }
            while index < bytes.count {
                let byte = bytes[index]
                if byte == 0x22 || byte == 0x5C || byte < 0x20 || byte >= 0x80 { return index }
                index &+= 1
            }
            return index
        }

        private mutating func keep(_ bytes: Slice<UnsafeRawBufferPointer>) {
            self.endSurrogate()
            guard self.kept.count + bytes.count <= self.limit else {
                self.isOverLimit = true
                return
            }
            self.kept.append(contentsOf: bytes)
        }

        private mutating func keep(_ byte: UInt8) {
            guard self.limit > 0 else { return }
            if self.kept.count < self.limit { self.kept.append(byte) } else { self.isOverLimit = true }
        }

        private mutating func keep(_ scalar: Unicode.Scalar) {
            for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { self.keep(byte) }
        }

        /// A high surrogate that no low one follows stands for the replacement character.
        private mutating func endSurrogate() {
            guard self.highSurrogate != 0 else { return }
            self.highSurrogate = 0
            self.keep("\u{FFFD}")
        }

        /// The first byte of a sequence of UTF-8 (RFC 3629 §4).
        private mutating func beginSequence(_ byte: UInt8, at offset: Int64) throws(Fault) {
            (self.lowest, self.highest) = (0x80, 0xBF)
            switch byte {
            case 0xC2...0xDF: self.missing = 1
            case 0xE0: (self.missing, self.lowest) = (2, 0xA0)
            case 0xED: (self.missing, self.highest) = (2, 0x9F)
            case 0xE1...0xEF: self.missing = 2
            case 0xF0: (self.missing, self.lowest) = (3, 0x90)
            case 0xF1...0xF3: self.missing = 3
            case 0xF4: (self.missing, self.highest) = (3, 0x8F)
            default: throw Fault(reason: .badUTF8, offset: offset)
            }
            self.endSurrogate()
            self.keep(byte)
        }

        private mutating func continueSequence(_ byte: UInt8, at offset: Int64) throws(Fault) {
            guard byte >= self.lowest, byte <= self.highest else { throw Fault(reason: .badUTF8, offset: offset) }
            (self.lowest, self.highest) = (0x80, 0xBF)
            self.missing -= 1
            self.keep(byte)
        }

        private mutating func continueEscape(_ byte: UInt8, at offset: Int64) throws(Fault) {
            guard self.escape == .backslash else {
                guard let digit = byte.hexadecimalValue, let next = Escape(rawValue: self.escape.rawValue - 1) else {
                    throw Fault(reason: .badEscape, offset: offset)
                }
                self.codeUnit = self.codeUnit << 4 | UInt32(digit)
                self.escape = next
                if next == .none { self.endCodeUnit() }
                return
            }
            self.escape = .none
            switch byte {
            case 0x22, 0x5C, 0x2F: self.keepEscaped(byte)
            case 0x62: self.keepEscaped(0x08)
            case 0x66: self.keepEscaped(0x0C)
            case 0x6E: self.keepEscaped(0x0A)
            case 0x72: self.keepEscaped(0x0D)
            case 0x74: self.keepEscaped(0x09)
            case 0x75:
                self.escape = .firstDigit
                self.codeUnit = 0
            default: throw Fault(reason: .badEscape, offset: offset)
            }
        }

        private mutating func keepEscaped(_ byte: UInt8) {
            self.endSurrogate()
            self.keep(byte)
        }

        private mutating func endCodeUnit() {
            switch self.codeUnit {
            case 0xD800...0xDBFF:
                self.endSurrogate()
                self.highSurrogate = self.codeUnit
            case 0xDC00...0xDFFF where self.highSurrogate != 0:
                let value = 0x10000 + (self.highSurrogate - 0xD800) << 10 + (self.codeUnit - 0xDC00)
                self.highSurrogate = 0
                self.keep(Unicode.Scalar(value) ?? "\u{FFFD}")
            default:
                self.endSurrogate()
                self.keep(Unicode.Scalar(self.codeUnit) ?? "\u{FFFD}")
            }
        }
    }
}
