import GRDB
import ProxyCore
import TestSupport
import Testing

@testable import StateStore

@Suite("Providers, limits and secrets that come and go at run time (K-013)", .timeLimit(.minutes(5)))
struct ProvisioningTests {
    private func key(_ name: String) throws -> RuntimeChanges.AddedKey {
        RuntimeChanges.AddedKey(label: try label(name), provider: try provider("mine"), addedAt: newYear)
    }

    @Test("limits, account and place of an added key are kept; limits can be changed")
    func keepsKeys() async throws {
        try await TemporaryDirectory.with { directory in
            var key = try self.key("mine")
            key.limits = [.rps: 1, .rpm: 2, .tpm: 3, .inFlight: 1_000_000_000]
            key.account = "me@example.org"
            key.secretPlace = .secretService
            try await withStore(in: directory) { store async throws in
                try await store.commit([.addKey(key)])
            }
            try await withStore(in: directory) { store async throws in
                #expect(try store.load().changes.keys == [key])
                key.limits = [.rpm: 5]
                try await store.commit([.changeKey(key)])
                #expect(try store.load().changes.keys == [key])
            }
        }
    }

    @Test(
        "limits of the file's keys are overridden like priorities",
        arguments: ProxyCore.Configuration.Key.Limit.allCases)
    func keepsOverrides(limit: ProxyCore.Configuration.Key.Limit) async throws {
        try await TemporaryDirectory.with { directory in
            let subject = RuntimeChanges.Subject.keyLimit(try label("a.rps"), limit)
            #expect(RuntimeChanges.Subject(subject.text) == subject)
            let change = RuntimeChanges.Override(value: "7", fileValue: "0")
            try await withStore(in: directory) { store async throws in
                try await store.commit([.override(subject, change)])
                #expect(try store.load().changes.overrides == [subject: change])
                try await store.commit([.removeKey(try label("a.rps"))])
                #expect(try store.load().changes.overrides.isEmpty)
            }
        }
    }

    @Test("providers are kept in their order; a second one of the same name is a conflict")
    func keepsProviders() async throws {
        try await TemporaryDirectory.with { directory in
            var first = RuntimeChanges.AddedProvider(
                name: try provider("zeta"), kind: .compatible, addedAt: newYear)
            first.base = try UpstreamBase(parsing: "https://[2001:db8::1]:8443/v1")
            first.anthropicBase = try UpstreamBase(parsing: "unix:/run/model.sock:/anthropic")
            let second = RuntimeChanges.AddedProvider(name: try provider("again"), kind: .openAI, addedAt: newYear)
            try await withStore(in: directory) { store async throws in
                try await store.commit([.addProvider(first)])
                try await store.commit([.addProvider(second)])
                #expect(await store.refusal(of: [.addProvider(second)])?.code == .conflict)
            }
            try await withStore(in: directory) { store async throws in
                #expect(try store.load().changes.providers == [first, second])
                try await store.commit([.removeProvider(first.name)])
                try await store.commit([.removeProvider(first.name)])
                #expect(try store.load().changes.providers == [second])
            }
        }
    }

    @Test("the secret of a removed key is remembered until it is gone, or the key is there again")
    func remembersSecrets() async throws {
        try await TemporaryDirectory.with { directory in
            let (one, two) = (try self.key("one"), try self.key("two"))
            let secret = RuntimeChanges.AbandonedSecret(label: one.label, place: .files)
            try await withStore(in: directory) { store async throws in
                try await store.commit([.addKey(one), .addKey(two)])
                try await store.commit([.removeKey(one.label), .removeKey(try label("nobody"))])
                #expect(try store.load().changes.abandonedSecrets == [secret])
                try await store.commit([.addKey(one)])
                #expect(try store.load().changes.abandonedSecrets.isEmpty)
                try await store.commit([.removeKey(one.label), .removeKey(two.label)])
                try await store.commit([.forgetSecret(secret)])
                #expect(try store.load().changes.abandonedSecrets.map(\.label) == [two.label])
            }
        }
    }

