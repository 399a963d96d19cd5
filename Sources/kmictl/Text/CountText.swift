/// Counts as text.
enum CountText {
    private static let units: [(name: String, size: UInt128)] = [
        ("k", 1000), ("M", 1_000_000), ("G", 1_000_000_000), ("T", 1_000_000_000_000), ("P", 1_000_000_000_000_000),
        ("E", 1_000_000_000_000_000_000),
    ]

    /// `1,234,567`.
    static func exact(_ count: UInt64) -> String {
        let digits = String(count)
        var text = ""
        for (position, digit) in digits.enumerated() {
            if position > 0, (digits.count - position) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return text
    }

    /// `1.23M`: at most five characters, rounded to three digits from ten thousand on.
    static func short(_ count: UInt64) -> String {
        guard count >= 10_000 else { return self.exact(count) }
        for unit in Self.units {
            for (places, scale) in [(2, UInt128(100)), (1, 10), (0, 1)] {
                let scaled = (UInt128(count) * scale + unit.size / 2) / unit.size
                if scaled < 1000 { return Self.decimal(scaled, places: places) + unit.name }
            }
        }
        return self.exact(count)
    }

    private static func decimal(_ scaled: UInt128, places: Int) -> String {
        let digits = String(scaled)
        guard places > 0 else { return digits }
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        return "\(padded.dropLast(places)).\(padded.suffix(places))"
    }
}
