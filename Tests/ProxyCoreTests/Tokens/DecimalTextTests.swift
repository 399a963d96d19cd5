import Testing

@testable import ProxyCore

/// Numbers as JSON spells them, in whole units of a power of ten.
struct DecimalTextTests {
    @Test(
        "reads numbers without rounding what fits",
        arguments: [
            ("0", 0, 0), ("200", 0, 200), ("2.0e2", 0, 200), ("2E+2", 0, 200), ("2000e-1", 0, 200), ("00012", 0, 12),
            ("1.0000000000000000000000000", 0, 1), ("0.000000000000000000000000", 0, 0), ("0e99999999999", 0, 0),
            ("9223372036854775800", 0, 9_223_372_036_854_775_800), ("0.1", 12, 100_000_000_000),
            ("0.3", 12, 300_000_000_000), ("1.25e-05", 12, 12_500_000), ("0.000000000001", 12, 1),
            ("9223372.03685477580", 12, 9_223_372_036_854_775_800), ("0.0009512345", 12, 951_234_500),
            ("-0", 0, 0), ("-0.0e5", 0, 0),
        ])
    func readsExactly(_ text: String, _ scale: Int, _ magnitude: Int64) {
        let number = DecimalText(text, scale: scale)
        #expect(number?.magnitude == magnitude)
        #expect(number?.isExact == true)
        #expect(number?.isNegative == false)
    }

    @Test(
        "rounds half up what does not fit",
        arguments: [
            ("0.5", 0, 1), ("0.4999", 0, 0), ("1.5", 0, 2), ("1e-30", 12, 0), ("0.0009512345678901", 12, 951_234_568),
            ("0.0000000000005", 12, 1), ("0.00000000000049999999999999999999999", 12, 0),
            ("123456.1234567890126", 12, 123_456_123_456_789_013),
        ])
    func rounds(_ text: String, _ scale: Int, _ magnitude: Int64) {
        let number = DecimalText(text, scale: scale)
        #expect(number?.magnitude == magnitude)
        #expect(number?.isExact == false)
    }

    @Test(
        "knows what is too large", arguments: ["1e19", "1e99999999999999999999", "99999999999999999999", "9300000e12"])
    func knowsTooLarge(_ text: String) {
        let number = DecimalText(text)
        #expect(number != nil)
        #expect(number?.magnitude == nil)
    }

    @Test("knows what is below zero", arguments: ["-1", "-1e-30", "-1e30", "-0.5"])
    func knowsNegative(_ text: String) {
        #expect(DecimalText(text)?.isNegative == true)
    }

    @Test(
        "refuses what is no number",
        arguments: [
            "", "-", "+1", ".5", "1.", "1e", "1e+", "e5", "1 ", " 1", "1,5", "0x1", "NaN", "--1", "1e1.5", "1.e5",
        ])
    func refuses(_ text: String) {
        #expect(DecimalText(text) == nil)
    }
}
