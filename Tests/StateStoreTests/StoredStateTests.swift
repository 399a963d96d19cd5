import GRDB
import Logging
import ProxyCore
import TestSupport
import Testing

@testable import StateStore

@Suite(.timeLimit(.minutes(5)))
struct StoredStateTests {
    @Test("a first start knows nothing, and makes its key once (K-017, A-020)")
    func makesTheInstallationKeyOnce() async throws {
        try await TemporaryDirectory.with { directory in
            let first = try await withStore(in: directory) { try $0.load() }
            let second = try await withStore(in: directory) { try $0.load() }
            #expect(first == StoredState(installationKey: first.installationKey))
            #expect(first.installationKey.count == 32)
            #expect(Set(first.installationKey).count > 8)
            #expect(second == first)
            try await TemporaryDirectory.with { other in
                let elsewhere = try await withStore(in: other) { try $0.load() }
                #expect(elsewhere.installationKey != first.installationKey)
            }
        }
    }

    @Test("counts on disk equal those in memory, across restarts (K-003, X-059)")
    func countsAsMemoryDoes() async throws {
        try await TemporaryDirectory.with { directory in
            var counts = UsageCounts()
            for run in 0..<3 {
                let stored = try await withStore(in: directory) { store async throws in
                    let before = try store.load().counts
                    for number in 0..<40 {
                        var record = number % 3 == 0 ? try full(number) : try served(number, by: "k\(number % 4)")
                        if number % 5 == 0 { record.attempts[0].errorClass = .providerBilling }
                        counts.add(record)
                        store.append(record)
                    }
                    return before
                }
                #expect(stored.keys.isEmpty == (run == 0))
            }
            let stored = try await withStore(in: directory) { try $0.load().counts }
            #expect(stored == counts)
        }
    }

    @Test("a reset forgets the errors before it and none after it")
    func forgetsErrorsInOrder() async throws {
        try await TemporaryDirectory.with { directory in
            var counts = UsageCounts()
            try await withStore(in: directory) { store async throws in
                for number in 0..<10 {
                    let record = try full(number)
                    counts.add(record)
                    store.append(record)
                }
                try await store.commit([.forgetErrors([try label("alpha")])])
                counts.forgetErrors(of: try label("alpha"))
                let last = try full(10)
                counts.add(last)
                store.append(last)
            }
            let stored = try await withStore(in: directory) { try $0.load().counts }
            #expect(stored == counts)
        }
    }

    @Test("what is remembered of the pool comes back, the latest wins (K-013, A-031)")
    func remembersThePool() async throws {
        try await TemporaryDirectory.with { directory in
            let sim = try provider("sim")
            func condition(_ name: String, _ model: ModelName?, step: Int) throws -> KeyMemory.Condition {
                KeyMemory.Condition(
                    label: try label(name), provider: sim, model: model, state: .cooling, reason: .providerRateLimited,
                    until: newYear, step: step)
            }
            var used = try condition("alpha", nil, step: 0)
            (used.reset, used.isGuess, used.window, used.dailyQuota) = (newYear, true, "7d", "RequestsPerDay")
            (used.isByPanel, used.isTogether, used.lastCheck) = (true, true, newYear)
            let windows = [
                UsageWindow(
                    name: "5h", used: 12.5, limit: 100, resetsAt: newYear, isInconsistent: true, source: .panel),
                UsageWindow(name: "5h", source: .headers),
            ]
            let first = DispatchMemory(
                keys: KeyMemory(
                    conditions: [
                        used, try condition("alpha", try model("m/1"), step: 4), try condition("beta", nil, step: -1),
                    ],
                    turns: [KeyMemory.Turn(provider: sim, last: try label("alpha"), next: nil)],
                    windows: [
                        KeyMemory.Windows(
                            label: try label("alpha"), provider: sim, readAt: newYear, windows: windows),
                        KeyMemory.Windows(
                            label: try label("beta"), provider: sim, readAt: newYear,
                            windows: [UsageWindow(name: "balance", used: 0, limit: 3.25, source: .panel)]),
                    ],
                    wholeLimits: [
                        KeyMemory.WholeLimit(provider: sim, model: nil, until: newYear, step: 2),
                        KeyMemory.WholeLimit(provider: sim, model: try model("m/1"), until: newYear, step: 0),
                    ]),
                breakers: [sim: BreakerMemory(retryAt: newYear, failedProbes: 3)])
            let second = DispatchMemory(
                keys: KeyMemory(
                    conditions: [
                        try condition("alpha", try model("m/1"), step: 5), try condition("gamma", nil, step: 1),
                    ],
                    turns: [KeyMemory.Turn(provider: sim, last: nil, next: try label("beta"))],
                    windows: [
                        KeyMemory.Windows(
                            label: try label("alpha"), provider: sim, readAt: newYear, windows: [windows[1]])
                    ]),
                breakers: [try provider("other"): BreakerMemory(retryAt: newYear, failedProbes: 0)])
            try await withStore(in: directory) { store async throws in
                store.remember(first)
                try await store.settled()
                #expect(try store.load().memory == first)
                store.remember(DispatchMemory())
                store.remember(second)
            }
            try await withStore(in: directory) { store async throws in
                #expect(try store.load().memory == second)
                store.remember(first)
                try await store.commit([.memory(DispatchMemory())])
                #expect(try store.load().memory == DispatchMemory())
                let before = store.statistics.transactions
                store.remember(DispatchMemory())
                try await store.settled()
                #expect(store.statistics.transactions == before, "nothing was new")
            }
        }
    }

