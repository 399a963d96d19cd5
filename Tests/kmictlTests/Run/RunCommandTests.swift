import DBusControl
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import kmictl

struct RunCommandTests {
    private static let lost = ControlClientError(.unreachable, "nobody there.")

    private func usage(_ requests: UInt64) -> UsageRow {
        var row = UsageRow()
        row.requests = requests
        row.tokens = ["input": 234, "cache_read": 1000, "output": 50, "reasoning": 6]
        row.cost = 4_200_000_000
        return row
    }

    @Test func runsACommandWithATokenOfItsOwn() async throws {
        var stage = RunStage()
        stage.environment += ["ANTHROPIC_API_KEY=sk-real", "KEPT=yes"]
        stage.daemon.with { $0.usage = [self.usage(3)] }
        stage.children.with { $0.result = .success(.exited(3)) }
        let result = try await stage.kmictl("run", "--project", "thesis", "--", "sh", "-c", "exit 3")
        #expect(result.output.isEmpty, "standard output is the command's")
        #expect(result.errors == "kmictl: 3 requests, 1,234 tokens in (1,000 cached), 56 out, $0.0042.\n")
        let state = stage.children.with { $0 }
        #expect(state.end == .exited(3))
        #expect(state.started?.words == ["sh", "-c", "exit 3"].map { Array($0.utf8) })
        #expect(state.environment.contains("KMI_TOKEN=kmi_t0ken"))
        #expect(state.environment.contains("KEPT=yes"))
        #expect(!state.environment.contains { $0.hasPrefix("ANTHROPIC_API_KEY=") })
        let options = stage.daemon.with { $0.clientOptions }
        #expect(options?.project == "thesis")
        #expect(options?.expiresAt == Samples.now + RunClient.life)
        let asked = stage.daemon.asked
        #expect(asked.first == "may start", "contract 10")
        let name = try #require(asked.first { $0.hasPrefix("create ") }).dropFirst(7)
        #expect(RunClient.isName(String(name)))
        #expect(asked.contains("revoke \(name)"))
        #expect(stage.daemon.with { $0.usageQuery?.client } == String(name))
    }

    @Test func tellsNothingOfWhatWasNotUsed() async throws {
        let stage = RunStage()
        stage.daemon.with { $0.usage = [self.usage(0)] }
        #expect(try await stage.kmictl("run", "--", "true").errors.isEmpty)
        stage.daemon.with { $0.usage = [self.usage(1)] }
        #expect(try await stage.kmictl("run", "-q", "--", "true").errors.isEmpty)
        #expect(try await stage.kmictl("run", "--", "true").errors.hasPrefix("kmictl: 1 request, "))
    }

    @Test(
        "asks for the command behind --",
        arguments: [
            ["run"], ["run", "claude"], ["run", "claude", "--print", "hi"], ["run", "-q", "--project", "x"],
            ["run", "--"],
        ])
    func wantsTheTerminator(words: [String]) async throws {
        let result = try await kmictl(words: words)
        #expect(result.status == .usage)
        #expect(result.errors == "kmictl: a command is expected behind --, as in kmictl run -- claude.\n")
    }

    @Test func hasHelpAndNoJSON() async throws {
        #expect(try await kmictl("run", "--help").output.contains("USAGE: kmictl run"))
        let stage = RunStage()
        let result = try await stage.kmictl("run", "--json", "--", "true")
        #expect(result.status == .usage)
        #expect(result.output.hasPrefix(#"{"error":"#))
        #expect(stage.daemon.asked.isEmpty)
    }

    @Test func needsNoDaemonToSeeThatThereIsNoProgram() async throws {
        let stage = RunStage()
        let missing = try await stage.kmictl("run", "--", "no-such-program")
        #expect(missing.errors == "kmictl: no-such-program is not found in PATH.\n")
        #expect(stage.children.with { $0.end } == .notFound)
        let refused = try await stage.kmictl("run", "--", "/etc/passwd")
        #expect(refused.errors == "kmictl: cannot start /etc/passwd: Permission denied.\n")
        #expect(stage.children.with { $0.end } == .notExecutable)
        #expect(stage.daemon.asked.isEmpty)
        #expect(!stage.children.with { $0.hasBegun })
    }

    @Test func startsNothingForWhomeverHasLeft() async throws {
        let stage = RunStage()
        stage.children.with { $0.endingSignal = SIGTERM }
        _ = try await stage.kmictl("run", "--", "true")
        #expect(stage.children.with { $0.started } == nil)
        #expect(stage.children.with { $0.end } == .signalled(SIGTERM))
        #expect(stage.daemon.asked.last?.hasPrefix("revoke run-") == true, "and waits for no summary")
    }

