import ArgumentParser
import DBusControl
import Testing

@testable import kmictl

/// What every command prints, kept in files; who changes it sees it in the difference.
@Suite(.timeLimit(.minutes(5)))
struct SnapshotTests {
    @Test("prints what it printed, at 80 and 200 columns, full and empty, and as JSON", arguments: SnapshotCase.all)
    func prints(_ line: SnapshotCase) async throws {
        var text = ""
        for (title, fill) in Self.pools {
            for width in [80, 200] {
                var terminal = Terminal.plain
                (terminal.width, terminal.hasInput) = (width, false)
                text += "== \(title), \(width) columns\n" + (try await Self.run(line, [], fill, terminal))
            }
            text += "== \(title), JSON\n" + (try await Self.run(line, ["--json=pretty"], fill, .none))
            text += "== \(title), quiet\n" + (try await Self.run(line, ["--quiet"], fill, .none))
        }
        try SnapshotFile(line.name).hold(text)
    }

    @Test("follows one line for each request, as text and as JSON")
    func follows() async throws {
        var text = ""
        for width in [80, 200] {
            var terminal = Terminal.plain
            terminal.width = width
            text += "== \(width) columns\n" + (try await Self.run(.following, [], FullPool.fill, terminal))
        }
        text += "== JSON\n" + (try await Self.run(.following, ["--json"], FullPool.fill, .none))
        try SnapshotFile(SnapshotCase.following.name).hold(text)
    }

    @Test("keeps the whole tree of help")
    func helps() throws {
        var text = ""
        for path in CommandPath.all {
            text += "$ \(path.words.joined(separator: " ")) --help\n"
            text += KMICtl.helpMessage(for: path.command, columns: 80) + "\n\n"
        }
        try SnapshotFile("help").hold(text)
    }

    @Test("keeps every command, and no file of one that is gone (K-012)")
    func isComplete() throws {
        let lines = SnapshotCase.all.map(\.words) + [SnapshotCase.following.words]
        for path in CommandPath.all where path.command.configuration.subcommands.isEmpty {
            let words = Array(path.words.dropFirst())
            #expect(
                lines.contains { $0.starts(with: words) }
                    || SnapshotCase.elsewhere[words.joined(separator: " ")] != nil,
                "SnapshotCase.all has no line for \(path.words.joined(separator: " "))")
        }
        let names = Set(SnapshotCase.all.map(\.name) + [SnapshotCase.following.name, "help"])
        #expect(names.count == SnapshotCase.all.count + 2, "two lines have one file")
        for name in try SnapshotFile.names().subtracting(names) {
            if SnapshotFile.isUpdating {
                try SnapshotFile(name).remove()
            } else {
                Issue.record("\(name).txt belongs to no command")
            }
        }
    }

    @Test("fits the terminal and does nothing to it (A-005)", arguments: SnapshotCase.all)
    func fits(_ line: SnapshotCase) async throws {
        for width in [80, 200] {
            var terminal = Terminal.plain
            (terminal.width, terminal.hasInput) = (width, false)
            let daemon = FakeDaemon()
            daemon.with { state in
                FullPool.fill(&state)
                line.change(&state)
            }
            let result = try await kmictl(words: line.words, daemon: daemon, terminal: terminal, input: line.input)
            #expect(!(result.output + result.errors).unicodeScalars.contains { $0 != "\n" && SafeText.isUnsafe($0) })
            // Values that are to be copied, such as labels and bodies, are never cut in lists of fields.
            guard result.lines.first?.contains("  ") == true, result.lines.first?.allSatisfy(Self.isOfHead) == true
            else { continue }
            for line in result.lines { #expect(DisplayWidth.of(line) <= width, "\(line)") }
        }
    }

    /// Whether a sign may stand in the head of a table.
    private static func isOfHead(_ sign: Character) -> Bool { sign == " " || sign.isUppercase }

    static let pools: [(String, @Sendable (inout FakeDaemon.State) -> Void)] = [
        ("full", FullPool.fill), ("empty", FullPool.empty),
    ]

    private static func run(
        _ line: SnapshotCase, _ options: [String], _ fill: @Sendable (inout FakeDaemon.State) -> Void,
        _ terminal: Terminal
    ) async throws -> String {
        let daemon = FakeDaemon()
        daemon.with { state in
            fill(&state)
            line.change(&state)
        }
        let result = try await kmictl(
            words: line.words + options, daemon: daemon, terminal: terminal, input: line.input)
        var text = "$ \((["kmictl"] + line.words + options).joined(separator: " "))\n" + result.output
        if !result.errors.isEmpty { text += "-- standard error\n" + result.errors }
        if result.status != .success { text += "-- exit status \(result.status.rawValue)\n" }
        return text + "\n"
    }
}

/// A command and the words that lead to it.
struct CommandPath {
    let words: [String]
    let command: any ParsableCommand.Type

    /// The whole tree, from its root.
    static let all = CommandPath.below(KMICtl.self, ["kmictl"])

    private static func below(_ command: any ParsableCommand.Type, _ words: [String]) -> [CommandPath] {
        [CommandPath(words: words, command: command)]
            + command.configuration.subcommands.flatMap { child in
                Self.below(child, words + [child.configuration.commandName ?? ""])
            }
    }
}
