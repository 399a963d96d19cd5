import DBusKit
import Foundation
import Logging
import ProxyCore
import Testing

@testable import Daemon

@Suite("Secrets of the Secret Service that are not there yet (K-009, T-025)")
struct AwaitedSecretTests {
    private static let toml = """
        [[key]]
        label = "alpha"
        provider = "kimi"
        secret = "secret-service:service=kmi,account=alpha"
        [[key]]
        label = "beta"
        provider = "kimi"
        secret = "env:BETA"
        [[client]]
        name = "ci"
        token = "secret-service:service=kmi,account=ci"
        """

    private func label(_ text: String) throws -> KeyLabel { try #require(KeyLabel(text)) }

    private func loaded(_ toml: String = Self.toml) throws -> LoadedConfiguration {
        try ConfigurationFixture.with(toml) { fixture in
            fixture.environment = ["BETA": "sk-beta"]
            return try fixture.loader.load(now: ConfigurationFixture.now).get()
        }
    }

    /// What is in force with a key "gamma" that was added and whose secret the service has.
    private func inForce() throws -> ConfigurationKeeper.InForce {
        var changes = RuntimeChanges()
        var gamma = RuntimeChanges.AddedKey(
            label: try self.label("gamma"), provider: try #require(ProviderName("kimi")),
            addedAt: ConfigurationFixture.now)
        gamma.secretPlace = .secretService
        changes.keys = [gamma]
        return ConfigurationKeeper.InForce(
            file: try self.loaded(), changes: changes, addedSecrets: [:],
            addedQuery: { SecretService.Query(attributes: ["label": $0.text], maximum: 100, isOwn: true) })
    }

    /// The answers to some of the questions.
    private func answers(
        _ inForce: ConfigurationKeeper.InForce, _ results: [SecretHolder: Result<String, SecretServiceFailure>]
    ) -> [SecretHolder: SecretAnswer] {
        var answers: [SecretHolder: SecretAnswer] = [:]
        for (holder, result) in results {
            guard let query = inForce.serviceSecrets[holder] else { continue }
            answers[holder] = SecretAnswer(query: query, result: result.map { Secret($0) })
        }
        return answers
    }

    private func labels(_ inForce: ConfigurationKeeper.InForce) -> [String] {
        inForce.effective.configuration.keys.map(\.label.text).sorted()
    }

    @Test("a configuration with references is good without a bus, and holds no secret for them")
    func checked() throws {
        try ConfigurationFixture.with(Self.toml) { fixture in
            fixture.environment = ["BETA": "sk-beta", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus"]
            var lines: [String] = []
            #expect(CheckConfiguration.run(fixture.loader, now: ConfigurationFixture.now) { lines.append($0) } == 0)
            #expect(lines.last?.contains("configuration is good") == true)
        }
        let loaded = try self.loaded()
        #expect(
            loaded.serviceSecrets.mapValues(\.attributes) == [
                .key(try self.label("alpha")): ["service": "kmi", "account": "alpha"],
                .client(try #require(ClientName("ci"))): ["service": "kmi", "account": "ci"],
            ])
        #expect(loaded.keySecrets.keys.map(\.text) == ["beta"])
    }

    @Test("an answer that a replaced secret has overtaken is void, be the key awaited again or not")
    func lateAnswers() throws {
        let asked = try self.inForce()
        let (alpha, gamma) = (SecretHolder.key(try self.label("alpha")), SecretHolder.key(try self.label("gamma")))
        let late = self.answers(asked, [alpha: .success("sk-alpha"), gamma: .success("sk-former")])
        #expect(Set(asked.valid(late, askedIn: asked).keys) == [alpha, gamma])

        let keeper = ConfigurationKeeper(
            file: asked.file, changes: asked.changes, addedSecrets: [:], installationKey: [1],
            output: LogOutput(asked.file.configuration.log),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, addedQuery: asked.addedQuery)
        let before = keeper.inForce
        let present = self.answers(before, [gamma: .success("sk-new")])
        #expect(keeper.settle(present) == [gamma])
        #expect(keeper.inForce.valid(late, askedIn: before).isEmpty)
        // Lost again: the former secret does not come back by an answer from before either.
        _ = keeper.settle(self.answers(before, [gamma: .failure(.init(.missing, "gone"))]))
        #expect(keeper.inForce.awaited[gamma] != nil)
        #expect(keeper.inForce.valid(late, askedIn: before).isEmpty)
        #expect(Set(keeper.inForce.valid(late, askedIn: keeper.inForce).keys) == [alpha, gamma])
    }

    @Test("a key without its secret takes no part, and comes in with it")
    func comesIn() throws {
        var inForce = try self.inForce()
        let (alpha, gamma) = (SecretHolder.key(try self.label("alpha")), SecretHolder.key(try self.label("gamma")))
        let ci = SecretHolder.client(try #require(ClientName("ci")))
        #expect(self.labels(inForce) == ["beta"])
        #expect(Set(inForce.awaited.keys) == [alpha, gamma, ci])
        #expect(inForce.effective.leftOut == [], "what is awaited is told elsewhere")

        #expect(inForce.settle(self.answers(inForce, [alpha: .failure(.locked), gamma: .failure(.locked)])) == [])
        #expect(
            inForce.awaitedLines == [
                "the client \"ci\" cannot be used: the Secret Service has not been asked yet",
                "the key \"alpha\", the key \"gamma\" cannot be used: "
                    + "the Secret Service is locked: unlock the keyring of the session",
            ])
        #expect(
            inForce.settle(
                self.answers(
                    inForce, [alpha: .success("sk-alpha"), gamma: .success("sk-gamma"), ci: .success("token")]))
                == [alpha, gamma, ci])
        #expect(self.labels(inForce) == ["alpha", "beta", "gamma"])
        #expect(inForce.keySecrets.values.map { $0.withText { $0 } }.sorted() == ["sk-alpha", "sk-beta", "sk-gamma"])
        #expect(inForce.file.clientTokens.values.map { $0.withText { $0 } } == ["token"])
        #expect(inForce.awaitedLines == [])
    }

    @Test("a secret that is there stays while the service is away, and goes when its entry is gone")
    func staysAndGoes() throws {
        var inForce = try self.inForce()
        let alpha = SecretHolder.key(try self.label("alpha"))
        _ = inForce.settle(self.answers(inForce, [alpha: .success("sk-alpha")]))
        for failure in [SecretServiceFailure.locked, .absent, .timedOut, SecretServiceFailure(.denied, "no")] {
            #expect(inForce.settle(self.answers(inForce, [alpha: .failure(failure)])) == [])
            #expect(self.labels(inForce) == ["alpha", "beta"])
        }
        #expect(inForce.settle(self.answers(inForce, [alpha: .success("sk-other")])) == [alpha])
        #expect(inForce.settle(self.answers(inForce, [alpha: .success("sk-other")])) == [])
        let gone = SecretServiceFailure(.missing, "gone")
        #expect(inForce.settle(self.answers(inForce, [alpha: .failure(gone)])) == [alpha])
        #expect(self.labels(inForce) == ["beta"])
        #expect(inForce.awaitedLines.contains("the key \"alpha\" cannot be used: gone"))
    }

    @Test("the secret of another key or client is refused (X-009)")
    func duplicates() throws {
        var inForce = try self.inForce()
        let (alpha, gamma) = (SecretHolder.key(try self.label("alpha")), SecretHolder.key(try self.label("gamma")))
        let ci = SecretHolder.client(try #require(ClientName("ci")))
        let results: [SecretHolder: Result<String, SecretServiceFailure>] = [
            alpha: .success("sk-beta"), gamma: .success("sk-gamma"), ci: .success("sk-gamma"),
        ]
        #expect(inForce.settle(self.answers(inForce, results)) == [ci], "the client comes first by name")
        #expect(self.labels(inForce) == ["beta"])
        #expect(
            inForce.awaitedLines == [
                "the key \"alpha\" cannot be used: its secret is that of the key \"beta\", and each needs its own",
                "the key \"gamma\" cannot be used: its secret is that of the client \"ci\", and each needs its own",
            ])
    }

    @Test("an answer to a question that is not asked any more is left alone")
    func outdatedAnswer() throws {
        var inForce = try self.inForce()
        let alpha = SecretHolder.key(try self.label("alpha"))
        let late = self.answers(inForce, [alpha: .success("sk-alpha")])
        inForce.file = try self.loaded(Self.toml.replacingOccurrences(of: "account=alpha", with: "account=other"))
        inForce.combine()
        #expect(inForce.settle(late) == [])
        #expect(self.labels(inForce) == ["beta"])
    }

    @Test("a reload keeps what was handed out for the same reference only")
    func reload() throws {
        let alpha = try self.label("alpha")
        var former = try self.loaded()
        former.keySecrets[alpha] = Secret("sk-alpha")
        var same = try self.loaded()
        same.keepServiceSecrets(of: former)
        #expect(same.keySecrets[alpha] == Secret("sk-alpha"))
        var other = try self.loaded(Self.toml.replacingOccurrences(of: "account=alpha", with: "account=other"))
        other.keepServiceSecrets(of: former)
        #expect(other.keySecrets[alpha] == nil)
    }
}