    @Test("what a person changed is on disk when commit returns (K-013)")
    func keepsChanges() async throws {
        try await TemporaryDirectory.with { directory in
            var key = RuntimeChanges.AddedKey(
                label: try label("added"), provider: try provider("sim"), addedAt: newYear)
            key.priority = -3
            key.weight = 7
            key.enabled = false
            key.models = [try model("a/b:c"), try model("d")]
            var made = RuntimeChanges.CreatedClient(
                name: try client("phone"), tokenDigest: Array(0..<32), createdAt: newYear)
            made.scopes = [.metrics, .priorityHigh]
            made.models = [try model("d")]
            made.project = "thesis, chapter 2"
            made.routes = ["/v1/chat/completions", "/v1/messages/*"]
            made.projects = ["thesis, chapter 2", "b"]
            made.limits = [.rps: 1, .rpm: 2, .tpm: 3, .inFlight: 4]
            made.expires = WallTime(microseconds: newYear.microseconds + 1)
            var expected = RuntimeChanges()
            expected.keys = [
                key,
                RuntimeChanges.AddedKey(label: try label("aa"), provider: try provider("sim"), addedAt: newYear),
            ]
            expected.clients = [made]
            expected.overrides[.rotationMode] = RuntimeChanges.Override(value: "weighted", fileValue: "sticky")
            expected.overrides[.keyEnabled(try label("a.b"))] = RuntimeChanges.Override(
                value: "false", fileValue: "true")
            try await withStore(in: directory) { store async throws in
                try await store.commit([
                    .addKey(key), .addKey(expected.keys[1]), .addClient(made),
                    .override(.dryRun, RuntimeChanges.Override(value: "true", fileValue: "false")),
                ])
                try await store.commit(
                    [.override(.dryRun, nil)] + expected.overrides.map { StateChange.override($0.key, $0.value) })
                // Read by another connection, as after a kill.
                #expect(try store.load().changes == expected)
            }
            try await withStore(in: directory) { store async throws in
                #expect(try store.load().changes == expected)
                let weight = RuntimeChanges.Subject.keyWeight(key.label)
                try await store.commit([.override(weight, RuntimeChanges.Override(value: "2", fileValue: "7"))])
                try await store.commit([.removeKey(key.label), .removeClient(made.name)])
                expected.keys.removeFirst()
                expected.clients = []
                expected.abandonedSecrets = [.init(label: key.label, place: .files)]
                #expect(try store.load().changes == expected, "with the key goes what was changed for it")
                try await store.commit([.removeKey(key.label)])
            }
        }
    }

