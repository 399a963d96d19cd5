/// Reads durations as providers write them: `6m0s`, `1s`, `20ms`, `38.9s`, "12 seconds", "1 minute 30 seconds".
enum DurationText {
    /// Reads a whole text; a number without a unit is seconds, and what cannot be read is `nil`.
    static func parse(_ text: some StringProtocol) -> Duration? {
        let bytes = Array(text.utf8.prefix(65))
        guard !bytes.isEmpty, bytes.count <= 64 else { return nil }
        if let seconds = self.seconds(text) { return seconds }
        var reader = Reader(bytes: bytes[...])
        guard let duration = reader.duration(), reader.rest.isEmpty else { return nil }
        return duration
    }

    /// Reads a number of seconds.
    static func seconds(_ text: some StringProtocol) -> Duration? {
        guard text.utf8.count <= 32, let value = Double(text) else { return nil }
        return self.duration(value, milliseconds: 1_000)
    }

    /// The wait that a message names: "Please retry in 38.9s", "try again after 1 seconds", "try again in 6m0s".
    static func wait(in message: MessageText) -> Duration? {
        for phrase in ["retry in ", "try again in ", "try again after ", "retry after "] {
            let phrase = Array(phrase.utf8)
            guard let start = message.bytes.firstOccurrence(of: phrase, from: 0) else { continue }
            var reader = Reader(bytes: message.bytes[(start + phrase.count)...].prefix(64))
            if let duration = reader.duration() { return duration }
        }
        return nil
    }

    /// A number of units of so many milliseconds, rounded up to a millisecond; up to about 30 years.
    private static func duration(_ value: Double, milliseconds: Double) -> Duration? {
        let total = value * milliseconds
        guard total >= 0, total < 1e12 else { return nil }
        return .milliseconds(Int64(total.rounded(.up)))
    }

    private struct Reader {
        var bytes: ArraySlice<UInt8>
        var rest: ArraySlice<UInt8> { self.bytes }

        /// Takes numbers with their units as long as there are any; `nil` if there is none.
        mutating func duration() -> Duration? {
            var total: Duration?
            while let part = self.part() { total = (total ?? .zero) + part }
            return total
        }

        private mutating func part() -> Duration? {
            var ahead = self.bytes.drop { $0 == 0x20 }
            let number = ahead.prefix { (0x30...0x39).contains($0) || $0 == 0x2E }
            guard (1...20).contains(number.count), let value = Double(String(decoding: number, as: UTF8.self)) else {
                return nil
            }
            ahead = ahead[number.endIndex...].drop { $0 == 0x20 }
            let unit = ahead.prefix { (0x61...0x7A).contains($0) }
            guard let milliseconds = Self.milliseconds(String(decoding: unit, as: UTF8.self)),
                let part = DurationText.duration(value, milliseconds: milliseconds)
            else { return nil }
            self.bytes = ahead[unit.endIndex...]
            return part
        }

        private static func milliseconds(_ unit: String) -> Double? {
            switch unit {
            case "ns": 1e-6
            case "us": 1e-3
            case "ms", "millisecond", "milliseconds": 1
            case "s", "sec", "secs", "second", "seconds": 1_000
            case "m", "min", "mins", "minute", "minutes": 60_000
            case "h", "hr", "hrs", "hour", "hours": 3_600_000
            case "d", "day", "days": 86_400_000
            default: nil
            }
        }
    }
}

/// Reads times of day as providers write them: seconds or milliseconds since 1970, or RFC 3339.
enum EpochText {
    /// Reads a text; numbers below 10⁹ (the year 2001) are no times, those of 10¹² and more are milliseconds.
    static func parse(_ text: some StringProtocol) -> WallTime? {
        guard text.utf8.count <= 64 else { return nil }
        guard let number = Double(text) else { return WallTime(rfc3339: text) }
        switch number {
        case 1e9..<1e12: return WallTime(microseconds: Int64(number * 1e6))
        case 1e12..<1e15: return WallTime(microseconds: Int64(number * 1e3))
        default: return nil
        }
    }
}
