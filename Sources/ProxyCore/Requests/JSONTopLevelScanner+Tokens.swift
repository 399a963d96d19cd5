extension JSONTopLevelScanner {
    /// A number that is being read (RFC 8259 §6).
    struct NumberState: Sendable {
        private enum Part: UInt8, Sendable {
            case minus, zero, integer, point, fraction, exponent, sign, exponentDigits
        }

        private var part: Part

        /// Begins with a minus or a digit.
        init(_ byte: UInt8) {
            self.part = byte == 0x2D ? .minus : byte == 0x30 ? .zero : .integer
        }

        /// Whether the number may end here.
        var isComplete: Bool {
            switch self.part {
            case .zero, .integer, .fraction, .exponentDigits: true
            case .minus, .point, .exponent, .sign: false
            }
        }

        /// Takes the next byte if it belongs to the number.
        mutating func accept(_ byte: UInt8) -> Bool {
            switch (self.part, byte) {
            case (.minus, 0x30): self.part = .zero
            case (.minus, 0x31...0x39), (.integer, 0x30...0x39): self.part = .integer
            case (.zero, 0x2E), (.integer, 0x2E): self.part = .point
            case (.point, 0x30...0x39), (.fraction, 0x30...0x39): self.part = .fraction
            case (.zero, 0x65), (.zero, 0x45), (.integer, 0x65), (.integer, 0x45), (.fraction, 0x65), (.fraction, 0x45):
                self.part = .exponent
            case (.exponent, 0x2B), (.exponent, 0x2D): self.part = .sign
            case (.exponent, 0x30...0x39), (.sign, 0x30...0x39), (.exponentDigits, 0x30...0x39):
                self.part = .exponentDigits
            default: return false
            }
            return true
        }
    }

    /// `true`, `false` or `null` that is being read, or a number.
    struct LiteralState: Sendable {
        /// The number.
        var number = NumberState(0x30)
        private var rest: Substring.UTF8View = Substring("").utf8
        private var kind = Kind.null

        /// Begins with the first letter.
        mutating func begin(_ byte: UInt8) {
            switch byte {
            case 0x74: (self.rest, self.kind) = (Substring("rue").utf8, .bool(true))
            case 0x66: (self.rest, self.kind) = (Substring("alse").utf8, .bool(false))
            default: (self.rest, self.kind) = (Substring("ull").utf8, .null)
            }
        }

        /// Takes the next byte if it belongs to the literal.
        mutating func accept(_ byte: UInt8) -> Bool {
            guard self.rest.first == byte else { return false }
            self.rest.removeFirst()
            return true
        }

        /// The value, once it is complete.
        var finished: Kind? { self.rest.isEmpty ? self.kind : nil }
    }

    /// For each open bracket one bit: whether it began an object.
    struct BitStack: Sendable {
        private var words: [UInt64] = [0]
        /// How many brackets are open.
        private(set) var depth = 0

        /// Whether no bracket is open.
        var isEmpty: Bool { self.depth == 0 }
        /// Whether the innermost bracket began an object.
        private(set) var isObject = false

        /// Opens a bracket.
        mutating func push(isObject: Bool) {
            let (word, bit) = (self.depth / 64, UInt64(self.depth % 64))
            if word == self.words.count { self.words.append(0) }
            self.words[word] = self.words[word] & ~(1 << bit) | (isObject ? 1 << bit : 0)
            self.depth += 1
            self.isObject = isObject
        }

        /// Closes the innermost bracket.
        mutating func pop() {
            self.depth -= 1
            guard self.depth > 0 else {
                self.isObject = false
                return
            }
            let (word, bit) = ((self.depth - 1) / 64, UInt64((self.depth - 1) % 64))
            self.isObject = self.words[word] >> bit & 1 == 1
        }
    }
}
