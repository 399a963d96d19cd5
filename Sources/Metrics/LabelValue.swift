/// How label values are made harmless and written.
enum LabelValue {
    /// The value that stands for everything past a bound.
    static let other = "other"

    /// The longest value that is kept whole, in bytes of UTF-8; longer ones are cut at a character boundary below it.
    static let maximumLength = 256

    /// The value with everything replaced that could steer a terminal, a page or a line-based reader.
    ///
    /// Control characters (C0 other than the line feed, DEL, C1), line and paragraph separators and the marks that turn
    /// the writing direction become U+FFFD; angle brackets, which open markup, become the quotation marks that look like
    /// them. A line feed stays, since the format has an escape for it.
    static func neutralised(_ value: String) -> String {
        if Self.isHarmless(value) { return value }
        var result = String.UnicodeScalarView()
        var length = 0
        for scalar in value.unicodeScalars {
            let replacement = Self.replacement(of: scalar)
            length += UTF8.width(replacement)
            if length > Self.maximumLength { break }
            result.append(replacement)
        }
        return String(result)
    }

    /// The text between the braces of a sample line, empty without labels: `a="x",b="y"`.
    static func text(names: [MetricLabel], values: [String]) -> String {
        var text = ""
        for (label, value) in zip(names, values) {
            if !text.isEmpty { text += "," }
            text += label.name
            text += "=\""
            text += Self.escaped(value, quotes: true)
            text += "\""
        }
        return text
    }

    /// The text with backslash, line feed and, where asked for, double quote escaped as both formats demand.
    static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Whether the value is short visible ASCII without markup, as almost every one is.
    private static func isHarmless(_ value: String) -> Bool {
        value.utf8.count <= Self.maximumLength
            && value.utf8.allSatisfy {
                (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">")
            }
    }

    private static func replacement(of scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0x0A: scalar
        case 0x00...0x1F, 0x7F...0x9F, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: "\u{FFFD}"
        case 0x3C: "\u{2039}"
        case 0x3E: "\u{203A}"
        default: scalar
        }
    }
}
