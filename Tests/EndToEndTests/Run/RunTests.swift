import Foundation
import TestSupport
import Testing

@Suite("kmictl run", .serialized, .timeLimit(.minutes(5)))
struct RunTests {
    /// What Tests/SDK/run_client.py tells.
    private struct Used: Decodable {
        var input: Int
        var cached: Int
        var output: Int
        var shown: [String]
    }

    /// A row of `kmictl usage --json`.
    private struct Row: Decodable {
        var project: String
        var client: String
        var requests: Int
    }

    @Test(
        "the stock clients work with nothing but the environment, the line behind them tells what they used, and their token ends (X-013, providers 18)",
        .enabled(if: PythonEnvironment.isAvailable, "make setup makes .venv-test"))
    func runsStockClients() async throws {
        try await Running.with(prices: TestPrices().overrides(["sim-large"])) { daemon, running in
            let file = running.directory.path("token")
            let script = BuildProducts.packageRoot + "/Tests/SDK/run_client.py"
            let result = try await running.run(
                PythonEnvironment.interpreter, script, file, options: ["--project", "thesis"])
            #expect(result.isSuccess, "\(result.standardError)")
            let used = try JSONDecoder().decode(Used.self, from: Data(result.standardOutput.utf8))
            #expect(used.shown.isEmpty, "the token is in no argument list (A-005)")
            let cached = used.cached > 0 ? " (\(used.cached) cached)" : ""
            #expect(
                result.standardError.hasPrefix(
                    "kmictl: 3 requests, \(used.input) tokens in\(cached), \(used.output) out, $"))
            #expect(result.standardError.split(separator: "\n").count == 1)
            let token = try String(contentsOfFile: file, encoding: .utf8)
            #expect(token.hasPrefix("kmi_"))
            #expect(!result.standardError.contains(token))
            let after = RawHTTPClient(try daemon.address("data"), fields: [("Authorization", "Bearer \(token)")])
            #expect(try await after.get("/v1/models").status == 401)
            #expect(try await running.clients() == ["test"])
            let rows = try await Steering(bus: running.bus).show([Row].self, "usage", "--by", "project,client")
            #expect(rows.count == 1)
            #expect(rows.first?.project == "thesis")
            #expect(rows.first?.client.hasPrefix("run-") == true)
            #expect(rows.first?.requests == 3)
            #expect(!daemon.process.text(.standardError).contains(token))
        }
    }

    @Test("ends as the command does, and leaves no client")
    func endsAsTheCommand() async throws {
        try await Running.with { _, running in
            for (script, status) in [
                ("exit 0", ChildProcess.ExitStatus.exited(0)), ("exit 3", .exited(3)), ("exit 255", .exited(255)),
                ("kill -TERM $$", .signalled(SIGTERM)), ("kill -KILL $$", .signalled(SIGKILL)),
                ("kill -SEGV $$", .signalled(SIGSEGV)), ("kill -PIPE $$", .signalled(SIGPIPE)),
            ] {
                let result = try await running.run("/bin/sh", "-c", script)
                #expect(result.status == status, "\(script)\n\(result.standardError)")
                #expect(result.standardError.isEmpty, "nothing was used")
            }
            #expect(try await running.run("no-such-program").status == .exited(127))
            #expect(try await running.run("/etc/passwd").status == .exited(126))
            let plain = try running.directory.write("plain", "echo \"from $0\"\nexit 9\n", mode: 0o700)
            let script = try await running.run(plain)
            #expect(script.status == .exited(9), "a script without its interpreter's name")
            #expect(script.standardOutput == "from \(plain)")
            #expect(try await running.clients() == ["test"])
        }
    }

    @Test("input, output and words come through as they are")
    func passesEverythingThrough() async throws {
        try await Running.with { _, running in
            let bytes = Data((0...255).map { UInt8($0) }) + Data(repeating: 7, count: 300_000)
            let input = try running.directory.write("input", bytes)
            let output = running.directory.path("output")
            // The shell gives a word that is no text.
            let script =
                #"exec "$0" "$@" sh -c 'cat; printf "%s|" "$@" "$(cat /proc/self/status | grep SigBlk)"' x "$(printf '\377b')" "" "a b""#
                + " <\(input) >\(output)"
            let result = try await FinishedProcess.run(
                "/bin/sh", arguments: ["-c", script, BuildProducts.path(of: "kmictl")] + running.words(),
                environment: running.environment)
            #expect(result.isSuccess, "\(result.standardError)")
            let expected = bytes + Data([0xFF]) + Data("b||a b|SigBlk:\t0000000000000000|".utf8)
            #expect(try Data(contentsOf: URL(fileURLWithPath: output)) == expected)
        }
    }

    @Test("signals that kmictl gets reach the command", arguments: [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1])
    func forwardsSignals(signal: Int32) async throws {
        try await Running.with { _, running in
            let process = try await running.start(
                "trap 'echo got; exit 7' \(signal); echo ready; while :; do sleep 0.05; done")
            process.send(signal)
            #expect(try await process.waitForExit() == .exited(7))
            #expect(process.lines(.standardOutput) == ["ready", "got"])
            #expect(try await running.clients() == ["test"])
            // One that does not catch it ends by it, and so does kmictl.
            let plain = try await running.start("echo ready; exec sleep 60")
            plain.send(signal)
            #expect(try await plain.waitForExit() == .signalled(signal))
            #expect(try await running.clients() == ["test"])
        }
    }

    @Test(
        "signals end a run whose daemon does not answer, before the command and behind it",
        arguments: [SIGINT, SIGTERM, SIGHUP])
    func endsWhileItWaitsForTheDaemon(signal: Int32) async throws {
        try await Running.with { daemon, running in
            daemon.process.send(SIGSTOP)
            defer { daemon.process.send(SIGCONT) }
            let preparing = try ChildProcess(
                BuildProducts.path(of: "kmictl"), arguments: running.words() + ["/bin/echo", "started"],
                environment: running.environment)
            try await eventually("it holds signals back") { try Self.holdsBack(signal, preparing.pid) }
            preparing.send(signal)
            // An answer would be waited for for ten seconds.
            #expect(try await preparing.waitForExit(within: .seconds(8)) == .signalled(signal))
            #expect(preparing.text(.standardOutput).isEmpty)

            daemon.process.send(SIGCONT)
            let go = running.directory.path("go")
            let concluding = try await running.start("echo ready; until [ -e \(go) ]; do sleep 0.05; done; exit 6")
            daemon.process.send(SIGSTOP)
            let children = "/proc/\(concluding.pid)/task/\(concluding.pid)/children"
            try running.directory.write("go", "")
            try await eventually("the command has ended") {
                try String(contentsOfFile: children, encoding: .utf8).isEmpty
            }
            try await eventually("the signal was noticed", within: .seconds(8)) {
                concluding.send(signal)
                return concluding.exitStatus != nil
            }
            #expect(try await concluding.waitForExit() == .exited(6), "the command's end is the run's")
            #expect(concluding.text(.standardError).contains("clients revoke run-"))
            daemon.process.send(SIGCONT)
            try await eventually("no client is left, by the next run at the latest") {
                _ = try await running.run("true")
                return try await running.clients() == ["test"]
            }
        }
    }

    /// Whether a process holds a signal back, as /proc tells it (proc_pid_status(5)).
    private static func holdsBack(_ signal: Int32, _ process: Int32) throws -> Bool {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let mask = status.split(separator: "\n").first { $0.hasPrefix("SigBlk:") }?.split(separator: "\t").last
        return mask.flatMap { UInt64($0, radix: 16) }.map { $0 & (1 << UInt64(signal - 1)) != 0 } ?? false
    }

    @Test("a daemon that is killed and started again in between ends the client all the same")
    func outlivesTheDaemon() async throws {
        try await SimulatorProcess.with { simulator in
            try await PrivateBus.with { bus in
                try await TemporaryDirectory.with { directory in
                    let configuration = DaemonConfiguration(simulator)
                    try DaemonProcess.write(configuration, to: directory)
                    let running = Running(bus: bus.address, directory: directory)
                    let go = directory.path("go")
                    func daemon(_ body: (DaemonProcess) async throws -> Void) async throws {
                        try await DaemonProcess.with(
                            in: directory, token: configuration.token, bus: bus.address, body)
                    }
                    var process: ChildProcess?
                    try await daemon {
                        process = try await running.start(
                            "echo ready; until [ -e \(go) ]; do sleep 0.05; done; exit 4")
                        #expect(try await running.clients().count == 2)
                        try await $0.killHard()
                    }
                    try await daemon { _ in
                        #expect(try await running.clients().count == 2, "it is kept")
                        try directory.write("go", "")
                        #expect(try await process?.waitForExit() == .exited(4))
                        #expect(try await running.clients() == ["test"])
                    }
                }
            }
        }
    }

    @Test("a run whose kmictl was killed is ended by the next one, and a living one is not")
    func endsForgottenClients() async throws {
        try await Running.with { _, running in
            let go = running.directory.path("go")
            let script = "echo ready; until [ -e \(go) ]; do sleep 0.05; done"
            let killed = try await running.start(script)
            let living = try await running.start(script)
            #expect(try await running.clients().count == 3)
            killed.send(SIGKILL)
            try await eventually("the next run sees that it is over") {
                #expect(try await running.run("true").isSuccess)
                return try await running.clients().count == 2
            }
            // Its command lives on until now, without a token.
            try running.directory.write("go", "")
            #expect(try await killed.waitForExit() == .signalled(SIGKILL))
            #expect(try await living.waitForExit() == .exited(0))
            #expect(try await running.clients() == ["test"])
        }
    }

    @Test(
        "Ctrl-Z, fg and Ctrl-C do in a terminal what they do to every command",
        arguments: ["bash --norc -i", "zsh -f -i"])
    func keepsJobControl(shell: String) async throws {
        let words = shell.split(separator: " ").map(String.init)
        guard let program = Tools.path(of: words[0]) else { return }
        try await Running.with { _, running in
            let script = BuildProducts.packageRoot + "/Tests/SDK/run_terminal.py"
            let result = try await FinishedProcess.run(
                "/usr/bin/python3",
                arguments: [script, program] + words.dropFirst() + ["--", BuildProducts.path(of: "kmictl")]
                    + running.words(),
                environment: running.environment.merging(["TERM": "xterm"]) { $1 }, within: .seconds(90))
            #expect(result.standardOutput == "ok", "\(result.standardError)")
            #expect(try await running.clients() == ["test"])
        }
    }
}