    @Test("a change that contradicts what is stored fails alone, and as a whole")
    func refusesConflictsAlone() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                let key = RuntimeChanges.AddedKey(
                    label: try label("a"), provider: try provider("sim"), addedAt: newYear)
                try await store.commit([.addKey(key)])
                // Held back, so that all of them are in one transaction.
                let gate = Gate(store)
                await gate.shut()
                store.append(try served(1))
                try await eventually("a transaction is held up") { !store.hasWaiting }
                async let good = store.refusal(of: [.override(.dryRun, .init(value: "true", fileValue: "false"))])
                async let bad = store.refusal(of: [
                    .override(.rotationMode, .init(value: "weighted", fileValue: "sticky")), .addKey(key),
                ])
                try await eventually("both wait") { store.callers == 2 }
                gate.open()
                #expect(await good == nil)
                #expect(await bad?.code == .conflict)
                #expect(store.statistics.transactions == 3)
                let changes = try store.load().changes
                #expect(changes.overrides.keys.map(\.text) == ["server.dry_run"])
                #expect(store.trouble == nil)
            }
        }
    }

    @Test("rows of unknown words or impossible names are passed over, counted, told of once and kept (K-037)")
    func quarantinesMalformedRows() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                store.append(try full(1))
                store.append(try full(2))
                store.append(try full(3))
                try await store.settled()
            }
            try inspect(directory.path("state.sqlite")) { database in
                try database.execute(
                    sql: """
                        INSERT INTO key_conditions (label, provider, model, state, reason, until, step)
                            VALUES ('alpha', 'sim', '', 'melted', 'provider_billing', 1, 0),
                                ('alpha', 'sim', 'm', 'cooling', 'provider_billing', 1, -1);
                        INSERT INTO key_windows VALUES ('alpha', 'sim', 0, 1, '5h', 1, 2, NULL, 0, 'rumour');
                        INSERT INTO key_windows VALUES ('alpha', 'sim', 1, 1, '7d', NULL, NULL, NULL, 0, 'panel');
                        INSERT INTO whole_limits VALUES ('no provider', '', 1, 0), ('sim', 'm', 1, 0);
                        INSERT INTO breakers VALUES ('no provider', 1, 0), ('sim', 1, 2);
                        INSERT INTO turns VALUES ('sim', 'not a label', NULL);
                        INSERT INTO key_counts VALUES ('', 'sim', 'ok', 5, NULL);
                        INSERT INTO key_errors VALUES ('alpha', 'sim', 'bad_luck', 5);
                        INSERT INTO client_counts VALUES ('?', 5, NULL);
                        INSERT INTO overrides VALUES ('key.alpha.colour', 'red', 'blue');
                        INSERT INTO added_keys (label, provider, priority, weight, enabled, models, added_at)
                            VALUES ('k', 'sim', 0, 0, 1, '', 1);
                        INSERT INTO added_providers VALUES (1, 'p', 'oracle', NULL, NULL, 1);
                        INSERT INTO abandoned_secrets VALUES ('k', 'under the mat');
                        INSERT INTO created_clients (name, token_digest, scopes, models, created_at)
                            VALUES ('c', zeroblob(32), 'inference root', '', 1);
                        INSERT INTO nonces VALUES (zeroblob(15), 'ci', 1), (zeroblob(16), '?', 1);
                        UPDATE requests SET outcome = 'vanished' WHERE number = 1;
                        UPDATE attempts SET quality = 'hearsay' WHERE request = 2 AND position = 1;
                        INSERT INTO audit VALUES (1, 1, 1, 'daemon', 'rotated', '', 'maybe', '', 1, NULL);
                        INSERT INTO bodies VALUES (3, zeroblob(65537), x'', 0, 0);
                        INSERT INTO spending VALUES (0, 'no key', 'sim', '', '', '', '', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
                        """)
            }
            let log = LogCollector()
            try await withStore(in: directory, log: log) { store async throws in
                let state = try store.load()
                #expect(state.memory.keys.conditions.count == 1)
                #expect(state.memory.keys.turns.isEmpty)
                #expect(state.memory.keys.windows.map { $0.windows.map(\.name) } == [["7d"]])
                #expect(state.memory.keys.wholeLimits.map(\.model?.text) == ["m"])
                #expect(state.memory.breakers.keys.map(\.text) == ["sim"])
                #expect(state.counts.keys.count == 2)
                #expect(state.changes == RuntimeChanges())
                _ = try store.load()
                #expect(try await store.requests(RequestQuery()).records == [try full(3)])
                #expect(try await store.request(id: "request-3") == full(3))
                var query = SpendingQuery()
                query.by = [.key]
                #expect(try await store.spending(query).map(\.key?.text) == ["beta"])
                #expect(try await store.audit(AuditQuery()).records.isEmpty)
                let tables = Set(store.statistics.quarantined.keys)
                #expect(tables == Set(StoreStatistics.Table.allCases))
                #expect(log.events.filter { $0 == "state_quarantined" }.count == tables.count)
                // The malformed rows outlive what is written beside them.
                store.remember(DispatchMemory())
                try await store.settled()
                let kept = try await store.onWriter { database in
                    try String.fetchAll(
                        database,
                        sql: """
                            SELECT state FROM key_conditions UNION ALL SELECT provider FROM whole_limits
                            UNION ALL SELECT provider FROM breakers
                            """)
                }
                #expect(kept == ["melted", "no provider", "no provider"])
            }
        }
    }
}
