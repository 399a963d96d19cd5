import ProxyCore
import Testing

/// Tokens in classes that do not overlap.
struct TokenCountsTests {
    private static let fields: [any WritableKeyPath<TokenCounts, Int64> & Sendable] = [
        \.input, \.inputAudio, \.inputImage, \.cacheRead, \.cacheWrite5m, \.cacheWrite1h, \.output, \.reasoning,
        \.outputAudio,
    ]

    /// Each field has a digit of its own, so that every sum shows what is in it.
    private static let digits: TokenCounts = {
        var counts = TokenCounts()
        var digit: Int64 = 1
        for field in Self.fields {
            counts[keyPath: field] = digit
            digit *= 10
        }
        return counts
    }()

    @Test(
        "tells each field in one class",
        arguments: [
            ("input", 111), ("cache_read", 1_000), ("cache_write", 110_000), ("output", 101_000_000),
            ("reasoning", 10_000_000),
        ])
    func tellsClasses(_ name: String, _ sum: Int64) throws {
        #expect(try Self.digits[#require(TokenCounts.Class(rawValue: name))] == sum)
    }

    @Test("loses nothing and counts nothing twice")
    func sumsUp() {
        #expect(TokenCounts.Class.allCases.reduce(0) { $0 + Self.digits[$1] } == 111_111_111)
        #expect(Self.digits.prompt == 111_111)
    }

    @Test("adds field by field, and stays at the largest number")
    func adds() {
        var sum = Self.digits
        sum.add(Self.digits)
        #expect(Self.fields.allSatisfy { sum[keyPath: $0] == 2 * Self.digits[keyPath: $0] })
        for field in Self.fields {
            var largest = TokenCounts()
            largest[keyPath: field] = .max
            #expect(!largest.isZero)
            largest.add(Self.digits)
            #expect(largest[keyPath: field] == .max)
        }
        var largest = TokenCounts()
        (largest.input, largest.cacheRead) = (.max, .max)
        #expect(largest.prompt == .max)
    }
}
