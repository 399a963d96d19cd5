import Foundation
import ProxyCore
import Testing

@testable import Daemon

struct ConfigurationSourcesTests {
    @Test("option wins over variable over file over default (X-048)") func precedence() throws {
        try ConfigurationFixture.with("[control]\nbus = \"system\"\n[retry]\nmax_attempts = 2\n") { fixture in
            #expect(try fixture.load().get().configuration.control.bus == .system)
            fixture.environment = ["KMI_CONTROL_BUS": "unix:path=/a"]
            var loader = fixture.loader
            #expect(
                try loader.load(secrets: .skip, now: ConfigurationFixture.now).get().configuration.control.bus
                    == .address("unix:path=/a"))
            loader.options = ["control.bus": "none"]
            let loaded = try loader.load(secrets: .skip, now: ConfigurationFixture.now).get()
            #expect(loaded.configuration.control.bus == .none)
            #expect(loaded.configuration.retry.maxAttempts == 2)
            #expect(loaded.configuration.retry.cap == .seconds(8))
            loader.options = ["control.bus": "sesion"]
            guard case .failure(let failure) = loader.load(secrets: .skip, now: ConfigurationFixture.now) else {
                Issue.record("a wrong option was taken")
                return
            }
            #expect(failure.description.hasPrefix("command line: --bus: expected \"session\""))
        }
    }

    @Test func startsWithDefaultsWithoutAnyFile() throws {
        try ConfigurationFixture.with { fixture in
            fixture.environment = ["HOME": fixture.directory]
            var loader = fixture.loader
            loader.configPath = nil
            let loaded = try loader.load(now: ConfigurationFixture.now).get()
            #expect(loaded.configuration == Configuration())
            #expect(loaded.files.isEmpty && loaded.warnings.isEmpty)
        }
    }

    @Test("looks where the contract says, in that order") func searchOrder() throws {
        try ConfigurationFixture.with { fixture in
            func files(_ environment: [String: String], _ path: String? = nil) -> [String] {
                ConfigurationFiles(
                    configPath: path, environment: environment, systemDirectory: fixture.directory + "/etc"
                ).find().paths.map { String($0.dropFirst(fixture.directory.count + 1)) }
            }
            let home = ["HOME": fixture.directory]
            #expect(files(home).isEmpty)
            try fixture.write("etc/kmi.toml", "")
            #expect(files(home) == ["etc/kmi.toml"])
            try fixture.write(".config/kmi/kmi.toml", "")
            #expect(files(home) == [".config/kmi/kmi.toml"])
            let xdg = home.merging(["XDG_CONFIG_HOME": fixture.directory + "/xdg"]) { $1 }
            #expect(files(xdg) == ["etc/kmi.toml"])
            try fixture.write("xdg/kmi/kmi.toml", "")
            #expect(files(xdg) == ["xdg/kmi/kmi.toml"])
            let named = xdg.merging(["KMI_CONFIG": fixture.directory + "/named.toml"]) { $1 }
            #expect(files(named) == ["named.toml"])
            #expect(files(named, fixture.directory + "/option.toml") == ["option.toml"])
        }
    }

    @Test func readsFragmentsInOrderOfTheirNames() throws {
        try ConfigurationFixture.with("[retry]\nmax_attempts = 2\ndeadline = \"1s\"\n") { fixture in
            try fixture.write(
                "kmi.toml.d/20-b.toml",
                "[retry]\nmax_attempts = 4\n[[model]]\nname = \"b\"\ntargets = [{provider=\"kimi\",model=\"b\"}]\n")
            try fixture.write(
                "kmi.toml.d/10-a.toml",
                "[retry]\nmax_attempts = 3\n[[model]]\nname = \"a\"\ntargets = [{provider=\"kimi\",model=\"a\"}]\n")
            try fixture.write("kmi.toml.d/notes.txt", "not read")
            let loaded = try fixture.load().get()
            #expect(loaded.configuration.retry.maxAttempts == 4)
            #expect(loaded.configuration.retry.deadline == .seconds(1))
            #expect(loaded.configuration.models.map(\.name.text) == ["a", "b"])
            #expect(loaded.files.map { ($0 as NSString).lastPathComponent } == ["kmi.toml", "10-a.toml", "20-b.toml"])
            #expect(
                loaded.warnings.map { fixture.short($0) } == [
                    "kmi.toml.d/notes.txt: is not read: its name does not end in .toml or begins with a dot"
                ])
        }
    }

    @Test("a problem in a fragment names the fragment, and the other file where both are meant (K-016)")
    func problemsNameTheirFile() throws {
        try ConfigurationFixture.with(ConfigurationProblemTests.key) { fixture in
            try fixture.write(
                "kmi.toml.d/a.toml", "\n[[key]]\nlabel = \"a\"\nprovider = \"kimi\"\nsecret = \"env:B\"\n")
            try fixture.write("kmi.toml.d/b.toml", "oops\n")
            let lines = fixture.problems()
            #expect(lines.count == 2)
            #expect(lines[0].hasPrefix("kmi.toml.d/a.toml:3: key[0].label: \"a\" is already used on "))
            #expect(lines[0].contains("kmi.toml:2;"))
            #expect(lines[1].hasPrefix("kmi.toml.d/b.toml:1: column "))
        }
    }

    @Test("no file is passed over in silence (K-016)") func refusesUnreadableFiles() throws {
        try ConfigurationFixture.with { fixture in
            #expect(fixture.problems() == ["kmi.toml: cannot be opened: No such file or directory"])
            try fixture.write("kmi.toml.d/a.toml/x", "")
            try fixture.write("kmi.toml", String(repeating: "#", count: ConfigurationFiles.largest + 1))
            #expect(
                fixture.problems() == [
                    "kmi.toml: is larger than 1048576 bytes", "kmi.toml.d/a.toml: is not a regular file",
                ])
        }
    }

    @Test("warns of variables that set nothing and does not obey those of KMI Manager (X-048)")
    func warnsOfUnknownVariables() throws {
        let loaded = try loadGood(
            ConfigurationProblemTests.key.replacingOccurrences(of: "env:A", with: "env:KMI_MY_KEY"),
            environment: [
                "KMI_SERVER_LISTN": "x", "KMI_PROXY_LISTEN": "0.0.0.0:1", "KMI_PROXY_TOKEN": "sk-very-secret",
                "KMI_DRY_RUN": "true", "KMI_MY_KEY": "sk", "KMI_KEY_SECRET": "sk-very-secret", "OTHER": "1",
                "KMI_SANDBOX": "NoNewPrivileges",
            ])
        let lines = loaded.warnings.map(\.description)
        #expect(
            lines == [
                "environment: KMI_DRY_RUN: is a variable of KMI Manager and is not obeyed; use KMI_SERVER_DRY_RUN or server.dry_run",
                "environment: KMI_KEY_SECRET: unknown variable",
                "environment: KMI_PROXY_LISTEN: is a variable of KMI Manager and is not obeyed; use KMI_SERVER_LISTEN or server.listen",
                "environment: KMI_PROXY_TOKEN: is a variable of KMI Manager and is not obeyed; use a [[client]] with its token",
                "environment: KMI_SERVER_LISTN: unknown variable; did you mean KMI_SERVER_LISTEN?",
            ])
        #expect(loaded.configuration.server == Configuration.Server())
    }

    @Test func variablesOfListsAreSeparatedByCommas() throws {
        let loaded = try loadGood(
            "",
            environment: [
                "KMI_SERVER_LISTEN": "127.0.0.1:1, [::1]:2", "KMI_SERVER_ALLOWED_ORIGINS": "",
                "KMI_COOLDOWN_RATE_LIMITED": "2s,5", "KMI_SERVER_LIMITS_REQUEST_BODY": "64KiB",
                "KMI_UPSTREAM_TOTAL_TIMEOUT": "90",
            ])
        #expect(loaded.configuration.server.listen.map(\.description) == ["127.0.0.1:1", "[::1]:2"])
        #expect(loaded.configuration.server.allowedOrigins.isEmpty)
        #expect(loaded.configuration.cooldown.rateLimited == [.seconds(2), .seconds(5)])
        #expect(loaded.configuration.server.limits.requestBody == 65_536)
        #expect(loaded.configuration.upstream.totalTimeout == .seconds(90))
    }

    @Test("a key of a known kind brings its provider in, behind the written ones")
    func keysBringKnownProviders() throws {
        let configuration = try loadGood(
            ConfigurationProblemTests.key
                + "[[provider]]\nname = \"own\"\nkind = \"compatible\"\nbase_url = \"https://a.example/v1/\"\n"
        ).configuration
        #expect(configuration.providers.map(\.name.text) == ["own", "kimi"])
        #expect(configuration.defaultProvider?.name.text == "own")
        #expect(configuration.providers.first?.openAIBase?.path == "/v1")
        #expect(configuration.providers.first?.anthropicBase == nil)
    }
}
