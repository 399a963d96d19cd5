extension Duration {
    /// Reads `250ms`, `30s`, `5m`, `1h` or `7d`: a whole number and one unit, at most 36,500 days.
    public init(configurationText text: some StringProtocol) throws(ConfigurationValueError) {
        let expected =
            "expected a duration such as \"250ms\", \"30s\", \"5m\", \"1h\" or \"7d\", or a number of seconds"
        let (number, unit) = try QuantityText.split(text, expected: expected)
        let milliseconds: Int64? =
            switch unit {
            case "ms": 1
            case "s": 1_000
            case "m": 60_000
            case "h": 3_600_000
            case "d": 86_400_000
            default: nil
            }
        guard let milliseconds else { throw ConfigurationValueError(expected) }
        let (product, overflow) = number.multipliedReportingOverflow(by: milliseconds)
        guard !overflow, Duration.milliseconds(product) <= QuantityText.longestDuration else {
            throw ConfigurationValueError("is too long: a duration has at most 36500 days")
        }
        self = .milliseconds(product)
    }

    /// Takes a number of seconds, fractions down to the nanosecond: at least 0 and at most 36,500 days.
    public init(configurationSeconds seconds: Double) throws(ConfigurationValueError) {
        guard seconds >= 0 else { throw ConfigurationValueError("must not be negative") }
        guard seconds <= QuantityText.longestDuration.seconds else {
            throw ConfigurationValueError("is too long: a duration has at most 36500 days")
        }
        self = .nanoseconds(Int64((seconds * 1e9).rounded()))
    }

    /// The duration in the form that the configuration uses, in the largest unit that divides it.
    public var configurationText: String {
        let nanoseconds = self.nanoseconds
        guard nanoseconds % 1_000_000 == 0 else { return String(self.seconds) }
        let milliseconds = nanoseconds / 1_000_000
        guard milliseconds != 0 else { return "0s" }
        for (unit, length) in [("d", Int64(86_400_000)), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)]
        where milliseconds % length == 0 {
            return "\(milliseconds / length)\(unit)"
        }
        return "\(milliseconds)ms"
    }
}

/// Sizes in bytes as the configuration writes them.
public enum ByteSize {
    /// Reads `64KiB`, `32MiB` or `1GiB`: a whole number and one binary unit.
    public static func parse(_ text: some StringProtocol) throws(ConfigurationValueError) -> Int {
        let expected = "expected a size such as \"64KiB\", \"32MiB\" or \"1GiB\", or a number of bytes"
        let (number, unit) = try QuantityText.split(text, expected: expected)
        let shift: Int? =
            switch unit {
            case "KiB": 10
            case "MiB": 20
            case "GiB": 30
            case "TiB": 40
            default: nil
            }
        guard let shift else { throw ConfigurationValueError(expected) }
        let (product, overflow) = number.multipliedReportingOverflow(by: 1 << Int64(shift))
        guard !overflow, product <= Self.largest else {
            throw ConfigurationValueError("is too large: a size has at most 1024TiB")
        }
        return Int(product)
    }

    /// The largest size that can be set: 1,024 TiB.
    public static let largest = 1 << 50
}

/// What durations and sizes have in common.
enum QuantityText {
    static let longestDuration = Duration.seconds(36_500 * 86_400)

    /// Splits a text into its leading digits and what follows them.
    static func split(
        _ text: some StringProtocol,
        expected: String
    ) throws(ConfigurationValueError) -> (number: Int64, unit: String) {
        let digits = text.utf8.prefix { (0x30...0x39).contains($0) }
        guard !digits.isEmpty, digits.count <= 18, let number = Int64(String(decoding: digits, as: UTF8.self)) else {
            throw ConfigurationValueError(expected)
        }
        return (number, String(decoding: text.utf8.dropFirst(digits.count), as: UTF8.self))
    }
}
