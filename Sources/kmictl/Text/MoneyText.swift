/// Amounts of money as text; they come as pico-dollars (10⁻¹² US dollars).
enum MoneyText {
    private static let places = 12
    private static let dollar: UInt64 = 1_000_000_000_000

    /// `$1,234.50`, `$12.34`, `$0.0042`: cents, and of less than a dollar two digits that are not 0.
    static func dollars(_ pico: Int64) -> String {
        let amount = pico.magnitude
        var places = 2
        if amount > 0, amount < Self.dollar {
            let zeros = Self.places - String(amount).count
            places = min(Self.places, max(2, zeros + 2))
        }
        let unit = Self.power(Self.places - places)
        let (quotient, rest) = amount.quotientAndRemainder(dividingBy: unit)
        let rounded = quotient + (rest >= unit - unit / 2 ? 1 : 0)
        let (whole, part) = rounded.quotientAndRemainder(dividingBy: Self.power(places))
        var fraction = Self.padded(part, to: places)
        while fraction.count > 2, fraction.hasSuffix("0") { fraction.removeLast() }
        return "\(pico < 0 ? "-" : "")$\(CountText.exact(whole)).\(fraction)"
    }

    /// `$2.125`: cents, and of a price that has more digits all of them.
    static func exact(_ pico: Int64) -> String {
        let (whole, fraction) = Self.parts(pico)
        let padding = String(repeating: "0", count: max(0, 2 - fraction.count))
        return "\(pico < 0 ? "-" : "")$\(CountText.exact(whole)).\(fraction)\(padding)"
    }

    /// `0.0042`: dollars to the last digit, for programs.
    static func decimal(_ pico: Int64) -> String {
        let (whole, fraction) = Self.parts(pico)
        return "\(pico < 0 ? "-" : "")\(whole)\(fraction.isEmpty ? "" : ".")\(fraction)"
    }

    /// Whole dollars, and the places behind the point without zeros at the end.
    private static func parts(_ pico: Int64) -> (UInt64, String) {
        let (whole, part) = pico.magnitude.quotientAndRemainder(dividingBy: Self.dollar)
        var fraction = Self.padded(part, to: Self.places)
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return (whole, fraction)
    }

    private static func power(_ exponent: Int) -> UInt64 { (0..<exponent).reduce(1) { power, _ in power * 10 } }

    private static func padded(_ number: UInt64, to digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
