import DBusControl
import Logging
import ProxyCore
import TestSupport
import Testing

@testable import Daemon

struct ConfigurationListingTests {
    private static let text = """
        [rotation]
        mode = "sticky"
        [server]
        listen = ["127.0.0.1:0", "unix:/run/kmi/a.sock"]
        [log]
        level = "notice"
        [prices.override."k2"]
        input_cost_per_token = 0.5
        [[provider]]
        name = "kimi"
        kind = "kimi"
        [[provider.rule]]
        status = 418
        class = "provider_billing"
        [[key]]
        label = "a.b"
        provider = "kimi"
        secret = "env:A_SECRET"
        priority = 3
        headers = { OpenAI-Project = "p", X-Tenant = "t-0815" }
        [[key]]
        label = "other"
        provider = "moonshot"
        secret = "env:B_SECRET"
        [[client]]
        name = "ci"
        token = "env:C_TOKEN"
        expires = 2099-01-01T00:00:00Z
        [[model]]
        name = "k2"
        targets = [{ provider = "kimi", model = "kimi-for-coding" }]
        """

    private func rows(
        _ text: String = Self.text, environment: [String: String] = [:], options: [String: String] = [:],
        changes: RuntimeChanges = RuntimeChanges(), level: Configuration.Log.Level? = nil
    ) throws -> [String: ConfigurationRow] {
        try ConfigurationFixture.with(text) { fixture in
            fixture.environment = environment
            var loader = fixture.loader
            loader.options = options
            let loaded = try loader.load(secrets: .skip, now: ConfigurationFixture.now).get()
            let secrets = Dictionary(
                uniqueKeysWithValues: changes.keys.map { ($0.label, Secret(bytes: Array("s3cret-value".utf8)[...])) })
            let inForce = ConfigurationKeeper.InForce(
                file: loaded, changes: changes, addedSecrets: secrets,
                addedQuery: { SecretService.Query(attributes: ["label": $0.text], maximum: 1, isOwn: true) })
            let rows = ConfigurationListing(inForce, level: level ?? loaded.configuration.log.level).rows
            let short = rows.map { row in
                var row = row
                row.origin = row.origin.replacing(fixture.directory + "/", with: "")
                return row
            }
            #expect(Set(rows.map(\.key)).count == rows.count, "each setting stands once")
            return Dictionary(uniqueKeysWithValues: short.map { ($0.key, $0) })
        }
    }

    private func text(_ row: ConfigurationRow?) -> String {
        row.map { [$0.value, $0.source, $0.origin, $0.applies].joined(separator: " | ") } ?? "none"
    }

