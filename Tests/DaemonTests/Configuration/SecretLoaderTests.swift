import Foundation
import ProxyCore
import Testing

@testable import Daemon

struct SecretLoaderTests {
    private func load(
        _ reference: String,
        _ fixture: ConfigurationFixture,
        environment: [String: String] = [:]
    ) -> Result<String, ConfigurationValueError> {
        let loader = SecretLoader(directory: fixture.directory, environment: environment)
        do throws(ConfigurationValueError) {
            let secret = try loader.load(try SecretReference(parsing: reference), maximum: SecretLoader.largest)
            return .success(secret.withText { $0 })
        } catch {
            return .failure(error)
        }
    }

    @Test("a file is relative to the configuration, and one line end is dropped (K-009)")
    func readsFiles() throws {
        try ConfigurationFixture.with { fixture in
            try fixture.write("keys/a.key", "sk-abc\n")
            try fixture.write("b.key", "sk-abc\r\n", mode: 0o400)
            #expect(self.load("file:keys/a.key", fixture) == .success("sk-abc"))
            #expect(self.load("file:\(fixture.directory)/b.key", fixture) == .success("sk-abc"))
        }
    }

    @Test(
        "a file that others can read is refused with what to run (K-009)",
        arguments: [0o640, 0o604, 0o610, 0o660, 0o644])
    func refusesOpenFiles(_ mode: Int) throws {
        try ConfigurationFixture.with { fixture in
            try fixture.write("a.key", "sk-abc", mode: mode)
            let path = fixture.directory + "/a.key"
            #expect(
                self.load("file:a.key", fixture)
                    == .failure(
                        ConfigurationValueError(
                            "the file \(path) can be read by others (mode 0\(String(mode, radix: 8))); run: chmod 600 \(path)"
                        ))
            )
        }
    }

    @Test("a file of another user is refused, whatever its mode (K-009)", .enabled(if: geteuid() == 0, "needs root"))
    func refusesFilesOfOthers() throws {
        try ConfigurationFixture.with { fixture in
            try fixture.write("a.key", "sk-abc")
            let path = fixture.directory + "/a.key"
            #expect(chown(path, 65534, 65534) == 0)
            #expect(
                self.load("file:a.key", fixture)
                    == .failure(
                        ConfigurationValueError(
                            "the file \(path) belongs to another user (65534); it must belong to the daemon's user or to root"
                        )))
        }
    }

    @Test("the file behind a link counts, not the link") func looksBehindLinks() throws {
        try ConfigurationFixture.with { fixture in
            try fixture.write("open", "sk-abc", mode: 0o644)
            try fixture.write("closed", "sk-abc")
            for name in ["open", "closed"] {
                try FileManager.default.createSymbolicLink(
                    atPath: fixture.directory + "/\(name).link", withDestinationPath: name)
            }
            #expect(self.load("file:closed.link", fixture) == .success("sk-abc"))
            #expect(throws: ConfigurationValueError.self) { try self.load("file:open.link", fixture).get() }
        }
    }

    @Test(
        "what is no secret is refused without being repeated (K-009)",
        arguments: [
            "", "\n", "sk abc", "sk-abc\n\n", "sk-äbc", "sk-abc\u{7}", "sk-abc\nsk-def\n", " sk-abc",
            String(repeating: "s", count: SecretLoader.largest + 1),
        ])
    func refusesBadContent(_ content: String) throws {
        try ConfigurationFixture.with { fixture in
            try fixture.write("a.key", content)
            guard case .failure(let error) = self.load("file:a.key", fixture) else {
                Issue.record("taken")
                return
            }
            #expect(!error.reason.contains("sk-"))
        }
    }

    @Test(.timeLimit(.minutes(5))) func refusesWhatIsNoRegularFileWithoutWaiting() throws {
        try ConfigurationFixture.with { fixture in
            #expect(mkfifo(fixture.directory + "/pipe", 0o600) == 0)
            for name in ["pipe", ".", "missing"] {
                #expect(throws: ConfigurationValueError.self) { try self.load("file:\(name)", fixture).get() }
            }
        }
    }

    @Test func readsVariablesAndCredentials() throws {
        try ConfigurationFixture.with { fixture in
            try fixture.write("alpha", "sk-credential\n", mode: 0o440)
            let environment = ["CREDENTIALS_DIRECTORY": fixture.directory, "SK": "sk-variable", "EMPTY": ""]
            #expect(self.load("env:SK", fixture, environment: environment) == .success("sk-variable"))
            #expect(self.load("credential:alpha", fixture, environment: environment) == .success("sk-credential"))
            for reference in ["env:EMPTY", "env:UNSET", "credential:beta", "store:a", "secret-service:a=b"] {
                #expect(throws: ConfigurationValueError.self) {
                    try self.load(reference, fixture, environment: environment).get()
                }
            }
            #expect(throws: ConfigurationValueError.self) { try self.load("credential:alpha", fixture).get() }
        }
    }

    @Test("a secret that cannot be used is a problem that names key, file and what to do (K-009, K-016)")
    func problemsNameTheKey() throws {
        try ConfigurationFixture.with(
            "[[key]]\nlabel = \"alpha\"\nprovider = \"kimi\"\nsecret = \"file:a.key\"\n"
                + "[[client]]\nname = \"ci\"\ntoken = \"store:ci\"\n"
        ) { fixture in
            #expect(
                fixture.problems(secrets: .load).map {
                    $0.replacingOccurrences(of: fixture.directory, with: "")
                } == [
                    "kmi.toml:4: key[0].secret: the secret of the key \"alpha\" cannot be used: the file a.key cannot be opened: No such file or directory; write the secret to it with mode 0600",
                    "kmi.toml:7: client[0].token: the token of the client \"ci\" cannot be used: store:ci names no entry of secrets/ in the state directory",
                ])
        }
    }

    @Test("two keys with the same secret are both reported (X-009)") func reportsSameSecrets() throws {
        let toml = ["alpha", "beta"].map {
            "[[key]]\nlabel = \"\($0)\"\nprovider = \"kimi\"\nsecret = \"file:\($0).key\"\n"
        }.joined()
        try ConfigurationFixture.with(toml) { fixture in
            try fixture.write("alpha.key", "sk-same-0123456789")
            try fixture.write("beta.key", "sk-same-0123456789\n")
            #expect(
                fixture.problems(secrets: .load) == [
                    "kmi.toml:4: key[0].secret: the key \"alpha\" has the same secret as the key \"beta\"; each needs its own",
                    "kmi.toml:8: key[1].secret: the key \"beta\" has the same secret as the key \"alpha\"; each needs its own",
                ])
            try fixture.write("beta.key", "sk-other-0123456789\n")
            let loaded = try fixture.loader.load(now: ConfigurationFixture.now).get()
            #expect(loaded.keySecrets.mapValues(\.masked).values.sorted() == ["sk-o***6789", "sk-s***6789"])
            #expect(!"\(loaded)".contains("0123456789"))
        }
    }
}
