import Foundation
import TestSupport

/// A terminal with a shell in it, as a person has one: a `tmux` of the test's own.
struct TerminalSession: Sendable {
    /// Whether there can be one.
    static var isAvailable: Bool { Tools.path(of: "tmux") != nil }
    /// Why there cannot.
    static let reason = "tmux is a terminal that can be looked at; make setup installs it"

    /// What the shell shows when it waits.
    static let prompt = "ready>"

    private let tmux: String
    private let socket: String

    /// Opens a terminal of a size, with more in the environment of its shell, and closes it after the scope.
    static func with<Value>(
        columns: Int = 80, rows: Int = 24, environment: [String: String] = [:],
        _ body: (TerminalSession) async throws -> Value
    ) async throws -> Value {
        guard let tmux = Tools.path(of: "tmux") else { throw TestFailure(Self.reason) }
        return try await TemporaryDirectory.with { directory in
            let session = TerminalSession(tmux: tmux, socket: directory.path("tmux"))
            let shell = [
                "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": directory.path, "TERM": "screen",
                "PS1": "\(Self.prompt) ",
            ].merging(environment) { $1 }
            // In the foreground, so that it ends with the tests, and everything in it too.
            return try await ChildProcess.with(
                tmux, arguments: ["-D", "-u", "-S", session.socket, "-f", "/dev/null"],
                environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": directory.path]
            ) { server in
                try await eventually("tmux listens") { FileManager.default.fileExists(atPath: session.socket) }
                let command = ["env", "-i"] + shell.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" } + ["sh"]
                try await session.run(
                    ["new-session", "-d", "-x", String(columns), "-y", String(rows)] + command)
                _ = try await session.wait("the shell waits") { $0.contains { $0.hasPrefix(Self.prompt) } }
                let value = try await body(session)
                try await session.run(["kill-server"])
                try await server.waitForExit()
                return value
            }
        }
    }

    /// The lines that it shows, without blanks at their ends.
    func screen() async throws -> [String] {
        try await self.run(["capture-pane", "-p"]).split(separator: "\n", omittingEmptySubsequences: false)
            .map { String($0.reversed().drop { $0 == " " }.reversed()) }
    }

    /// What it shows, with the sequences that colour it.
    func colouredScreen() async throws -> String { try await self.run(["capture-pane", "-p", "-e"]) }

    /// Presses keys in tmux's spelling: `Down`, `C-c`, `Escape`, or characters.
    func press(_ keys: String...) async throws { try await self.run(["send-keys"] + keys) }

    /// Types a command and Enter.
    func enter(_ command: String) async throws {
        try await self.run(["send-keys", "-l", command])
        try await self.press("Enter")
    }

    /// Changes its size, as a person does with a window.
    func resize(columns: Int, rows: Int) async throws {
        try await self.run(["resize-window", "-x", String(columns), "-y", String(rows)])
    }

    /// The first screen that is as it should be.
    @discardableResult
    func wait(_ what: String, _ isSo: ([String]) -> Bool) async throws -> [String] {
        var screen: [String] = []
        do {
            try await eventually(what, within: .seconds(20), every: .milliseconds(30)) {
                screen = try await self.screen()
                return isSo(screen)
            }
        } catch {
            throw TestFailure("\(error); the terminal shows:\n\(screen.joined(separator: "\n"))")
        }
        return screen
    }

    /// Waits until the shell has the terminal again, which has to be as it was: not on the other screen, with a cursor.
    func waitForShell() async throws {
        try await eventually("the terminal is left as it was", within: .seconds(20), every: .milliseconds(30)) {
            try await self.value("#{alternate_on} #{cursor_flag} #{wrap_flag}") == "0 1 1"
        }
        try await self.wait("the shell waits") { $0.last { !$0.isEmpty }?.hasPrefix(Self.prompt) ?? false }
    }

    /// The modes of the terminal, as `stty -a` tells them.
    func modes() async throws -> String {
        let name = "modes-\(UInt32.random(in: .min ... .max))"
        let path = (self.socket as NSString).deletingLastPathComponent + "/" + name
        try await self.enter("stty -a > \(name).part && mv \(name).part \(path)")
        try await eventually("stty has told the modes") { FileManager.default.fileExists(atPath: path) }
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    /// The process that runs in front of the shell.
    func child() async throws -> Int32 {
        let shell = try await self.value("#{pane_pid}")
        let children = try String(contentsOfFile: "/proc/\(shell)/task/\(shell)/children", encoding: .utf8)
        guard let pid = children.split(separator: " ").first.flatMap({ Int32($0) }) else {
            throw TestFailure("the shell \(shell) has no child")
        }
        return pid
    }

    /// What tmux knows of the terminal, in its words.
    func value(_ format: String) async throws -> String {
        try await self.run(["display-message", "-p", format]).trimmingCharacters(in: .newlines)
    }

    @discardableResult
    private func run(_ arguments: [String]) async throws -> String {
        let result = try await FinishedProcess.run(
            self.tmux, arguments: ["-u", "-S", self.socket, "-f", "/dev/null"] + arguments,
            environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"])
        guard result.isSuccess else {
            throw TestFailure("tmux \(arguments): \(result.status)\n\(result.standardError)")
        }
        return result.standardOutput
    }
}
