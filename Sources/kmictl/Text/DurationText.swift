/// Lengths of time as text, both ways.
enum DurationText {
    private static let units: [(name: String, seconds: UInt64)] = [("d", 86400), ("h", 3600), ("m", 60), ("s", 1)]

    /// `2 m 5 s`: whole seconds in their largest units, at most so many of them.
    static func coarse(seconds: UInt64, units: Int) -> String {
        var rest = seconds
        var parts: [String] = []
        for unit in Self.units {
            let count = rest / unit.seconds
            rest %= unit.seconds
            if count > 0 { parts.append("\(count) \(unit.name)") } else if !parts.isEmpty { break }
            if parts.count == units { break }
        }
        return parts.isEmpty ? "0 s" : parts.joined(separator: " ")
    }

    /// How long something took: `350 µs`, `12 ms`, `1.25 s`, `2 m 5 s`.
    static func precise(microseconds: UInt64) -> String {
        switch microseconds {
        case ..<1000: return "\(microseconds) µs"
        case ..<1_000_000: return "\(microseconds / 1000) ms"
        case ..<60_000_000:
            let hundredths = microseconds / 10000 % 100
            return "\(microseconds / 1_000_000).\(hundredths < 10 ? "0" : "")\(hundredths) s"
        default: return Self.coarse(seconds: microseconds / 1_000_000, units: 2)
        }
    }

    /// Reads `250ms`, `30s`, `5m`, `1h`, `7d` or a number of seconds such as `2.5`, in microseconds.
    ///
    /// Returns `nil` for anything else, and for more than ten years.
    static func parse(_ text: String) -> UInt64? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let scale: UInt64
        switch text.dropFirst(digits.count) {
        case "us": scale = 1
        case "ms": scale = 1000
        case "", "s": scale = 1_000_000
        case "m", "min": scale = 60_000_000
        case "h": scale = 3_600_000_000
        case "d": scale = 86_400_000_000
        default: return nil
        }
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ (1...12).contains($0.count) }),
            let whole = UInt64(parts[0])
        else { return nil }
        // Twelve digits of days, and a fraction of less than a day, do not reach the end of 128 bits.
        var value = UInt128(whole) * UInt128(scale)
        if parts.count == 2 {
            guard let fraction = UInt64(parts[1]) else { return nil }
            let power = (0..<parts[1].count).reduce(UInt128(1)) { power, _ in power * 10 }
            value += UInt128(fraction) * UInt128(scale) / power
        }
        return value <= 315_360_000_000_000 ? UInt64(value) : nil
    }
}
