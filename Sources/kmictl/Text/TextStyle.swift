/// How text for people is to look.
struct TextStyle {
    /// The cells of a line where nobody says how many there are.
    static let usualWidth = 80

    /// The cells of a line; `nil` where nothing is cut off, because no terminal is there.
    var width: Int?
    /// Whether colour says what a word means.
    var isColoured: Bool
    /// The time now, in microseconds since the epoch, that relative times count from.
    var now: UInt64
    /// Whether signs beyond ASCII can be shown.
    var isUTF8 = true

    /// What stands where a text is cut.
    var cutMark: Character { self.isUTF8 ? "…" : "~" }

    /// The colours, named by what they mean.
    enum Colour: String {
        /// Ready.
        case good = "32"
        /// Resting, or asking for attention.
        case resting = "33"
        /// Broken until a person does something.
        case bad = "31"
    }

    /// The text in a colour, if there is one and colour is wanted.
    func painted(_ text: String, _ colour: Colour?) -> String {
        guard self.isColoured, let colour, !text.isEmpty else { return text }
        return "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m"
    }
}