    @Test("a signal is not lost where the preparation fails, and nothing is made for it")
    func endsByTheSignalThatCancelled() async throws {
        for failure in [nil, Self.lost] {
            let stage = RunStage()
            stage.children.with {
                $0.endingSignal = SIGINT
                $0.cancels = failure == nil
            }
            stage.daemon.with { $0.failure = failure }
            let result = try await stage.kmictl("run", "--", "true")
            #expect(result.errors.isEmpty)
            #expect(stage.children.with { $0.end } == .signalled(SIGINT))
            #expect(stage.children.with { $0.started } == nil)
            #expect(!stage.daemon.asked.contains { $0.hasPrefix("create ") })
        }
    }

    @Test func lingersForCleaningUp() async throws {
        let work = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await Lingering.run { Task.isCancelled }
        }
        #expect(await !work.value, "what cleans up is not cancelled at once")
    }

    @Test func endsItsClientWhenTheDaemonIsBack() async throws {
        var stage = RunStage()
        stage.failures = [Self.lost, Self.lost]
        stage.daemon.with { $0.usage = [self.usage(1)] }
        let result = try await stage.kmictl("run", "--", "true")
        #expect(result.errors.hasPrefix("kmictl: 1 request, "))
        #expect(stage.daemon.asked.contains { $0.hasPrefix("revoke run-") })
    }

    @Test("says which token is left where the daemon stays away", .timeLimit(.minutes(5)))
    func tellsWhatIsLeft() async throws {
        var stage = RunStage()
        stage.failures = Array(repeating: Self.lost, count: 1000)
        stage.children.with { $0.result = .success(.exited(5)) }
        let result = try await stage.kmictl("run", "-q", "--", "true")
        #expect(result.errors.contains("clients revoke run-"))
        #expect(stage.children.with { $0.end } == .exited(5), "the command's end is the run's")
    }

    @Test(
        "a client whose making was not answered is ended, by this run or by the next one",
        arguments: [
            (ControlClientError.Code.timedOut, true, 0), (.timedOut, false, 1), (.unreachable, false, 1),
            (.protocolError, true, 0), (.accessDenied, false, 0),
        ])
    func endsAClientWithoutAnAnswer(code: ControlClientError.Code, isMade: Bool, files: Int) async throws {
        try await TemporaryDirectory.with { directory in
            var stage = RunStage()
            stage.environment.append("XDG_RUNTIME_DIR=\(directory.path)")
            stage.daemon.with {
                $0.refusedClients = [ControlClientError(code, "no.")]
                $0.makesRefusedClients = isMade
            }
            #expect(try await stage.kmictl("run", "--", "true").status == ExitStatus(code))
            let name = try #require(stage.daemon.asked.first { $0.hasPrefix("create ") }).dropFirst(7)
            #expect(stage.daemon.asked.contains("revoke \(name)") == (code != .accessDenied))
            let locks = directory.path("kmictl")
            #expect(try FileManager.default.contentsOfDirectory(atPath: locks).count == files)
            #expect(RunLock.isOver(String(name), in: locks) == (files == 1), "the next run sees that it is over")
            #expect(stage.children.with { $0.started } == nil)
        }
    }

    @Test("the next run ends the clients of those that were killed, and of no other")
    func endsForgottenClients() async throws {
        try await TemporaryDirectory.with { directory in
            var stage = RunStage()
            stage.environment.append("XDG_RUNTIME_DIR=\(directory.path)")
            let locks = directory.path("kmictl")
            let living = try #require(RunLock(name: "run-aaaaaaaa", in: locks))
            try directory.write("kmictl/run-bbbbbbbb", "")
            try directory.write("kmictl/desk", "")
            let names = ["run-aaaaaaaa", "run-bbbbbbbb", "run-cccccccc", "run-dddddddd", "desk", "run-of-mine"]
            stage.daemon.with { state in
                state.clients = names.map { name in
                    var client = ClientStatus()
                    (client.name, client.origin) = (name, "state")
                    client.expiresAt = name == "run-dddddddd" ? Samples.now : Samples.now + 1
                    return client
                }
            }
            let during = Mutex<[String]>([])
            stage.children.with {
                $0.duringRun = {
                    let files = try? FileManager.default.contentsOfDirectory(atPath: locks)
                    during.withLock { $0 = files ?? [] }
                }
            }
            _ = try await stage.kmictl("run", "--", "true")
            let revoked = stage.daemon.asked.filter { $0.hasPrefix("revoke ") }
            #expect(revoked.dropLast() == ["revoke run-bbbbbbbb", "revoke run-dddddddd"])
            #expect(during.withLock { $0.count } == 3, "that of the run, the living one and the foreign file")
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: locks).sorted() == ["desk", "run-aaaaaaaa"])
            living.remove()
        }
    }
}