    @Test("a secret that is stored for a key is abandoned until the key is there, and a label is taken once (K-021)")
    func preparesKeys() async throws {
        try await TemporaryDirectory.with { directory in
            var key = try self.key("one")
            key.secretPlace = .secretService
            let secret = RuntimeChanges.AbandonedSecret(label: key.label, place: .secretService)
            try await withStore(in: directory) { store async throws in
                try await store.commit([.prepareKey(key.label, secret: nil)])
                #expect(try store.load().changes.abandonedSecrets.isEmpty)
                for _ in 0..<2 { try await store.commit([.prepareKey(key.label, secret: .secretService)]) }
                #expect(try store.load().changes.abandonedSecrets == [secret])
                try await store.commit([.addKey(key)])
                #expect(try store.load().changes.abandonedSecrets.isEmpty)
                for place in [nil, RuntimeChanges.SecretPlace.secretService] {
                    #expect(await store.refusal(of: [.prepareKey(key.label, secret: place)])?.code == .conflict)
                }
                #expect(try store.load().changes.abandonedSecrets.isEmpty, "the secret of a key that is there stays")
            }
            // A row that is passed over has its secret as well.
            try inspect(directory.path("state.sqlite")) { database in
                try database.execute(sql: "UPDATE added_keys SET account = 'nobody'")
            }
            try await withStore(in: directory) { store async throws in
                #expect(try store.load().changes.keys.isEmpty)
                #expect(
                    await store.refusal(of: [.prepareKey(key.label, secret: .secretService)])?.code == .conflict)
            }
        }
    }

    @Test("rows that cannot be meant are passed over: no provider at an address that the file could not name (K-037)")
    func passesOverMalformedRows() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { _ async throws in }
            try inspect(directory.path("state.sqlite")) { database in
                try database.execute(
                    sql: """
                        INSERT INTO added_keys (label, provider, priority, weight, enabled, models, account, secret_place, added_at)
                            VALUES ('a', 'sim', 0, 1, 1, '', 'no address', 'files', 1), ('b', 'sim', 0, 1, 1, '', NULL, 'moon', 1);
                        INSERT INTO added_providers (name, kind, base_url, added_at)
                            VALUES ('a', 'unheard', NULL, 1), ('b', 'compatible', NULL, 1),
                                ('c', 'openai', 'http://example.org/v1', 1), ('d', 'openai', NULL, 1);
                        INSERT INTO abandoned_secrets VALUES ('../x', 'files'), ('a', 'moon');
                        """)
            }
            try await withStore(in: directory) { store async throws in
                let changes = try store.load().changes
                #expect(changes.keys.isEmpty && changes.abandonedSecrets.isEmpty)
                #expect(changes.providers.map(\.name.text) == ["d"])
                #expect(
                    store.statistics.quarantined == [.addedKeys: 2, .addedProviders: 3, .abandonedSecrets: 2])
            }
        }
    }

    @Test(
        "a client whose project cannot be meant is passed over: its requests would count where nobody can ask (K-037)",
        arguments: ["'a' || char(10)", "''", "'Büro'", "printf('%.257c', 'a')"])
    func passesOverMalformedClients(value: String) async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { _ async throws in }
            try inspect(directory.path("state.sqlite")) { database in
                try database.execute(
                    sql: """
                        INSERT INTO created_clients (name, token_digest, scopes, models, created_at, project, expires_at)
                            VALUES ('bad', zeroblob(32), 'inference', '', 1, \(value), NULL),
                                ('good', zeroblob(32), 'inference', '', 1, 'web shop', 2)
                        """)
            }
            try await withStore(in: directory) { store async throws in
                let clients = try store.load().changes.clients
                #expect(clients.map(\.name.text) == ["good"])
                #expect(clients.map(\.project) == ["web shop"])
                #expect(store.statistics.quarantined == [.createdClients: 1])
            }
        }
    }
}
