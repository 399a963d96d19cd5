/// Lines of one exposition, appended to a byte array.
struct ExpositionWriter {
    let format: ExpositionFormat
    private(set) var bytes: [UInt8]

    /// The `# HELP` and `# TYPE` lines of a family, which ``FamilyHeader`` has ready.
    mutating func header(_ header: FamilyHeader) {
        switch self.format {
        case .prometheus: self.bytes.append(contentsOf: header.prometheus)
        case .openMetrics: self.bytes.append(contentsOf: header.openMetrics)
        }
    }

    mutating func sample(_ text: SeriesText, value: UInt64) {
        self.bytes.append(contentsOf: text.bytes)
        self.line(value)
    }

    mutating func sample(_ text: SeriesText, value: Double) {
        self.bytes.append(contentsOf: text.bytes)
        self.line(value)
    }

    /// A bucket's line: what stands before the bound, the bound and what follows it, and how many are in it and below.
    mutating func bucket(_ beginning: [UInt8], _ ending: [UInt8], value: UInt64) {
        self.bytes.append(contentsOf: beginning)
        self.bytes.append(contentsOf: ending)
        self.line(value)
    }

    /// Ends the exposition, for which OpenMetrics has a line.
    mutating func end() {
        if self.format == .openMetrics { self.bytes.append(contentsOf: "# EOF\n".utf8) }
    }

    private mutating func line(_ value: UInt64) {
        self.digits(value)
        self.bytes.append(UInt8(ascii: "\n"))
    }

    /// The shortest decimal that reads back as the same number; whole numbers without a fraction.
    private mutating func line(_ value: Double) {
        // Up to here every whole number is exact.
        if value.magnitude <= 0x1p53, value == value.rounded(.towardZero) {
            let whole = Int64(value)
            if whole < 0 { self.bytes.append(UInt8(ascii: "-")) }
            return self.line(whole.magnitude)
        }
        let text = value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : value.description
        self.bytes.append(contentsOf: text.utf8)
        self.bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func digits(_ value: UInt64) {
        if value >= 10 { self.digits(value / 10) }
        self.bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10))
    }
}
