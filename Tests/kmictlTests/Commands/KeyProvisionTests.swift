import DBusControl
import TestSupport
import Testing

@testable import kmictl

@Suite("Keys that are given, changed and taken away (contract section 10)", .timeLimit(.minutes(5)))
struct KeyProvisionTests {
    private static func limits(_ values: [KeyLimits.Kind: UInt32]) -> KeyLimits {
        values.reduce(into: KeyLimits()) { $0[$1.key] = $1.value }
    }

    // MARK: add

    @Test func addsAKeyWithLimitsAndAccount() async throws {
        let daemon = FakeDaemon()
        let result = try await kmictl(
            "keys", "add", "delta", "--provider", "kimi", "--rps", "2", "--rpm", "60", "--tpm", "9000", "--in-flight",
            "4", "--account", "me@example.org", "--store", "files", daemon: daemon, input: "sk-planted")
        #expect(result.status == .success)
        var options = KeyOptions()
        options.limits = Self.limits([.rps: 2, .rpm: 60, .tpm: 9000, .inFlight: 4])
        options.account = "me@example.org"
        options.store = .files
        #expect(daemon.with { $0.keyOptions } == options)
    }

    @Test(
        "names the next command where a key cannot be added",
        arguments: [
            (
                ControlClientError(.alreadyExists, "There is a key \"delta\" already."),
                " kmictl keys rekey delta gives it another secret."
            ),
            (ControlClientError(.alreadyExists, "The key \"alpha\" has the same secret."), ""),
            (
                ControlClientError(.notFound, "There is no provider \"mine\"."),
                " kmictl providers add mine --kind KIND --base URL adds one."
            ),
        ])
    func advisesOnAdding(failure: ControlClientError, advice: String) async throws {
        let daemon = FakeDaemon()
        daemon.with { $0.failure = failure }
        let result = try await kmictl("keys", "add", "delta", "--provider", "mine", daemon: daemon, input: "sk-x")
        #expect(result.errors == "kmictl: \(failure.message)\(advice)\n")
        #expect(result.status == ExitStatus(failure.code))
    }

    @Test func refusesAPlaceThatThereIsNot() async throws {
        let result = try await kmictl("keys", "add", "delta", "--provider", "kimi", "--store", "pocket", input: "sk-x")
        #expect(result.status == .usage)
        #expect(result.errors.contains("secret-service"))
    }

    // MARK: rekey

    @Test func replacesASecretFromStandardInput() async throws {
        let daemon = FakeDaemon()
        let result = try await kmictl("keys", "rekey", "alpha", daemon: daemon, input: "sk-planted\n")
        #expect(result.errors == "key alpha: rekeyed.\n")
        #expect(daemon.asked == ["rekey alpha"])
        #expect(daemon.with { $0.secret } == "sk-planted")
        #expect(
            try await kmictl("keys", "rekey", "alpha", "--json", daemon: daemon, input: "sk-x").output
                == #"{"action":"rekeyed","label":"alpha"}"# + "\n")
        let unknown = try await kmictl("keys", "rekey", "alhpa", daemon: daemon, input: "sk-x")
        #expect(unknown.errors == "kmictl: there is no key alhpa. Did you mean alpha?\n")
        #expect(try await kmictl("keys", "rekey", "alpha", daemon: daemon, input: "").status == .usage)
    }

