import ProxyCore

/// Makes text from outside harmless for whoever reads the log.
///
/// What a caller or a provider has chosen could move the cursor of a terminal, forge lines, or look like another text; all
/// of it stays readable and, in JSON, the same text for programs.
enum LogText {
    /// The text in one line, with what is not to be seen as itself spelled `\u{1b}`; a backslash too, so that nobody can
    /// forge that spelling.
    static func line(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { Self.isUnsafe($0) || $0 == "\\" }) else { return text }
        return text.unicodeScalars.reduce(into: "") { result, scalar in
            if Self.isUnsafe(scalar) {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else if scalar == "\\" {
                result += "\\\\"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
    }

    /// Writes the text as a JSON literal, quotes included, in which what is not to be seen as itself is escaped (RFC 8259
    /// section 7).
    static func write(literal text: String, to json: inout JSONWriter) {
        // Of ASCII the writer escapes by itself what is not to be seen.
        guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return json.string(text) }
        let literal = String(decoding: JSONWriter.literal(text), as: UTF8.self)
        json.raw(
            literal.unicodeScalars.reduce(into: "") { result, scalar in
                guard Self.isUnsafe(scalar) else { return result.unicodeScalars.append(scalar) }
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            })
    }

    /// Whether a terminal would do something with the character, or show nothing of it.
    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        if (0x20...0x7E).contains(scalar.value) { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return true
        default: return scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}
