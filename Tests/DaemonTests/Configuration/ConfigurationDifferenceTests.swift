import ProxyCore
import Testing

@testable import Daemon

struct ConfigurationDifferenceTests {
    private func difference(_ old: String, _ new: String) throws -> ConfigurationDifference {
        ConfigurationDifference(from: try loadGood(old), to: try loadGood(new))
    }

    @Test("says of every changed key what becomes of it (T-014)") func namesEveryChange() throws {
        let old = """
            [server]
            dry_run = false
            [[key]]
            label = "a"
            provider = "kimi"
            secret = "env:A"
            [[key]]
            label = "b"
            provider = "kimi"
            secret = "env:B"
            """
        let new = """
            [server]
            dry_run = true
            admin_listen = "off"
            [notifications]
            desktop = false
            [[key]]
            label = "a"
            provider = "kimi"
            secret = "env:A2"
            weight = 3
            [[key]]
            label = "c"
            provider = "kimi"
            secret = "env:C"
            [[model]]
            name = "m"
            targets = [ { provider = "kimi", model = "x" } ]
            """
        let difference = try self.difference(old, new)
        #expect(
            difference.changes.map { "\($0.key) \($0.outcome.rawValue)" } == [
                "key.a.secret applied", "key.a.weight applied", "key.b applied", "key.c applied", "model.m applied",
                "notifications.desktop applied", "server.admin_listen restart_required", "server.dry_run applied",
            ])
        #expect(difference.changes.allSatisfy { !$0.reason.isEmpty })
        #expect(difference.effective.server.dryRun)
        #expect(difference.effective.server.adminListen == Configuration().server.adminListen)
        #expect(difference.effective.keys.map(\.label.text) == ["a", "c"])
    }

    @Test("a reload puts new prices in force (A-028, T-014)")
    func appliesPrices() throws {
        func outcomes(_ old: String, _ new: String) throws -> [String] {
            let difference = try self.difference(old, new)
            return difference.changes.map { "\($0.key) \($0.outcome.rawValue)" }
        }
        let price = "[prices.override.m]\ninput_cost_per_token = 1.5e-06\n"
        #expect(try outcomes("", price) == ["prices.override applied"])
        #expect(try outcomes(price, price.replacing("1.5", with: "2.5")) == ["prices.override applied"])
        #expect(try outcomes(price, price).isEmpty)
        #expect(try outcomes(price, "[prices]\nfile = \"p.json\"\n" + price) == ["prices.file applied"])
    }

    @Test func nothingChangedIsNoChange() throws {
        #expect(try self.difference(ContractText.toml, ContractText.toml).changes.isEmpty)
    }

    @Test("a limit does not outgrow a pool that only a restart makes larger (K-045, T-014)")
    func keepsPoolsInBounds() throws {
        let difference = try self.difference("", "[upstream]\nmax_connections = 2000\n[limits]\nin_flight = 1500\n")
        #expect(difference.changes.map(\.outcome) == [.restartRequired, .restartRequired])
        #expect(difference.effective.limits.inFlight == 512)
        #expect(difference.effective.upstream.maxConnections == 512)
    }

    @Test("a renewed secret under the same reference is a change (T-014)") func noticesRenewedSecrets() throws {
        try ConfigurationFixture.with(ConfigurationProblemTests.key) { fixture in
            fixture.environment = ["A": "sk-old"]
            let old = try fixture.loader.load(now: ConfigurationFixture.now).get()
            fixture.environment = ["A": "sk-new"]
            let new = try fixture.loader.load(now: ConfigurationFixture.now).get()
            #expect(ConfigurationDifference(from: old, to: new).changes.map(\.key) == ["key.a.secret"])
        }
    }
}
