import Foundation
import TestSupport
import Testing

/// `kmictl top` in a terminal, with a daemon that comes and goes.
@Suite(
    "The live view, in a real terminal", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: TerminalSession.isAvailable, Comment(rawValue: TerminalSession.reason)))
struct TopTests {
    @Test("fills 80x24, stays tidy on 40x10, uses the room of 120x32, and follows the terminal's size")
    func drawsAtThreeSizes() async throws {
        try await LiveView.with { view in
            for model in ["first", "second", "sim-status-404"] { _ = try await view.daemon.client().chat(model: model) }
            try await view.start()
            let screen = try await view.terminal.wait("all requests are shown") {
                $0.contains { $0.contains("last 3") }
            }
            #expect(
                Self.normal(screen) == """
                    kmid running next alpha round-robin up T version N
                    requests N/s in flight N errors N % p50 T p95 T p99 T
                    first byte T tokens N/min cost N/+?/min
                    ── keys: N of N usable ─────────────────────────────────────────────────────────
                    LABEL▲ PROVIDER STATE BACK USED RUN SERVED ERRORS
                    ▸ alpha sim usable N N N
                    beta sim usable N N N
                    ── requests: the last N ────────────────────────────────────────────────────────
                    AGO▼ KEY MODEL RESULT TOOK TOKENS COST
                    T beta sim-status-404 404 C T - -
                    T beta second 200 T N -
                    T alpha first 200 T N -











                    q quit ? help / filter s sort p pause Enter open Tab table
                    """)

            try await view.terminal.resize(columns: 40, rows: 10)
            let small = try await view.terminal.wait("it is drawn anew") {
                $0.count == 10 && $0[2].hasPrefix("   LABEL") && $0[9].hasPrefix("q quit")
            }
            #expect(
                Self.normal(small) == """
                    kmid running next alpha round-robin
                    requests N/s in flight N errors N %
                    LABEL▲ STATE BACK RUN
                    ▸ alpha usable N
                    beta usable N
                    AGO▼ KEY RESULT TOOK
                    T beta 404 C T
                    T beta 200 T
                    T alpha 200 T
                    q quit ? help / filter s sort
                    """)

            try await view.terminal.resize(columns: 120, rows: 32)
            let large = try await view.terminal.wait("it is drawn anew") {
                $0.count == 32 && $0[31].hasPrefix("q quit")
            }
            #expect(large.contains { $0.contains("CLIENT  PROVIDER") })
            #expect(large.contains { $0.hasSuffix(String(repeating: "─", count: 60)) && $0.count == 120 })

