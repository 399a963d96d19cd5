/// How many cells of a terminal a text takes.
///
/// Wide ranges after Unicode's `EastAsianWidth.txt` (W and F), in blocks; a terminal that disagrees shows a ragged
/// table, nothing worse.
enum DisplayWidth {
    /// The cells of a text that ``SafeText`` has made harmless.
    static func of(_ text: String) -> Int {
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return text.utf8.count }
        return text.reduce(0) { $0 + Self.of($1) }
    }

    /// The cells of one character: 0, 1 or 2.
    static func of(_ character: Character) -> Int {
        character.unicodeScalars.reduce(0) { max($0, Self.of($1)) }
    }

    /// The longest beginning that fits, with `mark`, one cell wide, where something is left out.
    static func truncated(_ text: String, to width: Int, mark: Character = "…") -> String {
        guard Self.of(text) > width else { return text }
        guard width > 0 else { return "" }
        var kept = ""
        var used = 1
        for character in text {
            let cells = Self.of(character)
            guard used + cells <= width else { break }
            kept.append(character)
            used += cells
        }
        return kept + String(mark)
    }

    private static func of(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: break
        }
        if scalar.properties.isEmojiPresentation { return 2 }
        return Self.wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }

    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
        0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF00...0xFF60,
        0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1B000...0x1B2FF, 0x1F200...0x1F2FF, 0x20000...0x3FFFD,
    ]
}
