/// Names and values below one another, the values aligned; a value may have several lines.
struct FieldList {
    private var fields: [(name: String, values: [Table.Cell])] = []

    /// Adds a field; one without values is left out.
    mutating func append(_ name: String, _ values: [Table.Cell]) {
        if !values.isEmpty { self.fields.append((name, values)) }
    }

    /// Adds a field of one line; an empty one is left out.
    mutating func append(_ name: String, _ value: Table.Cell) {
        if !value.text.isEmpty { self.append(name, [value]) }
    }

    /// The lines, the last one without an end.
    ///
    /// Values longer than a terminal's line go on below themselves.
    func text(_ style: TextStyle) -> String {
        let indent = (self.fields.map { DisplayWidth.of($0.name) }.max() ?? 0) + 2
        let room = style.width.map { max(16, $0 - indent) }
        var lines: [String] = []
        for field in self.fields {
            var name = field.name
            for value in field.values {
                for piece in Self.wrapped(value.text, to: room) {
                    let blanks = String(repeating: " ", count: indent - DisplayWidth.of(name))
                    lines.append(name + blanks + style.painted(piece, value.colour))
                    name = ""
                }
            }
        }
        return lines.joined(separator: "\n")
    }

    /// Breaks a text at blanks; words that are longer than a line stay whole, so that they can be copied.
    ///
    /// Where it begins with blanks, each line does; behind a number such as `2.` the others stand below its text.
    static func wrapped(_ text: String, to width: Int?) -> [String] {
        guard let width, DisplayWidth.of(text) > width else { return [text] }
        let indent = String(text.prefix { $0 == " " })
        let number = text.prefix { $0.isNumber }
        if !number.isEmpty, text.dropFirst(number.count).hasPrefix(". ") {
            let lines = Self.broken(text.dropFirst(number.count + 2), to: max(1, width - number.count - 2))
            let blanks = String(repeating: " ", count: number.count + 2)
            return lines.enumerated().map { $0.offset == 0 ? "\(number). \($0.element)" : blanks + $0.element }
        }
        return Self.broken(text.dropFirst(indent.count), to: max(1, width - indent.count)).map { indent + $0 }
    }

    private static func broken(_ text: Substring, to width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in Self.words(of: text) {
            if !line.isEmpty, DisplayWidth.of(line) + 1 + DisplayWidth.of(word) > width {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? word : " " + word
        }
        return lines + [line]
    }

    /// The words of a text; a figure belongs to the word that it counts.
    private static func words(of text: Substring) -> [String] {
        var words: [String] = []
        var figure = ""
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            let digits = word.drop { $0 == "(" }
            let isFigure =
                digits.contains { $0.isNumber } && digits.allSatisfy { $0.isNumber || $0 == "," || $0 == "." }
            if isFigure, figure.isEmpty {
                figure = String(word)
            } else {
                words.append(figure.isEmpty ? String(word) : "\(figure) \(word)")
                figure = ""
            }
        }
        return figure.isEmpty ? words : words + [figure]
    }
}
