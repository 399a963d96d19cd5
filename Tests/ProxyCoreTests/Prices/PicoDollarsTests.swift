import Testing

@testable import ProxyCore

@Suite("Amounts of money are read exactly (A-011)")
struct PicoDollarsTests {
    @Test(arguments: [
        ("0", 0), ("0.0", 0), ("-0", 0), ("-0.0e5", 0), ("0e-99", 0),
        ("1", 1_000_000_000_000), ("1.5e-07", 150_000), ("1.5E-07", 150_000), ("2.5e-06", 2_500_000),
        ("0.0000025", 2_500_000), ("3.75e-08", 37_500), ("0.00018", 180_000_000), ("1.5625e-06", 1_562_500),
        ("5e-09", 5_000), ("2.5e-09", 2_500), ("0.3", 300_000_000_000), ("1e+0", 1_000_000_000_000),
        ("12e-1", 1_200_000_000_000), ("100000e-5", 1_000_000_000_000), ("001", 1_000_000_000_000),
        ("999999", 999_999_000_000_000_000), ("0.1e6", 100_000_000_000_000_000),
        // Half a picodollar is rounded up, whatever stands behind it.
        ("1e-12", 1), ("4e-13", 0), ("4.9999999e-13", 0), ("5e-13", 1), ("1.5e-12", 2), ("2.5e-12", 3),
        ("1.4999999999999999999e-12", 1), ("1e-13", 0), ("9e-14", 0), ("1e-400", 0),
        ("1.923e-06", 1_923_000), ("7.629e-08", 76_290), ("1.59263611e-07", 159_264),
    ])
    func readsTheExactAmount(text: String, picoDollars: Int64) throws {
        #expect(try PicoDollars.parse(text) == picoDollars)
    }

    @Test(arguments: [
        "", "-", ".", "e", "1e", "1e+", "1.", "1.e5", ".5", "+1", "1,5", "0x10", "1e5.0", "1e1e1", "--1", "1-", "nan",
        "inf", "infinity", " 1", "1 ", "1_000", "1e999999", "１", String(repeating: "0", count: 65),
    ])
    func refusesWhatIsNoNumber(text: String) {
        #expect(throws: PicoDollars.Fault.malformed) { try PicoDollars.parse(text) }
    }

    @Test(arguments: ["-1", "-1e-30", "-0.000001"])
    func refusesNegativeAmounts(text: String) {
        #expect(throws: PicoDollars.Fault.negative) { try PicoDollars.parse(text) }
    }

    @Test(arguments: ["1000000", "1e6", "1e400", "1e99999", "99999999999999999999999"])
    func refusesWhatDoesNotFit(text: String) {
        #expect(throws: PicoDollars.Fault.tooLarge) { try PicoDollars.parse(text) }
    }

    @Test("a price that is not 0 never becomes 0", arguments: ["4e-13", "0.0000000000001", "1e-400", "4.9999999e-13"])
    func refusesPricesThatWouldBeNothing(text: String) throws {
        #expect(throws: PicoDollars.Fault.tooSmall) { try PicoDollars.parsePrice(text) }
        #expect(try PicoDollars.parse(text) == 0)
    }

    @Test(arguments: [("0", 0), ("0.0e5", 0), ("-0", 0), ("5e-13", 1), ("1.5e-07", 150_000)])
    func readsPrices(text: String, picoDollars: Int64) throws {
        #expect(try PicoDollars.parsePrice(text) == picoDollars)
    }

    @Test("what a person wrote is what is charged, through binary floating point and back (A-028)")
    func survivesFloatingPoint() throws {
        for figure in 1...4_000 {
            let text = "0.00\(String(String(10_000 + figure).dropFirst()))"
            let number = try #require(Double(text))
            #expect(try PicoDollars.parse(number.description) == Int64(figure) * 1_000_000)
        }
    }
}
