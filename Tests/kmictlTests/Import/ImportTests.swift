import DBusControl
import Glibc
import TestSupport
import Testing

@testable import kmictl

@Suite(.timeLimit(.minutes(5)))
struct ImportTests {
    private static func json(_ secret: String, base: String = "https://api.kimi.com/coding/v1") -> String {
        #"{"providers":{"kimi-for-coding":{"api_key":"\#(secret)","base_url":"\#(base)"}}}"#
    }

    @Test("imports a directory of key files: labels, providers, priorities, accounts, each secret once")
    func importsDirectory() async throws {
        try await ImportFixture.with { fixture in
            let directory = fixture.directory
            try directory.write(
                "a/alpha.env", "KMI_API_KEY=sk-alpha-0123456789\nKMI_KEY_PRIORITY=7\nEMAIL=me@example.com")
            try directory.write("a/beta_config.json", Self.json("sk-beta-01234567890"))
            try directory.write("a/beta.json.bak", Self.json("sk-beta-01234567890"))
            try directory.write("a/old.json.bak", Self.json("sk-old-012345678901"))
            try directory.write("a/torn.bak", "{")
            try directory.write("a/again.env", "KMI_API_KEY=sk-alpha-0123456789")
            try directory.write(
                "a/sub/gamma.toml",
                "[providers.x]\napi_key = \"sk-gamma-0123456789\"\nbase_url = \"https://llm.example/v1\"")
            try directory.write("a/sub/deeper/delta.env", "KMI_API_KEY=never")
            try directory.write("a/README.md", "x")
            try directory.write("a/.env", "X=1")
            fixture.daemon.with { $0.keys = [Samples.key("old", "usable")] }
            let result = try await fixture.run("import", directory.path("a"), "--json")
            #expect(result.status == .success, "\(result.output)\(result.errors)")
            #expect(
                fixture.added == [
                    "add provider x compatible https://llm.example/v1", "add again of kimi", "add beta of kimi",
                    "add old-2 of kimi", "add gamma of x",
                ])
            #expect(
                fixture.daemon.with { $0.addedSecrets } == [
                    "again": "sk-alpha-0123456789", "beta": "sk-beta-01234567890", "old-2": "sk-old-012345678901",
                    "gamma": "sk-gamma-0123456789",
                ])
            #expect(!result.output.contains("sk-beta-01234567890") && result.output.contains("sk-b***7890"))
            for text in [
                "same secret as \(directory.path("a/again.env"))", "a copy: same secret as", "the label old is taken",
                "not named like key files: README.md", "has no name in front of .env", "ends early",
            ] {
                #expect(result.output.contains(text), "\(text) is not in \(result.output)")
            }
        }
    }

    @Test("takes a .bak file that is named, and the files of a repeated run are there already")
    func takesNamedCopies() async throws {
        try await ImportFixture.with { fixture in
            let path = try fixture.directory.write("beta.json.bak", Self.json("sk-beta-01234567890"))
            #expect(try await fixture.run("keys", "import", path, "-q").output == "beta\n")
            fixture.daemon.with { state in
                state.keys = [Samples.key("beta", "usable")]
                state.refusedKeys["beta-2"] = ControlClientError(
                    .alreadyExists, "The key \"beta\" has the same secret.")
            }
            let again = try await fixture.run("import", path)
            #expect(again.status == .success)
            #expect(again.output.contains("there already"))
            #expect(again.output.contains("beta-2: there already: The key \"beta\" has the same secret"))
        }
    }

    @Test("gives another label to a key whose label was taken meanwhile")
    func followsTakenLabels() async throws {
        try await ImportFixture.with { fixture in
            let path = try fixture.directory.write("beta.json", Self.json("sk-beta-01234567890"))
            let daemon = fixture.daemon
            daemon.with {
                $0.refusedKeys["beta"] = ControlClientError(.alreadyExists, "There is a key \"beta\" already.")
            }
            // The list that the plan was made from did not have it.
            let plan = ImportPlan(
                [
                    ImportPlan.ReadFile(
                        file: KeyFile(path: path, isNamed: true, isClientConfiguration: false),
                        findings: .success([.key(try Self.key("beta", "s"))]))
                ], passed: [], keys: [], providers: [])
            daemon.with { $0.keys = [Samples.key("beta", "usable")] }
            let rows = await KeyImporting(daemon: daemon, progress: { _ in }).run(plan)
            #expect(rows.map(\.label) == ["beta-2"])
            #expect(rows.map(\.outcome) == [.added])
        }
    }

    /// A plan with one key, made when the daemon had nothing.
    private static func plan(_ key: FoundKey) -> ImportPlan {
        let file = KeyFile(path: "/k/\(key.label).json", isNamed: true, isClientConfiguration: false)
        return ImportPlan(
            [ImportPlan.ReadFile(file: file, findings: .success([.key(key)]))], passed: [], keys: [], providers: [])
    }

    @Test("a key whose labels are all taken, or whose refusal cannot be understood, has failed and is not there")
    func doesNotPretend() async throws {
        let plan = Self.plan(try Self.key("beta", "s"))
        let daemon = FakeDaemon()
        daemon.with { ($0.keys, $0.losesEveryRace) = ([], true) }
        let unlucky = await KeyImporting(daemon: daemon, progress: { _ in }).run(plan)
        #expect(unlucky.map(\.outcome) == [.failed])
        #expect(unlucky.first.map { $0.reason == "There is a key \"\($0.label)\" already." } == true)
        #expect(daemon.asked.filter { $0.hasPrefix("add ") }.count == 4)

        let silent = FakeDaemon()
        silent.with {
            $0.refusedKeys["beta"] = ControlClientError(.alreadyExists, "The key \"x\" has the same secret.")
            $0.failureOfKeys = ControlClientError(.timedOut, "no answer")
        }
        let unknown = await KeyImporting(daemon: silent, progress: { _ in }).run(plan)
        #expect(unknown.map(\.outcome) == [.failed])
        #expect(unknown.first?.reason == "The key \"x\" has the same secret.")
    }

    @Test("a label that the configuration file refers to is taken, though no key has it")
    func leavesReferencesAlone() async throws {
        let daemon = FakeDaemon()
        daemon.with {
            $0.keys = []
            $0.refusedKeys["beta"] = ControlClientError(
                .alreadyExists, "The configuration file refers to store:beta: choose another label.")
        }
        let rows = await KeyImporting(daemon: daemon, progress: { _ in })
            .run(Self.plan(try Self.key("beta", "s")))
        #expect(rows.map(\.outcome) == [.added])
        #expect(rows.map(\.label) == ["beta-2"])
    }

    private static func key(_ label: String, _ secret: String) throws -> FoundKey {
        FoundKey(
            secret: SecretText(secret), label: label, base: try BaseAddress(KnownProvider.kimi.base), kind: "kimi")
    }

    @Test("uses the provider that has the address, and a new one else; what fails is told of each key")
    func findsProviders() async throws {
        var sim = ProviderStatus()
        (sim.name, sim.baseURL) = ("sim", "http://127.0.0.1:4000/v1")
        var kimi = ProviderStatus()
        (kimi.name, kimi.baseURL) = ("kimi", "https://kimi.mirror.example/v1")
        var plan = ProviderPlan([kimi, sim])
        func name(_ base: String, entry: String? = nil) throws -> String {
            plan.name(
                for: FoundKey(
                    secret: SecretText("x"), label: "x", base: try BaseAddress(base), kind: "kimi", entry: entry))
        }
        #expect(try name("http://127.0.0.1:4000/v1/") == "sim")
        #expect(try name("https://kimi.mirror.example/v1") == "kimi")
        // The name of the service is taken by another address.
        #expect(try name("https://api.kimi.com/coding/v1") == "api.kimi.com")
        #expect(try name("https://api.moonshot.ai/v1") == "moonshot")
        #expect(try name("https://api.moonshot.cn/v1", entry: "moonshot") == "moonshot-2")
        #expect(try name("https://x.example:8443") == "x.example-8443")
        #expect(try name("https://x.example:8443") == "x.example-8443")
        #expect(plan.new.map(\.name) == ["api.kimi.com", "moonshot-2", "x.example-8443"])
    }

    @Test("goes on when the daemon refuses a key or a provider, and ends with 1")
    func goesOn() async throws {
        try await ImportFixture.with { fixture in
            let directory = fixture.directory
            try directory.write("a/a.env", "KMI_API_KEY=a\nKMI_UPSTREAM_BASE_URL=https://x.example")
            try directory.write("a/b.env", "KMI_API_KEY=b")
            try directory.write("a/c.env", "KMI_API_KEY=c")
            fixture.daemon.with { $0.refusedKeys["b"] = ControlClientError(.notAllowed, "not this one.") }
            let result = try await fixture.run("import", directory.path("a"))
            #expect(result.status == .failed)
            #expect(result.output.contains("b: failed: not this one\n"))
            #expect(fixture.daemon.with { $0.addedSecrets } == ["a": "a", "c": "c"])
        }
    }

    @Test("removes a provider that it added for keys none of which came, or says how to", arguments: [true, false])
    func removesUnusedProviders(_ isRemovable: Bool) async throws {
        try await ImportFixture.with { fixture in
            for (name, host) in [("a", "x"), ("b", "x"), ("c", "y")] {
                try fixture.directory.write(
                    "k/\(name).env", "KMI_API_KEY=\(name)\nKMI_UPSTREAM_BASE_URL=https://\(host).example")
            }
            fixture.daemon.with { state in
                for label in ["b", "c"] { state.refusedKeys[label] = ControlClientError(.notAllowed, "not this one.") }
                if !isRemovable { state.failureOfRemoval = ControlClientError(.busy, "not now.") }
            }
            let result = try await fixture.run("import", fixture.directory.path("k"))
            #expect(result.status == .failed)
            // The provider of `a` has its key, that of `c` has none.
            #expect(fixture.daemon.asked.filter { $0.hasPrefix("remove ") } == ["remove provider y.example"])
            #expect(result.output.contains("kmictl providers remove y.example") == !isRemovable, "\(result.output)")
            #expect(result.output.contains("a new provider, https://x.example"))
            #expect(result.output.contains("a new provider, https://y.example") == !isRemovable)
        }
    }

    @Test("shows what would happen, and changes nothing (--dry-run)")
    func dryRun() async throws {
        try await ImportFixture.with { fixture in
            try fixture.directory.write(
                "home/.kimi/_auths/alpha.env", "KMI_API_KEY=sk-alpha-0123456789\nKMI_KEY_DISABLED=1")
            try fixture.directory.write(
                "home/.kimi/config.toml",
                "[providers.\"managed:kimi-code\"]\napi_key = \"\"\n[providers.\"managed:kimi-code\".oauth]")
            try fixture.directory.write(
                "home/.kimi-code/config.toml", "[providers.o]\ntype = \"openai\"\napi_key = \"sk-o\"")
            let result = try await fixture.run("import", "--dry-run", terminal: .plain)
            #expect(result.status == .success)
            #expect(fixture.added.isEmpty)
            #expect(
                result.output == """
                    FILE                      LABEL  PROVIDER  PRIO  SECRET       RESULT
                    ~/.kimi/_auths/alpha.env  alpha  kimi         0  sk-a***6789  to be added
                    ~/.kimi-code/config.toml  o      openai       0  ***          to be added

                    ~/.kimi/_auths/alpha.env: alpha: to be added: disabled, as in the file
                    ~/.kimi/config.toml: skipped: signed in by OAuth, no API key. To do: \
                    make an API key in the provider's console: two owners of a login would end each other's

                    """)
            let moved = try await fixture.run(
                "import", "--dry-run", "-q",
                variables: [
                    "KIMI_CODE_HOME": fixture.directory.path("none"),
                    "KMI_AUTHS_DIR": fixture.directory.path("home/.kimi/_auths"),
                ])
            #expect(moved.output == "alpha\n")
        }
    }

    @Test("asks at a terminal, and takes no for an answer")
    func asks() async throws {
        try await ImportFixture.with { fixture in
            let path = try fixture.directory.write("alpha.env", "KMI_API_KEY=sk-alpha-0123456789")
            let refused = try await fixture.run("import", path, terminal: .plain, answer: "n\n")
            #expect(refused.status == .failed)
            #expect(refused.errors.contains("Import this key? [y/N] "))
            #expect(refused.errors.contains("to be added"))
            #expect(!refused.errors.contains("sk-alpha-0123456789"))
            #expect(fixture.added.isEmpty)
            #expect(try await fixture.run("import", path, terminal: .plain, answer: "y\n").status == .success)
            #expect(fixture.added == ["add alpha of kimi"])
            let told = try await fixture.run("import", path, "--yes", terminal: .plain)
            #expect(!told.errors.contains("[y/N]"))
        }
    }

    @Test("says where it looked when there is nothing to import")
    func findsNothing() async throws {
        try await ImportFixture.with { fixture in
            let result = try await fixture.run("import", "--json")
            #expect(result.output == #"{"dry_run":false,"entries":[]}"# + "\n")
            #expect(result.errors.contains("there is nothing to import: looked at ./_auths, "))
            #expect(result.status == .success)
        }
    }

    @Test(
        "refuses files that are not the user's alone, or no files, with what to do, and reads none of them (K-036, K-047)"
    )
    func refusesFiles() async throws {
        try await ImportFixture.with { fixture in
            let directory = fixture.directory
            let good = try directory.write("good.env", "KMI_API_KEY=sk-good")
            let open = try directory.write("it's open.env", "KMI_API_KEY=sk-open", mode: 0o640)
            let large = try directory.write("large.env", String(repeating: "#", count: (1 << 20) + 1))
            let binary = try directory.write("binary.env", "KMI_API_KEY=\u{0}\u{1}")
            let pipe = directory.path("pipe.env")
            #expect(mkfifo(pipe, 0o600) == 0)
            let link = directory.path("link.env")
            #expect(symlink(good, link) == 0)
            let result = try await fixture.run("import", open, large, binary, pipe, link, "/etc/passwd.env", good)
            #expect(result.status == .failed)
            #expect(fixture.daemon.with { $0.addedSecrets } == ["good": "sk-good"])
            for text in [
                "others may use it (mode 0640)", "To do: chmod 600 '\(directory.path)/it'\\''s open.env'",
                "is larger than 1 MiB", "line 1: holds a NUL", "pipe.env: refused: is not a regular file",
                "is a symbolic link. To do: name the file itself: readlink -f \(link)", "No such file or directory",
            ] {
                #expect(result.output.contains(text), "\(text) is not in \(result.output)")
            }
            #expect(!result.output.contains("sk-open") && !result.output.contains("sk-good"))
        }
    }

    @Test(
        "refuses files of other users",
        .enabled(if: geteuid() == 0, "needs root, to give a file away"))
    func refusesForeignFiles() async throws {
        try await ImportFixture.with { fixture in
            let path = try fixture.directory.write("alpha.env", "KMI_API_KEY=sk-alpha")
            #expect(chown(path, 12345, 12345) == 0)
            let result = try await fixture.run("import", path)
            #expect(result.status == .failed)
            #expect(result.output.contains("belongs to another user"))
        }
    }

    @Test("makes whatever stands in files harmless for a terminal (A-005)")
    func neutralises() async throws {
        try await ImportFixture.with { fixture in
            let path = try fixture.directory.write(
                "a.json",
                "{\"providers\":{\"\\u001b[31mx\":{\"api_key\":\"k\",\"base_url\":\"https://a.example\"},\"\\u001b]8;;y\":{\"api_key\":\"l\"}}}"
            )
            let result = try await fixture.run("import", path, "--dry-run", terminal: .plain)
            #expect(!result.output.contains("\u{1B}"))
            #expect(result.output.contains("\\u{1b}"))
        }
    }

    @Test("shows nothing of a secret without quotes: in the table, on standard error, in JSON (K-016)")
    func showsNoSecret() async throws {
        try await ImportFixture.with { fixture in
            let secret = "12345678901234567890123"
            let path = try fixture.directory.write("a.toml", "[providers.x]\napi_key = \(secret)")
            for words in [[], ["--json"], ["--dry-run"]] {
                let result = try await fixture.run(["import", path] + words, terminal: .plain)
                #expect(result.status == .failed)
                #expect((result.output + result.errors).contains("line 2"))
                #expect(!(result.output + result.errors).contains(secret))
            }
        }
    }

    @Test("gives one document whatever happens (X-061)")
    func givesOneDocument() async throws {
        let result = try await kmictl(
            "import", "/nonexistent.env", "--json", connection: ControlClientError(.unreachable, "no bus"))
        #expect(result.status == .failed)
        #expect(result.output.contains(#""result":"refused""#))
        try await ImportFixture.with { fixture in
            let path = try fixture.directory.write("a.env", "KMI_API_KEY=x")
            fixture.daemon.with { $0.failure = ControlClientError(.unreachable, "no daemon") }
            let result = try await fixture.run("import", path, "--json")
            #expect(result.status == .unreachable)
            #expect(result.output == #"{"error":{"code":"unreachable","message":"no daemon"}}"# + "\n")
        }
    }
}
