/// A decimal number as it is spelled in JSON, read without binary fractions, so that no digit is rounded away.
struct DecimalText: Sendable, Equatable {
    /// Whether it is below zero; the spelling `-0` is not.
    let isNegative: Bool
    /// Its size in units of a power of ten, rounded half up; `nil` if that does not fit.
    let magnitude: Int64?
    /// Whether nothing was rounded.
    let isExact: Bool

    /// Exponents beyond this have the same effect as this: the size does not fit, or is zero.
    private static let largestExponent = 100_000

    /// Reads a number and multiplies it by ten to the power of `scale`; `nil` if the text is none.
    init?(_ text: String, scale: Int = 0) {
        var digits = Digits()
        var rest = Substring(text).utf8
        let isNegative = rest.first == 0x2D
        if isNegative { rest.removeFirst() }
        var count = 0
        while let byte = rest.first, (0x30...0x39).contains(byte) {
            digits.add(byte - 0x30, isFraction: false)
            rest.removeFirst()
            count += 1
        }
        guard count > 0 else { return nil }
        if rest.first == 0x2E {
            rest.removeFirst()
            count = 0
            while let byte = rest.first, (0x30...0x39).contains(byte) {
                digits.add(byte - 0x30, isFraction: true)
                rest.removeFirst()
                count += 1
            }
            guard count > 0 else { return nil }
        }
        guard let exponent = Self.exponent(rest) else { return nil }
        digits.multiply(byPowerOfTen: exponent + scale)
        self.magnitude = digits.rounded
        self.isExact = digits.isExact
        self.isNegative = isNegative && (digits.value > 0 || digits.isTooLarge || !digits.isExact)
    }

    /// The exponent that follows the digits, 0 if none does; `nil` if something else does.
    private static func exponent(_ text: Substring.UTF8View) -> Int? {
        var rest = text
        guard let mark = rest.popFirst() else { return 0 }
        guard mark == 0x65 || mark == 0x45 else { return nil }
        let isNegative = rest.first == 0x2D
        if isNegative || rest.first == 0x2B { rest.removeFirst() }
        guard !rest.isEmpty else { return nil }
        var exponent = 0
        for byte in rest {
            guard (0x30...0x39).contains(byte) else { return nil }
            exponent = min(exponent * 10 + Int(byte - 0x30), self.largestExponent)
        }
        return isNegative ? -exponent : exponent
    }

    /// The digits of a number: the first eighteen that count, and where they stand.
    private struct Digits {
        /// Below 10¹⁸, or ``isTooLarge``.
        var value: Int64 = 0
        var exponent = 0
        var isTooLarge = false
        var isExact = true
        /// The digit behind those of the value, by which it is rounded.
        var next: UInt8 = 0
        private var isFull = false

        var rounded: Int64? { self.isTooLarge ? nil : self.value + (self.next >= 5 ? 1 : 0) }

        mutating func add(_ digit: UInt8, isFraction: Bool) {
            if self.isFull || self.value >= 100_000_000_000_000_000 {
                if !self.isFull { self.next = digit }
                self.isFull = true
                if digit != 0 { self.isExact = false }
                if !isFraction { self.exponent += 1 }
            } else {
                self.value = self.value * 10 + Int64(digit)
                if isFraction { self.exponent -= 1 }
            }
        }

        mutating func multiply(byPowerOfTen power: Int) {
            self.exponent += power
            // Nineteen steps either way are all that 64 bits know of.
            for _ in 0..<min(max(0, self.exponent), 19) where self.value > 0 && !self.isTooLarge {
                (self.value, self.isTooLarge) = self.value.multipliedReportingOverflow(by: 10)
                self.next = 0
            }
            for _ in 0..<min(max(0, -self.exponent), 20) {
                self.next = UInt8(self.value % 10)
                self.value /= 10
                if self.next != 0 { self.isExact = false }
            }
        }
    }
}
