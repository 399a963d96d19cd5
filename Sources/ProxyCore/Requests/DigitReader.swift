/// Reads fixed-width numbers from ASCII text.
struct DigitReader {
    private var bytes: Array<UInt8>.SubSequence

    init(_ text: some StringProtocol) {
        self.bytes = Array(text.utf8)[...]
    }

    var isAtEnd: Bool { self.bytes.isEmpty }

    /// Takes the byte if it is next.
    mutating func skip(_ byte: UInt8) -> Bool {
        guard self.bytes.first == byte else { return false }
        self.bytes.removeFirst()
        return true
    }

    /// Takes all spaces that are next.
    mutating func skipSpaces() {
        while self.skip(0x20) {}
    }

    /// Takes exactly so many digits.
    mutating func number(digits: Int) -> Int? {
        guard self.bytes.count >= digits else { return nil }
        var value = 0
        for byte in self.bytes.prefix(digits) {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        self.bytes.removeFirst(digits)
        return value
    }

    /// Takes one to nine digits after a decimal point and gives them in units of ten to the minus `digits`.
    mutating func fraction(digits: Int) -> Int64? {
        var value: Int64 = 0
        var taken = 0
        while let byte = self.bytes.first, (0x30...0x39).contains(byte) {
            guard taken < 9 else { return nil }
            if taken < digits { value = value * 10 + Int64(byte - 0x30) }
            taken += 1
            self.bytes.removeFirst()
        }
        guard taken > 0 else { return nil }
        for _ in 0..<max(0, digits - taken) { value *= 10 }
        return value
    }

    /// Takes a run of letters.
    mutating func letters() -> String {
        let run = self.bytes.prefix { (0x41...0x5A).contains($0 & 0xDF) }
        self.bytes.removeFirst(run.count)
        return String(decoding: run, as: UTF8.self)
    }

    /// Takes `Z` or `±HH:MM` and gives the seconds east of Greenwich.
    mutating func zoneOffset() -> Int64? {
        if self.skip(0x5A) || self.skip(0x7A) { return 0 }
        let sign: Int64
        if self.skip(0x2B) { sign = 1 } else if self.skip(0x2D) { sign = -1 } else { return nil }
        guard let hours = self.number(digits: 2), hours <= 23, self.skip(0x3A),
            let minutes = self.number(digits: 2), minutes <= 59
        else { return nil }
        return sign * Int64(hours * 3_600 + minutes * 60)
    }
}
