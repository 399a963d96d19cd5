extension UsageScanner {
    /// A string that is stepped over.
    struct StringSkim: Sendable {
        /// How many hexadecimal digits of an escape are missing, or ``behindBackslash``.
        private var escape: UInt8 = 0
        private var codeUnit: UInt16 = 0
        /// How long the string is without its escapes, in bytes of UTF-8, as far as it was read.
        private(set) var length: Int64 = 0
        /// Whether there were escapes.
        private(set) var hasEscapes = false

        private static let behindBackslash: UInt8 = 5

        /// Begins behind an opening quote.
        mutating func begin() {
            self.escape = 0
            self.length = 0
            self.hasEscapes = false
        }

        /// Reads until the closing quote, which is taken too, or the end of the piece.
        ///
        /// Tells whether the string ended.
        mutating func read(_ bytes: UnsafeRawBufferPointer, _ index: inout Int) -> Bool {
            while index < bytes.count {
                guard self.escape == 0 else {
                    self.continueEscape(bytes[index])
                    index += 1
                    continue
                }
                let start = index
                index = Self.plainRun(bytes, from: index)
                self.length &+= Int64(index - start)
                guard index < bytes.count else { return false }
                index += 1
                if bytes[index - 1] == 0x22 { return true }
                self.escape = Self.behindBackslash
                self.hasEscapes = true
            }
            return false
        }

        private mutating func continueEscape(_ byte: UInt8) {
            if self.escape == Self.behindBackslash {
                if byte == 0x75 {
                    self.escape = 4
                    self.codeUnit = 0
                } else {
                    self.escape = 0
                    self.length &+= 1
                }
                return
            }
            self.codeUnit = self.codeUnit << 4 | UInt16(byte.hexadecimalValue ?? 0)
            self.escape -= 1
            guard self.escape == 0 else { return }
            switch self.codeUnit {
            case 0..<0x80: self.length &+= 1
            // Each surrogate is half of a sequence of four.
            case 0x80..<0x800, 0xD800...0xDFFF: self.length &+= 2
            default: self.length &+= 3
            }
        }

        /// The index of the next quote or backslash.
        ///
        /// Eight bytes are looked at in one step; the borrow of each subtraction can only mark bytes above one that is
        /// rightly marked, so the lowest mark is right (Warren, "Hacker's Delight", 6-1).
        @inline(__always)
        private static func plainRun(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
            let ones: UInt64 = 0x0101_0101_0101_0101
            var index = start
            while index &+ 8 <= bytes.count {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                let quote = word ^ 0x2222_2222_2222_2222
                let backslash = word ^ 0x5C5C_5C5C_5C5C_5C5C
                let marks =
                    (((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)) & 0x8080_8080_8080_8080
                if marks != 0 { return index &+ marks.trailingZeroBitCount / 8 }
                index &+= 8
            }
            while index < bytes.count, bytes[index] != 0x22, bytes[index] != 0x5C { index &+= 1 }
            return index
        }
    }
}