    @Test func replacesASecretFromAFile() async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write("key", "sk-file\n")
            let daemon = FakeDaemon()
            _ = try await kmictl("keys", "rekey", "alpha", "--secret-file", path, daemon: daemon)
            #expect(daemon.with { $0.secret } == "sk-file")
        }
    }

    @Test func saysHowTheSecretOfAFileKeyChanges() async throws {
        let daemon = FakeDaemon()
        daemon.with {
            $0.failure = ControlClientError(.notAllowed, "The secret of \"alpha\" is in a.key: change it there.")
        }
        let result = try await kmictl("keys", "rekey", "alpha", daemon: daemon, input: "sk-x")
        #expect(result.errors.hasSuffix("change it there. Then run kmictl reload.\n"))
        #expect(result.status == .failed)
    }

    // MARK: set

    @Test func changesWhatIsNamedAndNothingElse() async throws {
        let daemon = FakeDaemon()
        daemon.with { $0.keys[0].limits = Self.limits([.rps: 2, .inFlight: 4]) }
        let result = try await kmictl(
            "keys", "set", "alpha", "--priority", "-1", "--weight", "3", "--rpm", "60", "--in-flight", "0",
            daemon: daemon)
        #expect(result.errors == "key alpha: changed.\n")
        #expect(daemon.asked == ["change alpha enabled - priority -1 weight 3", "key alpha", "limits alpha"])
        #expect(daemon.with { $0.limits } == Self.limits([.rps: 2, .rpm: 60]))
        _ = try await kmictl("keys", "set", "alpha", "beta", "--weight", "5", daemon: daemon)
        #expect(daemon.asked.suffix(2) == ["change alpha enabled - weight 5", "change beta enabled - weight 5"])
    }

    @Test(
        "refuses what cannot be set",
        arguments: [["alpha"], ["alpha", "--weight", "0"], ["alpha", "--rps", "-1"], ["alpha", "--rpm", "many"]])
    func refusesWhatCannotBeSet(words: [String]) async throws {
        let daemon = FakeDaemon()
        #expect(try await kmictl(words: ["keys", "set"] + words, daemon: daemon).status == .usage)
        #expect(daemon.asked.isEmpty)
    }

    // MARK: remove

    @Test func waitsForTheRequestsOfAKeyAndSaysSo() async throws {
        let daemon = FakeDaemon()
        let (waits, wait) = AsyncStream<Void>.makeStream()
        daemon.with { daemon in
            daemon.keys[0].inFlight = 2
            // The second wait begins when the first line was told.
            daemon.beforeRemoval = { for await _ in waits.prefix(2) {} }
        }
        let output = RecordedOutput()
        var surroundings = Surroundings(
            terminal: .plain, output: output, now: { Samples.now },
            connect: { (_, _) async throws(ControlClientError) in daemon })
        surroundings.sleep = { pause in
            wait.yield()
            guard pause == ProgressLine.patience else {
                await untilCancelled()
                throw CancellationError()
            }
        }
        #expect(await CommandRun(surroundings: surroundings).run(["keys", "remove", "alpha", "--yes"]) == .success)
        #expect(
            output.standardError
                == "\r⠋ waiting for 2 requests of alpha to end … 1 s\u{1B}[K\r\u{1B}[Kkey alpha: removed.\n")
    }

    @Test func waitsLongForARemovalAndSaysThatItGoesOn() async throws {
        let daemon = FakeDaemon()
        #expect(try await kmictl("keys", "remove", "alpha", daemon: daemon).status == .success)
        #expect(daemon.with { $0.timeout } == .seconds(600))
        #expect(try await kmictl("keys", "remove", "alpha", "--timeout", "3s", daemon: daemon).status == .success)
        #expect(daemon.with { $0.timeout } == .seconds(3))
        daemon.with { $0.failure = ControlClientError(.timedOut, "no answer within 3 s") }
        let late = try await kmictl("keys", "remove", "alpha", daemon: daemon)
        #expect(late.status == .timedOut)
        #expect(late.errors.contains("kmictl keys show alpha"))
        daemon.with { $0.failure = ControlClientError(.notAllowed, "The key \"alpha\" stands in kmi.toml:3.") }
        let refused = try await kmictl("keys", "remove", "alpha", daemon: daemon)
        #expect(refused.errors.hasSuffix("kmi.toml:3. kmictl keys disable alpha takes it out of use.\n"))
    }

    // MARK: show and list

    @Test func showsLimitsAccountAndOrigin() async throws {
        let daemon = FakeDaemon()
        daemon.with { daemon in
            daemon.keys[0].limits = Self.limits([.rps: 2, .rpm: 60, .tpm: 1000, .inFlight: 4])
            daemon.keys[0].account = "me@example.org"
            daemon.keys[0].origin = "state"
        }
        let text = try await kmictl("keys", "show", "alpha", daemon: daemon).output
        #expect(text.contains("limits       2 requests a second\n             60 requests a minute\n"))
        #expect(text.contains("             1,000 tokens a minute\n             4 requests at once\n"))
        #expect(text.contains("account      me@example.org\n"))
        #expect(text.contains("from         added at run time\n"))
        let other = try await kmictl("keys", "show", "beta", daemon: daemon).output
        #expect(!other.contains("limits"))
        #expect(other.contains("from         the configuration file\n"))
        #expect(!other.contains("account"))
        let json = try await kmictl("keys", "show", "alpha", "--json", daemon: daemon).output
        #expect(json.contains(#""limits":{"in_flight":4,"rpm":60,"rps":2,"tpm":1000}"#))
        #expect(json.contains(#""account":"me@example.org""#) && json.contains(#""origin":"state""#))
        var wide = Terminal.plain
        wide.width = 200
        let table = try await kmictl("keys", daemon: daemon, terminal: wide)
        #expect(table.lines[0].hasSuffix("LIMITS                              ACCOUNT"))
        #expect(table.lines[1].hasSuffix("2 rps, 60 rpm, 1000 tpm, 4 at once  me@example.org"))
        let narrow = try await kmictl("keys", daemon: daemon, terminal: .plain)
        #expect(narrow.lines.allSatisfy { DisplayWidth.of($0) <= 80 })
        #expect(!narrow.output.contains("LIMITS"))
    }
}
