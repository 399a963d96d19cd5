/// Makes text from outside harmless for a terminal.
///
/// Whatever a daemon, a caller or a provider has chosen could move the cursor, change the title, open links or forge
/// lines.
enum SafeText {
    /// The text in one line, with every character that is not to be seen as itself spelled out.
    ///
    /// Controls, escapes and line ends become `\n` or `\u{1b}`; invisible and direction-changing characters too, since
    /// they make a text look like another one.
    static func line(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: Self.isUnsafe) else { return text }
        var safe = ""
        for scalar in text.unicodeScalars {
            if Self.isUnsafe(scalar) { safe += Self.spelled(scalar) } else { safe.unicodeScalars.append(scalar) }
        }
        return safe
    }

    /// The text with its lines kept, each of them as ``line(_:)`` makes it.
    static func lines(_ text: String) -> String {
        // Split by scalars: as characters CR LF would be one that is not LF.
        text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            .map { Self.line(String($0)) }
            .joined(separator: "\n")
    }

    /// Whether a terminal would do something with the character, or show nothing of it.
    static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        if (0x20...0x7E).contains(scalar.value) { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return true
        default: return scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    private static func spelled(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default: "\\u{\(String(scalar.value, radix: 16))}"
        }
    }
}
