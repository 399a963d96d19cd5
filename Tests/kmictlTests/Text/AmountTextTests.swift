import Testing

@testable import kmictl

/// Counts, money and comma-separated values as text.
struct AmountTextTests {
    @Test(arguments: [
        (UInt64(0), "0", "0"), (999, "999", "999"), (1000, "1,000", "1,000"), (9999, "9,999", "9,999"),
        (10_000, "10,000", "10.0k"), (12_345, "12,345", "12.3k"), (99_949, "99,949", "99.9k"),
        (99_950, "99,950", "100k"), (999_499, "999,499", "999k"), (999_500, "999,500", "1.00M"),
        (1_234_567, "1,234,567", "1.23M"), (1_005_000, "1,005,000", "1.01M"),
        (.max, "18,446,744,073,709,551,615", "18.4E"),
    ])
    func printsCounts(count: UInt64, exact: String, short: String) {
        #expect(CountText.exact(count) == exact)
        #expect(CountText.short(count) == short)
    }

    @Test(
        "prints pico-dollars with sensible digits",
        arguments: [
            (Int64(0), "$0.00", "0"), (1_500_000, "$0.0000015", "0.0000015"), (4_200_000_000, "$0.0042", "0.0042"),
            (4_249_999_999, "$0.0042", "0.004249999999"), (4_250_000_000, "$0.0043", "0.00425"),
            (40_000_000_000, "$0.04", "0.04"), (500_000_000_000, "$0.50", "0.5"), (996_000_000_000, "$1.00", "0.996"),
            (99_600_000_000, "$0.10", "0.0996"), (12_344_999_999_999, "$12.34", "12.344999999999"),
            (12_345_000_000_000, "$12.35", "12.345"), (1_234_500_000_000_000, "$1,234.50", "1234.5"),
            (1, "$0.000000000001", "0.000000000001"), (-500_000, "-$0.0000005", "-0.0000005"),
            (.max, "$9,223,372.04", "9223372.036854775807"), (.min, "-$9,223,372.04", "-9223372.036854775808"),
        ])
    func printsDollars(pico: Int64, text: String, decimal: String) {
        #expect(MoneyText.dollars(pico) == text)
        #expect(MoneyText.decimal(pico) == decimal)
    }

    @Test(arguments: [
        (Int64(0), "$0.00"), (2_125_000_000_000, "$2.125"), (500_000_000_000, "$0.50"), (1_000, "$0.000000001"),
        (-1_234_000_000_000_000, "-$1,234.00"),
    ])
    func printsPrices(pico: Int64, text: String) {
        #expect(MoneyText.exact(pico) == text)
    }

    @Test("quotes what RFC 4180 wants quoted, and spells out control characters (A-005)")
    func quotes() {
        #expect(
            CSVText.of([["a", "b c", " d"], ["x,y", #"say "hi""#, "line\nend\u{1B}[2J"], ["", "é", "\r"]])
                == "a,b c,\" d\"\r\n\"x,y\",\"say \"\"hi\"\"\",line\\nend\\u{1b}[2J\r\n,é,'\\r\r\n")
        #expect(CSVText.of([]) == "")
    }
}