    @Test("every setting of the schema is told, with who said so and when a change counts (T-014)")
    func tellsEverySetting() throws {
        let rows = try self.rows(
            environment: ["KMI_TRACE_KEEP": "7d"], options: ["control.bus": "none"])
        for setting in ConfigurationSchema.document.settings {
            let row = try #require(rows[setting.name], "\(setting.name)")
            #expect(row.applies == setting.support.busWord)
        }
        #expect(self.text(rows["rotation.mode"]) == "\"sticky\" | file | kmi.toml:2 | live")
        #expect(
            self.text(rows["server.listen"])
                == "[\"127.0.0.1:0\", \"unix:/run/kmi/a.sock\"] | file | kmi.toml:4 | restart")
        #expect(self.text(rows["trace.keep"]) == "\"7d\" | environment | KMI_TRACE_KEEP | live")
        #expect(self.text(rows["control.bus"]) == "\"none\" | flag | --bus | restart")
        #expect(self.text(rows["retry.budget"]) == "0.2 | default |  | live")
        #expect(self.text(rows["trace.audit_keep"]) == "\"365d\" | default |  | live")
        #expect(self.text(rows["auth.hmac"]) == "\"off\" | default |  | live")
        #expect(self.text(rows["notifications.desktop"]) == "true | default |  | live")
    }

    @Test("lists are told entry by entry, secrets as references, and what the daemon fills in as a default")
    func tellsLists() throws {
        let rows = try self.rows()
        #expect(self.text(rows["key.a.b.secret"]) == "\"env:A_SECRET\" | file | kmi.toml:18 | live")
        #expect(rows["key.a.b.priority"]?.value == "3")
        #expect(self.text(rows["key.a.b.weight"]) == "1 | default |  | live")
        #expect(rows["key.a.b.headers"]?.value == "{ OpenAI-Project = \"p\", X-Tenant = \"***\" }")
        #expect(rows["client.ci.token"]?.value == "\"env:C_TOKEN\"")
        #expect(rows["client.ci.scopes"]?.value == "[\"inference\"]")
        #expect(rows["client.ci.expires"]?.value.contains("2099-01-01") == true)
        #expect(
            self.text(rows["provider.kimi.base_url"]) == "\"https://api.kimi.com/coding/v1\" | default |  | live")
        #expect(rows["provider.kimi.kind"]?.source == "file")
        #expect(rows["provider.kimi.rule"]?.value == "[{ class = \"provider_billing\", status = 418 }]")
        #expect(rows["provider.moonshot.kind"]?.value == "\"moonshot\"", "brought in by a key")
        #expect(rows["provider.moonshot.base_url"]?.source == "default")
        #expect(rows["model.k2.targets"]?.value == "[{ model = \"kimi-for-coding\", provider = \"kimi\" }]")
        #expect(rows["prices.override.k2"]?.value == "{ input_cost_per_token = 0.5 }")
    }

    @Test("what a person changed at run time wins, and is told as such")
    func tellsChanges() throws {
        let label = try #require(KeyLabel("a.b"))
        let provider = try #require(ProviderName("kimi"))
        var changes = RuntimeChanges()
        changes.overrides = [
            .rotationMode: .init(value: "weighted", fileValue: "sticky"),
            .keyPriority(label): .init(value: "9", fileValue: "3"),
            .keyEnabled(label): .init(value: "false", fileValue: "true"),
        ]
        var added = RuntimeChanges.AddedKey(
            label: try #require(KeyLabel("new")), provider: provider, addedAt: ConfigurationFixture.now)
        added.weight = 4
        changes.keys = [added]
        changes.clients = [
            RuntimeChanges.CreatedClient(
                name: try #require(ClientName("laptop")), tokenDigest: Array(repeating: 1, count: 32),
                createdAt: ConfigurationFixture.now)
        ]
        let rows = try self.rows(changes: changes, level: .debug)
        #expect(self.text(rows["rotation.mode"]) == "\"weighted\" | state |  | live")
        #expect(self.text(rows["key.a.b.priority"]) == "9 | state |  | live")
        #expect(self.text(rows["key.a.b.enabled"]) == "false | state |  | live")
        #expect(self.text(rows["key.new.secret"]) == "\"store:new\" | state |  | live")
        #expect(self.text(rows["key.new.weight"]) == "4 | state |  | live")
        #expect(self.text(rows["key.new.models"]) == "[] | default |  | live")
        #expect(self.text(rows["client.laptop.scopes"]) == "[\"inference\"] | state |  | live")
        #expect(rows["client.laptop.token"] == nil, "there is nothing that could be told")
        #expect(self.text(rows["log.level"]) == "\"debug\" | state |  | live")
        #expect(!rows.values.contains { $0.value.contains("s3cret") })
    }

    @Test("thousands of keys are told without their defaults, so that a message can carry them")
    func isBounded() throws {
        var text = ""
        for number in 0..<4_000 {
            text += "[[key]]\nlabel = \"k\(number)\"\nprovider = \"kimi\"\nsecret = \"env:K\(number)\"\n"
        }
        let rows = try self.rows(text)
        #expect(rows["key.k3999.secret"] != nil)
        #expect(rows["key.k3999.weight"] == nil)
        #expect(rows["retry.budget"] != nil)
    }
}

struct ConfigurationNodeTextTests {
    @Test(
        "values are written as TOML reads them",
        arguments: [
            (ConfigurationNode.text("a\"b\\c\n\u{7}é"), #""a\"b\\c\n\u0007é""#), (.integer(-3), "-3"),
            (.number(0.2), "0.2"), (.boolean(true), "true"), (.list([.text("a"), .integer(1)]), #"["a", 1]"#),
            (.table([:]), "{}"), (.table(["b": .integer(1), "a c": .text("x")]), #"{ "a c" = "x", b = 1 }"#),
        ])
    func writesTOML(node: ConfigurationNode, text: String) throws {
        #expect(node.tomlText == text)
    }

    @Test("no password of an address is told (K-009)")
    func hidesPasswords() {
        let node = ConfigurationNode.list([.text("http://user:pass@proxy:1/@x"), .text("https://a/b@c")])
        #expect(node.withoutSecrets(of: "proxy").tomlText == #"["http://***@proxy:1/@x", "https://a/b@c"]"#)
    }
}

struct LogLevelTests {
    @Test("the words of syslog stand for the logger's levels (T-030)")
    func mapsLevels() {
        for level in Logger.Level.allCases where level != .trace {
            #expect(Logger.Level(syslogWord: level.syslogWord) == level)
        }
        #expect(LogControlInterface.levels.allSatisfy { Logger.Level(syslogWord: $0) != nil })
        #expect(Logger.Level(syslogWord: "emerg") == .critical)
        #expect(Logger.Level(syslogWord: "loud") == nil)
    }

    @Test("the log goes to the journal only if the descriptor is the one that systemd names")
    func tellsTheTarget() {
        #expect(LogTarget(descriptor: 0, journalStream: nil) == .console)
        #expect(LogTarget(descriptor: 0, journalStream: "1:2") == .console)
    }
}
