import Glibc

/// What the three standard descriptors are connected to.
struct Terminal: Sendable {
    /// Whether standard input is a terminal.
    var hasInput: Bool
    /// Whether standard output is a terminal.
    var hasOutput: Bool
    /// Whether standard error is a terminal.
    var hasErrors: Bool
    /// The cells of a line of standard output; `nil` where it is no terminal and nobody says how many there are.
    var width: Int?
    /// Whether the environment lets colour be: no `NO_COLOR`, and no terminal that cannot show it.
    var allowsColour: Bool
    /// Whether the locale's characters are those of Unicode.
    var isUTF8 = true
    /// Whether it can be drawn on: its kind is known, and not `dumb`.
    var isScreen = true

    private static let leastWidth = 20

    /// As the process was started.
    static func current() -> Terminal {
        let hasOutput = isatty(STDOUT_FILENO) == 1
        return Terminal(
            hasInput: isatty(STDIN_FILENO) == 1,
            hasOutput: hasOutput,
            hasErrors: isatty(STDERR_FILENO) == 1,
            width: Self.width(
                columns: Self.variable("COLUMNS"), terminal: hasOutput ? Self.columnsOfTerminal() : nil),
            // https://no-color.org: present and not empty.
            allowsColour: (Self.variable("NO_COLOR") ?? "").isEmpty && Self.variable("TERM") != "dumb",
            isUTF8: Self.isUTF8(
                locale: ["LC_ALL", "LC_CTYPE", "LANG"].compactMap(Self.variable).first { !$0.isEmpty }),
            isScreen: !["", "dumb"].contains(Self.variable("TERM") ?? "")
        )
    }

    /// The cells of a line: what `COLUMNS` says, else what the terminal does; `nil` where neither is there.
    static func width(columns: String?, terminal: Int?) -> Int? {
        let asked = columns.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
        return (asked ?? terminal).map { max(Self.leastWidth, $0) }
    }

    /// Whether a locale's name, such as `de_DE.UTF-8`, says so; without one it is that of POSIX, which is ASCII.
    static func isUTF8(locale: String?) -> Bool {
        let codeset = locale?.drop { $0 != "." }.dropFirst().prefix { $0 != "@" }.lowercased()
        return codeset == "utf-8" || codeset == "utf8"
    }

    private static func columnsOfTerminal() -> Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return TextStyle.usualWidth }
        return Int(size.ws_col)
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