            try await view.terminal.resize(columns: 30, rows: 5)
            try await view.terminal.wait("it says that there is no room") {
                $0[0].hasPrefix("The terminal has 30x5 cells;")
            }
        }
    }

    @Test("sorts, filters, pauses, opens and goes back with the keys that its last line names")
    func obeysKeys() async throws {
        try await LiveView.with { view in
            let terminal = view.terminal
            for model in ["first", "second"] { _ = try await view.daemon.client().chat(model: model) }
            try await view.start()
            try await terminal.wait("both requests are shown") { $0.contains { $0.contains("last 2") } }

            try await terminal.press("s", "s")
            try await terminal.wait("keys are sorted by state") { $0.contains { $0.contains("STATE▲") } }
            try await terminal.press("S", "Down")
            try await terminal.wait("turned round") { $0.contains { $0.contains("STATE▼") } }
            try await terminal.wait("the second key is chosen") { $0.contains { $0.hasPrefix("▸  beta") } }
            try await terminal.press("Enter")
            try await terminal.wait("the key is open") { $0.contains { $0.hasPrefix("fingerprint  ") } }
            try await terminal.press("Escape")

            try await terminal.press("Tab")
            try await terminal.wait("a request is chosen") {
                $0.contains { $0.hasPrefix("▸") && $0.contains("second") }
            }
            try await terminal.press("Down", "Enter")
            let opened = try await terminal.wait("the request is open") { $0.contains { $0.hasPrefix("attempts ") } }
            #expect(opened.contains { $0.contains("1. alpha at sim: 200") })
            #expect(opened.contains { $0 == "model       first" })
            try await terminal.press("Escape")

            try await terminal.press("/")
            try await terminal.press("f", "i", "r")
            try await terminal.wait("one request is left") {
                $0.contains { $0.contains("last 2, 1 with \"fir\"") } && !$0.contains { $0.contains("second") }
            }
            try await terminal.press("Enter", "Escape")
            try await terminal.wait("all are there again") { $0.contains { $0.contains("second") } }

            try await terminal.press("p")
            try await terminal.wait("it stands still") { $0[0].contains("PAUSED") }
            _ = try await view.daemon.client().chat(model: "third")
            try await terminal.press("?")
            try await terminal.wait("the help is open") { $0.contains { $0.contains("the other table") } }
            try await terminal.press("Escape", "j")
            let paused = try await terminal.wait("the tables are back") { $0.contains { $0.contains("last 2") } }
            #expect(!paused.contains { $0.contains("third") })
            try await terminal.press("Space")
            try await terminal.wait("it goes on") { $0.contains { $0.contains("third") } && !$0[0].contains("PAUSED") }

            try await terminal.press("q")
            try await terminal.waitForShell()
            try await terminal.enter("echo status $?")
            try await terminal.wait("it ended well") { $0.contains("status 0") }
        }
    }

    @Test("waits for a daemon that was killed, and goes on with the next one; Ctrl-C leaves the terminal as it was")
    func survivesTheDaemon() async throws {
        try await LiveView.with { view in
            let terminal = view.terminal
            let modes = try await terminal.modes()
            try await view.start()
            try await view.daemon.killHard()
            try await terminal.wait("it waits") { $0[0].hasPrefix("kmid is not running – waiting for it") }
            #expect(try await terminal.value("#{alternate_on} #{cursor_flag}") == "1 0")
            try await view.restart { daemon in
                try await terminal.wait("it goes on") { $0[0].hasPrefix("kmid running") }
                _ = try await daemon.client().chat(model: "afterwards")
                try await terminal.wait("requests come again") { $0.contains { $0.contains("afterwards") } }
                try await daemon.killHard()
                try await terminal.wait("it waits again") { $0[0].hasPrefix("kmid is not running") }
            }
            try await terminal.press("C-c")
            try await terminal.waitForShell()
            #expect(try await terminal.modes() == modes)
        }
    }

    @Test("begins without a daemon, which it never starts")
    func beginsWithoutADaemon() async throws {
        try await LiveView.with { view in
            try await view.daemon.killHard()
            try await view.terminal.enter(view.command)
            try await view.terminal.wait("it waits") {
                $0[0].hasPrefix("kmid is not running")
                    && $0.dropFirst().contains { $0.hasPrefix("kmid is not running") }
            }
            try await view.restart { _ in
                try await view.terminal.wait("it finds it") { $0[0].hasPrefix("kmid running") }
            }
            try await view.terminal.press("q")
            try await view.terminal.waitForShell()
        }
    }

    @Test("leaves the terminal as it was on every signal that ends it", arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT])
    func restoresOnSignals(signal: Int32) async throws {
        try await LiveView.with { view in
            let modes = try await view.terminal.modes()
            try await view.start()
            #expect(kill(try await view.terminal.child(), signal) == 0)
            try await view.terminal.waitForShell()
            #expect(try await view.terminal.modes() == modes)
        }
    }

    @Test("gives the terminal to the shell when it is stopped, and takes it again when it goes on")
    func stopsAndGoesOn() async throws {
        try await LiveView.with { view in
            let terminal = view.terminal
            let modes = try await terminal.modes()
            try await view.start()
            for _ in 0..<2 {
                try await terminal.press("C-z")
                try await terminal.waitForShell()
                #expect(try await terminal.modes() == modes)
                try await terminal.enter("fg")
                try await terminal.wait("it is drawn anew") { $0[0].hasPrefix("kmid running") }
                #expect(try await terminal.value("#{alternate_on} #{cursor_flag}") == "1 0")
            }
            // It still hears keys.
            try await terminal.press("?")
            try await terminal.wait("the help is open") { $0.contains { $0.contains("the other table") } }
            try await terminal.press("q")
            try await terminal.waitForShell()
            #expect(try await terminal.modes() == modes)
        }
    }

    @Test("uses no more than two hundredths of a processor while nothing happens")
    func isIdle() async throws {
        try await LiveView.with { view in
            try await view.start()
            let process = try await view.terminal.child()
            let begin = (ContinuousClock.now, try Self.processorSeconds(of: process))
            func upSeconds() async throws -> Int {
                let head = try await view.terminal.screen()[0]
                let seconds = head.firstMatch(of: /up (?:(\d+) m )?(\d+) s/)
                return (seconds.flatMap { Int($0.1 ?? "0") } ?? 0) * 60 + (seconds.flatMap { Int($0.2) } ?? 0)
            }
            let first = try await upSeconds()
            try await eventually("ten seconds are shown", within: .seconds(30), every: .milliseconds(500)) {
                try await upSeconds() >= first + 10
            }
            let used = try Self.processorSeconds(of: process) - begin.1
            let elapsed = begin.0.duration(to: .now) / .seconds(1)
            #expect(used <= 0.02 * elapsed, "\(used) s of \(elapsed) s")
        }
    }

    @Test(
        "draws without colours and without UTF-8 where those are not wanted",
        arguments: [["NO_COLOR": "1", "LANG": "C"], ["LANG": "POSIX", "TERM": "screen"]])
    func drawsPlainly(environment: [String: String]) async throws {
        try await LiveView.with(environment: environment) { view in
            let wantsColour = environment["NO_COLOR"] == nil
            try await view.start()
            let screen = try await view.terminal.colouredScreen()
            #expect(screen.contains("\u{1B}[32m") == wantsColour)
            #expect(screen.contains("\u{1B}[") == wantsColour)
            #expect(screen.utf8.allSatisfy { $0 < 0x80 })
            #expect(screen.contains("-- keys: 2 of 2 usable ------"))
        }
    }

    @Test("ends when it is told to although the terminal takes nothing any more")
    func endsOnAStalledTerminal() async throws {
        // A large terminal whose other side never reads: the first picture is more than it holds.
        let script = """
            import fcntl, os, pty, select, signal, struct, sys, termios, time
            pid, master = pty.fork()
            if pid == 0:
                while struct.unpack("HHHH", fcntl.ioctl(1, termios.TIOCGWINSZ, b"\\0" * 8))[0] != 200: time.sleep(0.01)
                os.execve(sys.argv[1], sys.argv[1:], {"TERM": "xterm", "LANG": "C.UTF-8"})
            fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 200, 500, 0, 0))
            assert select.select([master], [], [], 20)[0], "nothing is drawn"
            os.write(master, b"?s?s?s")
            os.kill(pid, signal.SIGTERM)
            end = time.monotonic() + 10
            while os.waitpid(pid, os.WNOHANG)[0] == 0:
                if time.monotonic() > end:
                    os.kill(pid, signal.SIGKILL)
                    sys.exit("it did not end")
                time.sleep(0.02)
            """
        try await PrivateBus.with { bus in
            let result = try await FinishedProcess.run(
                "/usr/bin/python3",
                arguments: ["-c", script, BuildProducts.path(of: "kmictl"), "--address", bus.address, "top"],
                environment: ["PATH": "/usr/bin:/bin"])
            #expect(result.isSuccess, "\(result.standardError)")
        }
    }

    @Test("refuses a pipe and a dumb terminal, and names what to use instead")
    func refuses() async throws {
        let kmictl = try BuildProducts.path(of: "kmictl")
        let piped = try await FinishedProcess.run(kmictl, arguments: ["top"], environment: ["TERM": "xterm"])
        #expect(piped.status == .exited(1))
        #expect(piped.standardOutput.isEmpty)
        #expect(piped.standardError.contains("top needs a terminal"))
        #expect(piped.standardError.contains("kmictl status --json"))
        let json = try await FinishedProcess.run(kmictl, arguments: ["top", "--json"], environment: ["TERM": "xterm"])
        #expect(json.status == .exited(64))
        #expect(json.standardOutput.hasPrefix(#"{"error":{"code":"usage""#))
        try await TerminalSession.with(environment: ["TERM": "dumb"]) { terminal in
            try await terminal.enter("\(kmictl) top; echo status $?")
            try await terminal.wait("it refuses") { $0.contains("status 1") && $0.contains { $0.contains("TERM") } }
        }
    }

    /// A screen with its figures, times and blanks made the same on every run: `N` and `T`.
    private static func normal(_ screen: [String]) -> String {
        var lines = screen.map { line in
            var words: [String] = []
            for word in line.split(separator: " ").map(String.init) {
                let isNumber = word.allSatisfy { $0.isNumber || $0 == "." }
                if ["µs", "ms", "s", "m", "h"].contains(word), words.last == "N" || words.last == "T" {
                    words.removeLast()
                    if words.last != "T" { words.append("T") }
                } else if isNumber, !["200", "404"].contains(word) {
                    words.append("N")
                } else if word.hasPrefix("provide") {
                    // The class of an error, cut somewhere.
                    words.append("C")
                } else {
                    words.append(word.replacing(/[0-9.]+\/|\$[0-9.]+/, with: "N/"))
                }
            }
            return words.joined(separator: " ")
        }
        while lines.last?.isEmpty ?? false { lines.removeLast() }
        return lines.joined(separator: "\n")
    }

    /// What a process has used of the processors.
    private static func processorSeconds(of process: Int32) throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        // Behind the name, which may hold blanks: state, …; the 12th and 13th are the ticks of the program and the kernel.
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        guard fields.count > 13, let own = Double(fields[12]), let kernel = Double(fields[13]) else {
            throw TestFailure("/proc/\(process)/stat reads \(text)")
        }
        return (own + kernel) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
