/// Lines of a screen: exactly as wide as it is, whatever stands in them.
enum TopLine {
    /// How a line stands out where colour is wanted; without, words and marks say the same.
    enum Look: String {
        /// A title.
        case strong = "1"
        /// What is chosen.
        case chosen = "7"
    }

    private static let escape: Character = "\u{1B}"

    /// The text with blanks behind it, or cut, to fill so many cells; what colours it stays.
    static func fitted(_ text: String, to width: Int, _ style: TextStyle) -> String {
        let text = style.isUTF8 ? text : Self.spelledInASCII(text)
        let cells = Self.width(of: text)
        if cells <= width { return text + String(repeating: " ", count: width - cells) }
        var kept = ""
        var used = 0
        var isCut = false
        Self.walk(text) { character, isSeen in
            guard isSeen else {
                kept.append(character)
                return
            }
            guard !isCut else { return }
            let cells = DisplayWidth.of(character)
            if used + cells > width - 1 {
                kept.append(style.cutMark)
                used += 1
                isCut = true
            } else {
                kept.append(character)
                used += cells
            }
        }
        return kept + String(repeating: " ", count: width - used)
    }

    /// A whole line in a look.
    static func painted(_ text: String, _ look: Look, to width: Int, _ style: TextStyle) -> String {
        let line = Self.fitted(text, to: width, style)
        return style.isColoured ? "\u{1B}[\(look.rawValue)m\(line)\u{1B}[0m" : line
    }

    /// The cells of a text in which nothing but colours is an escape.
    static func width(of text: String) -> Int {
        guard text.utf8.contains(0x1B) else { return DisplayWidth.of(text) }
        var width = 0
        Self.walk(text) { character, isSeen in if isSeen { width += DisplayWidth.of(character) } }
        return width
    }

    /// Pieces beside one another in few lines; what finds no room is left out.
    static func flow(_ pieces: [Table.Cell], lines limit: Int, gap: Int, _ style: TextStyle) -> [String] {
        let width = style.width ?? TextStyle.usualWidth
        var lines: [(text: String, cells: Int)] = []
        for piece in pieces where !piece.text.isEmpty {
            let cells = DisplayWidth.of(piece.text)
            let painted = style.painted(piece.text, piece.colour)
            if let last = lines.last, last.cells + gap + cells <= width {
                lines[lines.count - 1].text += String(repeating: " ", count: gap) + painted
                lines[lines.count - 1].cells += gap + cells
            } else if lines.count < limit {
                lines.append((painted, cells))
            }
        }
        return lines.map(\.text)
    }

    /// Calls `body` with each character, and whether it is seen: those of an escape are not.
    private static func walk(_ text: String, _ body: (Character, Bool) -> Void) {
        var isEscape = false
        for character in text {
            if character == Self.escape { isEscape = true }
            body(character, !isEscape)
            // By its first scalar: a mark that combines may follow the colour, and would be one character with it.
            if isEscape, character.unicodeScalars.first == "m" { isEscape = false }
        }
    }

    /// The text for a terminal that shows nothing else, each cell of what it cannot show a `?`.
    private static func spelledInASCII(_ text: String) -> String {
        guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text }
        var spelled = ""
        for character in text {
            if character.isASCII {
                spelled.append(character)
            } else if character == "µ" {
                spelled.append("u")
            } else {
                spelled += String(repeating: "?", count: DisplayWidth.of(character))
            }
        }
        return spelled
    }
}
