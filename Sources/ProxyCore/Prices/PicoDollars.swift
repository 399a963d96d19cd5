/// Amounts of money as whole numbers of 10⁻¹² US dollars, read from decimal text without any floating point.
///
/// A price per token is a small fraction of a dollar; a picodollar is exact for every published one, and 64 bits hold
/// nine million dollars.
public enum PicoDollars {
    /// Why a text is no amount.
    public enum Fault: String, Error, Sendable {
        /// It is no decimal number.
        case malformed = "is no decimal number"
        /// It is below zero.
        case negative = "is below zero"
        /// It does not fit.
        case tooLarge = "is a million dollars or more"
        /// A price that would become nothing.
        case tooSmall = "is less than half a picodollar, but not 0"
    }

    /// The longest number that is read, in bytes.
    private static let longest = 64

    /// Reads dollars such as `0.0000025`, `1.5e-07` or `2`; what is smaller than a picodollar is rounded, half of one up.
    public static func parse(_ dollars: some StringProtocol) throws(Fault) -> Int64 {
        var digits: [UInt8] = []
        var exponent = 0
        guard let isNegative = Self.read(dollars.utf8, into: &digits, &exponent) else { throw .malformed }
        guard !digits.isEmpty else { return 0 }
        guard !isNegative else { throw .negative }
        // So many digits stand before the point when the amount is written in picodollars.
        let whole = digits.count + exponent + 12
        guard whole <= 18 else { throw .tooLarge }
        guard whole >= 0 else { return 0 }
        var amount: Int64 = 0
        for position in 0..<whole {
            amount = amount * 10 + (position < digits.count ? Int64(digits[position]) : 0)
        }
        return whole < digits.count && digits[whole] >= 5 ? amount + 1 : amount
    }

    /// Reads a price as ``parse(_:)`` does an amount, but refuses one that is not 0 and would become 0: what is charged
    /// by it is never free.
    static func parsePrice(_ dollars: some StringProtocol) throws(Fault) -> Int64 {
        let amount = try self.parse(dollars)
        guard amount == 0 else { return amount }
        var digits: [UInt8] = []
        var exponent = 0
        guard self.read(dollars.utf8, into: &digits, &exponent) != nil, digits.isEmpty else { throw .tooSmall }
        return 0
    }

    /// Takes a number apart into its digits without leading zeros and the power of ten of the last one.
    ///
    /// Tells whether it is negative; `nil` if it is no number.
    private static func read(_ text: some Sequence<UInt8>, into digits: inout [UInt8], _ exponent: inout Int) -> Bool? {
        var isNegative = false
        var power = 0
        var isPowerNegative = false
        // The parts of a number: 0 at the beginning, 1 before the point, 2 behind it, 3 behind the `e`, 4 in the power.
        var part = 0
        var length = 0
        var last: UInt8 = 0
        for byte in text {
            length += 1
            guard length <= Self.longest else { return nil }
            switch byte {
            case 0x30...0x39 where part >= 3:
                part = 4
                guard power < 10_000 else { return nil }
                power = power * 10 + Int(byte - 0x30)
            case 0x30...0x39:
                part = max(part, 1)
                if byte != 0x30 || !digits.isEmpty { digits.append(byte - 0x30) }
                if part == 2 { exponent -= 1 }
            case 0x2D where part == 0 && length == 1: isNegative = true
            case 0x2B where part == 3 && (last | 0x20) == 0x65: break
            case 0x2D where part == 3 && (last | 0x20) == 0x65: isPowerNegative = true
            case 0x2E where part == 1: part = 2
            case 0x45 where part == 1 || part == 2 && last != 0x2E: part = 3
            case 0x65 where part == 1 || part == 2 && last != 0x2E: part = 3
            default: return nil
            }
            last = byte
        }
        guard part != 0, part != 3, last != 0x2E else { return nil }
        exponent += isPowerNegative ? -power : power
        return isNegative
    }
}
