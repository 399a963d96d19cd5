import DBusControl
import Testing

@testable import kmictl

struct CommandRunTests {
    @Test(
        "ends with the statuses of the contract",
        arguments: [
            (ControlClientError.Code.notFound, Int32(3)), (.alreadyExists, 1), (.invalidArgument, 64),
            (.invalidConfig, 1),
            (.notAllowed, 1), (.upstreamFailed, 1), (.busy, 1), (.accessDenied, 4), (.timedOut, 5), (.unreachable, 8),
            (.protocolError, 1),
        ])
    func endsWithStatus(code: ControlClientError.Code, status: Int32) async throws {
        let daemon = FakeDaemon()
        daemon.with { $0.failure = ControlClientError(code, "it did not work") }
        let plain = try await kmictl("keys", "list", daemon: daemon)
        #expect(plain.status.rawValue == status)
        #expect(plain.output.isEmpty)
        #expect(plain.errors == "kmictl: it did not work\n")

        let json = try await kmictl("keys", "list", "--json", daemon: daemon)
        #expect(json.status.rawValue == status)
        #expect(json.output == #"{"error":{"code":"\#(code.rawValue)","message":"it did not work"}}"# + "\n")
        #expect(daemon.with { $0.isClosed })
    }

    @Test(
        "says on standard output, in JSON, that no daemon is there (X-061)",
        arguments: [
            ["status", "--json"], ["--json"], ["keys", "--json"], ["requests", "--json", "--follow"],
            ["--json", "rotate"],
            ["clients", "list", "-j"], ["metrics", "--json=short"], ["reload", "-qj"],
        ])
    func tellsUnreachable(words: [String]) async throws {
        let output = RecordedOutput()
        let surroundings = Surroundings(
            terminal: .none, output: output, now: { Samples.now },
            connect: { (_, _) async throws(ControlClientError) in throw ControlClientError(.unreachable, "nobody") })
        #expect(await CommandRun(surroundings: surroundings).run(words) == .unreachable)
        #expect(output.standardOutput == #"{"error":{"code":"unreachable","message":"nobody"}}"# + "\n")
    }

    @Test(
        "suggests the command that may be meant",
        arguments: [
            (["stauts"], "kmictl: there is no command kmictl stauts. Did you mean status?"),
            (["keys", "lst"], "kmictl: there is no command kmictl keys lst. Did you mean list?"),
            (["clients", "revok", "ci"], "kmictl: there is no command kmictl clients revok. Did you mean revoke?"),
            (["frobnicate"], "kmictl: there is no command kmictl frobnicate. See kmictl --help."),
        ])
    func suggestsCommand(words: [String], message: String) async throws {
        let output = RecordedOutput()
        let surroundings = Surroundings(
            terminal: .none, output: output, now: { Samples.now },
            connect: { (_, _) async throws(ControlClientError) in FakeDaemon() })
        #expect(await CommandRun(surroundings: surroundings).run(words) == .usage)
        #expect(output.standardError == message + "\n")
        #expect(output.standardOutput.isEmpty)
    }

    @Test(
        "refuses what cannot be meant with 64 and asks the daemon nothing",
        arguments: [
            ["--frob"], ["status", "--timeout", "soon"], ["status", "--timeout", "0"], ["--user", "--system"],
            ["mode", "round-robbin"], ["requests", "--limit", "0"], ["requests", "--limit", "1001"],
            ["requests", "--status", "99"], ["requests", "--since", "yesterday"],
            ["requests", "--follow", "--cursor", "x"],
            ["request"], ["keys", "show"], ["keys", "add", "alpha"], ["keys", "reset", "alpha", "--all"],
            ["clients", "create"], ["clients", "create", "ci", "--scope", "inferences"], ["--json=yaml"],
            ["keys", "add", "alpha", "--provider", "kimi", "--weight", "0"],
            ["keys", "add", "alpha", "--provider", "kimi", "sk-secret"],
        ])
    func refusesUsage(words: [String]) async throws {
        let daemon = FakeDaemon()
        let output = RecordedOutput()
        let surroundings = Surroundings(
            terminal: .none, output: output, now: { Samples.now },
            connect: { (_, _) async throws(ControlClientError) in daemon })
        #expect(await CommandRun(surroundings: surroundings).run(words) == .usage)
        #expect(output.standardError.hasPrefix("kmictl: "))
        #expect(output.standardOutput.isEmpty || words.contains { $0.hasPrefix("--json") })
        #expect(daemon.asked.isEmpty)
    }

    @Test func usageErrorsAreJSONTooWhenAskedFor() async throws {
        let result = try await kmictl("keys", "lst", "--json")
        #expect(result.status == .usage)
        #expect(
            result.output
                == #"{"error":{"code":"usage","message":"there is no command kmictl keys lst. Did you mean list?"}}"#
                + "\n")
    }

    @Test(
        "has help for every command, in 80 columns",
        arguments: [
            [], ["status"], ["keys"], ["keys", "list"], ["keys", "show"], ["keys", "add"], ["keys", "remove"],
            ["keys", "enable"], ["keys", "disable"], ["keys", "reset"], ["clients"], ["clients", "list"],
            ["clients", "create"], ["clients", "revoke"], ["rotate"], ["mode"], ["requests"], ["request"], ["reload"],
            ["metrics"], ["version"],
        ])
    func hasHelp(words: [String]) async throws {
        for line in [words + ["--help"], ["help"] + words] {
            let output = RecordedOutput()
            let surroundings = Surroundings(
                terminal: .none, output: output, now: { Samples.now },
                connect: { (_, _) async throws(ControlClientError) in FakeDaemon() })
            #expect(await CommandRun(surroundings: surroundings).run(line) == .success)
            #expect(output.standardOutput.contains("USAGE: kmictl"))
            #expect(output.standardError.isEmpty)
        }
    }

    @Test func showsItsVersionWithoutADaemon() async throws {
        let down = ControlClientError(.unreachable, "nobody")
        #expect(try await kmictl("--version", connection: down).output == "kmictl 0.1.0\n")
        let text = try await kmictl("version", connection: down)
        #expect(text.status == .success)
        #expect(text.output == "kmictl  0.1.0\nkmid    not reachable\n")
        let json = try await kmictl("version", "--json", connection: down)
        #expect(json.output.hasSuffix(#""version":"0.1.0"},"kmid":null}"# + "\n"))
    }
}
