import DBusControl

/// What the daemon says of the arguments of a message, in the words of a command line.
enum DaemonWords {
    /// `option process: expected s, 1 to 256 bytes` as `--process: expected 1 to 256 bytes`, and
    /// `file: the descriptor holds nothing` as `the file is empty`; everything else as it is.
    static func ofCommandLine(_ message: String) -> String {
        for argument in ["file", "secret"] {
            guard let rest = Self.rest(of: message, behind: "\(argument): the descriptor ") else { continue }
            return "the \(argument) " + (rest == "holds nothing" ? "is empty" : rest)
        }
        guard let rest = Self.rest(of: message, behind: "option "), let colon = rest.firstIndex(of: ":") else {
            return message
        }
        let name = String(rest[..<colon].map { $0 == "_" ? "-" : $0 })
        guard !name.isEmpty, name.allSatisfy({ $0.isASCII && $0.isLetter || $0 == "-" }) else { return message }
        return "--\(name)" + Self.withoutType(String(rest[colon...]))
    }

    /// `: expected s, a name` without the type, which nobody types.
    private static func withoutType(_ text: String) -> String {
        guard let expected = Self.rest(of: text, behind: ": expected ") else { return text }
        let type = expected.prefix { $0 != "," }
        guard type.count < expected.count, (1...2).contains(type.count), type.allSatisfy("abdinqstuxy".contains) else {
            return text
        }
        return ": expected " + expected.dropFirst(type.count + 2)
    }

    private static func rest(of text: String, behind begin: String) -> String? {
        text.hasPrefix(begin) ? String(text.dropFirst(begin.count)) : nil
    }
}
