/// The words of a command line, made ready for the parser.
///
/// Two things that the parser cannot do by itself: `--json` may stand with or without a layout, and the options that
/// all commands share may stand in front of the command.
struct CommandWords: Equatable {
    /// The words for the parser.
    private(set) var list: [String]
    /// How JSON was asked for, `nil` if it was not; known even where the rest of the line cannot be parsed.
    private(set) var json: JSONChoice?

    private static let flags: Set<Character> = ["j", "q", "h"]
    private static let sharedFlags: Set<String> = ["--quiet", "-q", "--user", "--system", "--no-color"]
    private static let sharedOptions: Set<String> = ["--address", "--timeout", "--json"]

    /// Takes the words after the program's name.
    init(_ words: some Sequence<String>) {
        let words = Array(words)
        let end = words.firstIndex(of: "--") ?? words.endIndex
        let spelled = words[..<end].flatMap(Self.spelled)
        self.json = spelled.last { $0.hasPrefix("--json=") }.map {
            JSONChoice(rawValue: String($0.dropFirst(7))) ?? .automatic
        }
        self.list = Self.withSharedOptionsBehind(spelled) + words[end...]
    }

    /// One word with `--json` spelled out, and joined flags apart if `j` is one of them.
    private static func spelled(_ word: String) -> [String] {
        if word == "--json" || word == "-j" { return ["--json=\(JSONChoice.automatic.rawValue)"] }
        let letters = word.dropFirst()
        guard word.hasPrefix("-"), letters.count > 1, letters.contains("j"), letters.allSatisfy(Self.flags.contains)
        else {
            return [word]
        }
        return letters.flatMap { Self.spelled("-\($0)") }
    }

    /// Moves shared options that stand before or between the words of the command behind everything else.
    private static func withSharedOptionsBehind(_ words: [String]) -> [String] {
        var kept: [String] = []
        var moved: [String] = []
        var rest = words[...]
        // A command has at most two words: `keys list`.
        while let word = rest.first, kept.count < 2 {
            let name = String(word.prefix { $0 != "=" })
            if Self.sharedFlags.contains(word) || (Self.sharedOptions.contains(name) && name != word) {
                moved.append(rest.removeFirst())
            } else if Self.sharedOptions.contains(word), rest.count > 1 {
                moved += rest.prefix(2)
                rest = rest.dropFirst(2)
            } else if word.hasPrefix("-") {
                break
            } else {
                kept.append(rest.removeFirst())
            }
        }
        return kept + rest + moved
    }
}
