extension ExpositionFormat {
    /// The format for an `Accept` header (RFC 9110 section 12.5.1), several header lines joined by commas.
    ///
    /// OpenMetrics is given only where it is named, never for a wildcard, and where its quality is above that of the
    /// Prometheus text; of equal ones the first named is taken. Whoever accepts neither gets the Prometheus text, as the
    /// RFC allows, since a scraper can do more with it than with a refusal.
    public static func negotiate(accept: String?) -> ExpositionFormat {
        let ranges = Self.elements(of: accept ?? "", separator: UInt8(ascii: ",")).compactMap { MediaRange($0) }
        guard let openMetrics = Self.preference(for: .openMetrics, among: ranges), openMetrics.specificity >= 2,
            openMetrics.quality > 0
        else { return .prometheus }
        guard let text = Self.preference(for: .prometheus, among: ranges) else { return .openMetrics }
        if openMetrics.quality != text.quality {
            return openMetrics.quality > text.quality ? .openMetrics : .prometheus
        }
        return text.specificity < 2 || openMetrics.position < text.position ? .openMetrics : .prometheus
    }

    private struct Preference {
        let specificity: Int
        let quality: Int
        let position: Int
    }

    /// What the most specific range that matches a format says about it; of equally specific ones the best.
    private static func preference(for format: ExpositionFormat, among ranges: [MediaRange]) -> Preference? {
        var best: Preference?
        for (position, range) in ranges.enumerated() {
            guard let specificity = range.specificity(for: format) else { continue }
            if let best, (best.specificity, best.quality) >= (specificity, range.quality) { continue }
            best = Preference(specificity: specificity, quality: range.quality, position: position)
        }
        return best
    }

    /// The parts between separators that do not stand in a quoted string, without the white space around them.
    fileprivate static func elements(of text: String, separator: UInt8) -> [String] {
        var elements: [[UInt8]] = [[]]
        var isQuoted = false
        var isEscaped = false
        for byte in text.utf8 {
            if byte == separator, !isQuoted {
                elements.append([])
                continue
            }
            if byte == UInt8(ascii: "\""), !isEscaped { isQuoted.toggle() }
            isEscaped = isQuoted && byte == UInt8(ascii: "\\") && !isEscaped
            elements[elements.count - 1].append(byte)
        }
        return elements.map { Self.trimmed($0) }
    }

    private static func trimmed(_ bytes: [UInt8]) -> String {
        let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let tail = bytes.drop(while: isSpace)
        let count = tail.reversed().drop(while: isSpace).count
        return String(decoding: tail.prefix(count), as: UTF8.self)
    }
}

/// One element of an `Accept` header.
private struct MediaRange {
    let name: String
    let version: String?
    /// In thousandths.
    let quality: Int

    /// Reads an element; `nil` if it or its quality is malformed.
    init?(_ element: String) {
        let parts = ExpositionFormat.elements(of: element, separator: UInt8(ascii: ";"))
        guard let name = parts.first, name.utf8.contains(UInt8(ascii: "/")) else { return nil }
        var version: String?
        var quality = 1_000
        for part in parts.dropFirst() {
            guard let equals = part.firstIndex(of: "=") else { continue }
            let value = part[part.index(after: equals)...]
            switch part[..<equals].lowercased() {
            case "version": version = value.filter { $0 != "\"" }
            case "q":
                guard let thousandths = Self.thousandths(value) else { return nil }
                quality = thousandths
            // `charset` and `escaping` are given as they are.
            default: break
            }
        }
        self.name = name.lowercased()
        self.version = version
        self.quality = quality
    }

    /// How closely the range names a format: 3 with its version, 2 without one, 1 for its main type, 0 for any type, `nil`
    /// if it means something else.
    func specificity(for format: ExpositionFormat) -> Int? {
        if self.name == format.mediaType {
            if self.version == nil { return 2 }
            return self.version == format.version ? 3 : nil
        }
        if self.name == "*/*" { return 0 }
        return self.name.hasSuffix("/*") && format.mediaType.hasPrefix(self.name.dropLast()) ? 1 : nil
    }

    /// A quality value: `0` or `1` with up to three decimals, at most 1.
    private static func thousandths(_ text: Substring) -> Int? {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, first == UInt8(ascii: "0") || first == UInt8(ascii: "1"), bytes.count <= 5 else {
            return nil
        }
        var value = Int(first - UInt8(ascii: "0")) * 1_000
        if bytes.count > 1 {
            guard bytes[1] == UInt8(ascii: ".") else { return nil }
            var place = 100
            for byte in bytes.dropFirst(2) {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value += Int(byte - UInt8(ascii: "0")) * place
                place /= 10
            }
        }
        return value <= 1_000 ? value : nil
    }
}
