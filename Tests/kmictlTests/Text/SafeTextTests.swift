import DBusControl
import Testing

@testable import kmictl

struct SafeTextTests {
    @Test(
        "spells out what would do something to a terminal (A-005)",
        arguments: [
            ("kimi-k2", "kimi-k2"), ("\u{1B}]8;;http://evil\u{07}x", "\\u{1b}]8;;http://evil\\u{7}x"),
            ("a\nb", "a\\nb"),
            ("a\r\nb", "a\\r\\nb"), ("\u{9B}31m", "\\u{9b}31m"), ("a\u{202E}b", "a\\u{202e}b"), ("<b>", "<b>"),
            ("a\u{200B}b", "a\\u{200b}b"), ("ключ 鍵", "ключ 鍵"), ("\u{2028}", "\\u{2028}"), ("\0", "\\u{0}"),
        ])
    func neutralises(text: String, safe: String) {
        #expect(SafeText.line(text) == safe)
    }

    @Test(
        "neutralises what the daemon tells in every view (A-005)",
        arguments: [
            ["status"], ["keys"], ["keys", "show", "\u{1B}[2J<b>\n"], ["clients"], ["requests"], ["requests", "-f"],
            ["request", "\u{1B}[2J<b>\n"], ["reload"], ["metrics"], ["keys", "-q"], ["requests", "-q"], ["rotate"],
            ["status", "--json"], ["keys", "--json"], ["clients", "--json"], ["requests", "--json"],
            ["reload", "--json"],
            ["metrics", "--json"], ["version"], ["mode"], ["keys", "show", "\u{1B}[2J<b>"], ["request", "\u{9B}2J"],
        ])
    func neutralisesEverywhere(words: [String]) async throws {
        let evil = "\u{1B}[2J<b>\n"
        let daemon = FakeDaemon()
        daemon.with { state in
            state.manager.version = evil
            state.manager.state = evil
            state.manager.rotationMode = evil
            state.manager.activeKey = evil
            state.manager.listeners = [evil]
            state.manager.degraded = [evil]
            var key = Samples.key(evil, evil, reason: evil, back: 5)
            key.provider = evil
            key.masked = evil
            key.warn = true
            key.windows = [KeyStatus.Window(name: evil, used: 1, limit: 2, resetsAt: 0)]
            key.modelStates = [KeyStatus.ModelState(model: evil, state: evil, reason: evil, usableAt: 0)]
            state.keys = [key]
            state.clients[0].name = evil
            state.clients[0].scopes = [evil]
            state.clients[0].models = [evil]
            var row = Samples.row(evil, status: 200)
            row.model = evil
            row.key = evil
            row.client = evil
            row.project = evil
            row.errorClass = evil
            row.outcome = evil
            row.tokens = [evil: 1]
            row.attempts[0].key = evil
            row.attempts[0].errorClass = evil
            state.rows = [row]
            state.followed = [row]
            state.entries = [ReloadEntry(key: evil, result: evil, reason: evil)]
            state.metrics = "kmi_up{model=\"\u{1B}[2J\"} 1\n"
            state.cursor = evil
        }
        let output = RecordedOutput()
        let surroundings = Surroundings(
            terminal: .none, output: output, now: { Samples.now },
            connect: { (_, _) async throws(ControlClientError) in daemon })
        _ = await CommandRun(surroundings: surroundings).run(words)
        let printed = output.standardOutput + output.standardError
        #expect(!printed.isEmpty)
        #expect(!printed.unicodeScalars.contains { $0 != "\n" && $0.properties.generalCategory == .control })
        // A line of the evil text would begin a line of ours.
        #expect(!printed.contains("<b>\n<b>") && !printed.contains("<b>\n "))
    }
}
