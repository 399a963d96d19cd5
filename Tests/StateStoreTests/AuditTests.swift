import Foundation
import GRDB
import ProxyCore
import TestSupport
import Testing

@testable import StateStore

/// The event of a test, so many seconds after new year.
private func event(_ number: Int64, _ action: String = "key_added", fold: Int64? = nil) -> AuditEvent {
    var event = AuditEvent(
        at: WallTime(microseconds: newYear.microseconds + number * 1_000_000), actor: "uid:1000", action: action,
        target: "alpha", detail: "number=\(number)")
    event.fold = fold
    return event
}

private func after(_ seconds: Int64) -> WallTime {
    WallTime(microseconds: newYear.microseconds + seconds * 1_000_000)
}

@Suite(.timeLimit(.minutes(5)))
struct AuditTests {
    @Test("events come back page by page, the newest first, also after a restart (K-042, A-024)")
    func pages() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store in
                for number in 0..<5 { store.append(event(Int64(number))) }
            }
            try await withStore(in: directory) { store async throws in
                var query = AuditQuery()
                query.limit = 2
                var details: [String] = []
                repeat {
                    let page = try await store.audit(query)
                    #expect(page.records.count <= 2)
                    details += page.records.map(\.event.detail)
                    query.cursor = page.next
                } while !query.cursor.isEmpty
                #expect(details == (0..<5).reversed().map { "number=\($0)" })
                let whole = try await store.audit(AuditQuery()).records
                #expect(whole.map(\.event) == (0..<5).reversed().map { event(Int64($0)) })
                #expect(whole.map(\.number) == [5, 4, 3, 2, 1])
            }
        }
    }

    @Test("filters by time and action, and takes no cursor of requests")
    func filters() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                for number in 0..<6 { store.append(event(Int64(number), number % 2 == 0 ? "rotated" : "key_added")) }
                for number in 0..<3 { store.append(try served(number)) }
                var query = AuditQuery()
                query.since = after(1)
                query.until = after(5)
                #expect(try await store.audit(query).records.map(\.number) == [5, 4, 3, 2])
                query.action = "rotated"
                #expect(try await store.audit(query).records.map(\.number) == [5, 3])
                query.action = "nothing'; DROP TABLE audit; --"
                #expect(try await store.audit(query).records.isEmpty)
                var requests = RequestQuery()
                requests.limit = 1
                query.cursor = try await store.requests(requests).next
                #expect(!query.cursor.isEmpty)
                #expect(await Self.refusal(of: query, store)?.code == .invalidCursor)
                query.cursor = ""
                query.limit = 1001
                #expect(await Self.refusal(of: query, store)?.code == .invalidLimit)
            }
        }
    }

    private static func refusal(of query: AuditQuery, _ store: StateStore) async -> StateStoreError? {
        do throws(StateStoreError) {
            _ = try await store.audit(query)
            return nil
        } catch {
            return error
        }
    }

    @Test("what happens again has one row that says how often")
    func folds() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                for count in 1...3 {
                    var again = event(0, "auth_failed", fold: 7)
                    again.count = Int64(count)
                    again.lastAt = after(Int64(count))
                    store.append(again)
                    // Each in a transaction of its own, or several in one: it is the same.
                    if count == 1 { try await store.settled() }
                }
                store.append(event(9, "auth_failed", fold: 8))
                let records = try await store.audit(AuditQuery()).records
                #expect(records.map(\.event.count) == [1, 3])
                #expect(records.last?.event.lastAt == after(3))
                var query = AuditQuery()
                query.since = after(2)
                query.until = after(4)
                #expect(try await store.audit(query).records.map(\.event.count) == [3], "it went on until then")
            }
        }
    }

    @Test("an event is kept with its change or not at all")
    func goesWithItsChange() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                let key = RuntimeChanges.AddedKey(
                    label: try label("alpha"), provider: try provider("kimi"), addedAt: newYear)
                try await store.commit([.addKey(key), .audit(event(1))])
                #expect(await store.refusal(of: [.addKey(key), .audit(event(2))])?.code == .conflict)
                #expect(try await store.audit(AuditQuery()).records.map(\.event) == [event(1)])
                #expect(store.statistics.writes[.audit] == 1)
            }
        }
    }

    @Test("only their own age deletes events, neither that of requests nor the size (K-015, K-042)")
    func retention() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                for number in 0..<600 { store.append(event(Int64(number) * 86_400)) }
                var again = event(0, "auth_failed", fold: 1)
                again.lastAt = after(590 * 86_400)
                store.append(again)
                for number in 0..<400 { store.append(try captured(number, bytes: 8_000)) }
                try await store.settled()
                let now = after(600 * 86_400)
                store.setRetention(Retention(keep: .seconds(1), maxBytes: 1 << 20)) { now }
                try await eventually("everything is within its limits") { store.statistics.lastRetention != nil }
                #expect(try await store.requests(RequestQuery()).records.isEmpty)
                #expect(try await Self.count(store) == 601)
                store.setRetention(Retention(auditKeep: .seconds(365 * 86_400))) { now }
                try await eventually("old events are gone") { store.statistics.deleted[.audit] == 235 }
                let left = try await Self.count(store)
                #expect(left == 366, "what happened again lately stays")
            }
        }
    }

    private static func count(_ store: StateStore) async throws -> Int? {
        try await store.onWriter { try Int.fetchOne($0, sql: "SELECT count(*) FROM audit") }
    }

    @Test("a database of schema 3 is copied and migrated (K-037, A-025)")
    func migrates() async throws {
        try await TemporaryDirectory.with { directory in
            try inspect(directory.path("state.sqlite")) { database in
                try Migrator(migrations: Array(Migration.all.prefix(3))).migrate(database, from: 0, now: newYear)
                try Installation.seed(database, now: newYear)
                try database.execute(
                    sql: """
                        INSERT INTO requests (id, received_at, dialect, provider, status, is_stream, outcome, duration_ns)
                            VALUES ('old', 1, 'openai', 'sim', 200, 0, 'complete', 9)
                        """)
            }
            try await withStore(in: directory) { store async throws in
                store.append(event(1))
                #expect(try await store.audit(AuditQuery()).records.count == 1)
                #expect(try await store.requests(RequestQuery()).records.count == 1)
            }
            let copies = try FileManager.default.contentsOfDirectory(atPath: directory.path("backups"))
            #expect(copies == ["state-20260101T000000Z-schema3.sqlite"])
        }
    }

    @Test("malformed rows are passed over and counted")
    func malformedRows() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                store.append(event(1))
                try await store.settled()
                try await store.onWriter { database in
                    try database.execute(
                        sql: """
                            INSERT INTO audit (at, last_at, actor, action, target, result, detail, count)
                            VALUES (1, 1, 'a', 'b', 'c', 'perhaps', '', 1)
                            """)
                }
                #expect(try await store.audit(AuditQuery()).records.map(\.number) == [1])
                #expect(store.statistics.quarantined[.audit] == 1)
            }
        }
    }

    @Test("files that were open to others are told once")
    func tellsRepairedFiles() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store in #expect(store.repairedFiles.isEmpty) }
            chmod(directory.path("state.sqlite"), 0o644)
            try await withStore(in: directory) { store in
                #expect(store.repairedFiles == [directory.path("state.sqlite")])
            }
        }
    }

    @Test("a copy that does not wait for others is refused while one is made")
    func copiesOneAtATime() async throws {
        try await TemporaryDirectory.with { directory in
            try await withStore(in: directory) { store async throws in
                store.append(event(1))
                try await store.settled()
                async let first = store.backUp(keeping: 2)
                async let second = store.backUp(keeping: 2)
                _ = try await [first, second]
                let name = try await store.backUp(keeping: 2, waitingForOthers: false)
                let count = try inspect(directory.path("backups/\(name)")) {
                    try Int.fetchOne($0, sql: "SELECT count(*) FROM audit")
                }
                #expect(count == 1)
                #expect(store.backupDirectory == directory.path("backups"))
            }
        }
    }
}

struct PendingAuditsTests {
    private static func takes(_ event: AuditEvent, _ waiting: inout PendingAudits) -> Bool { waiting.append(event) }

    @Test func takesAtMostSoManyAndCountsRepetitionsInTheirPlace() {
        var waiting = PendingAudits()
        var taken = [Self.takes(event(0, fold: 5), &waiting)]
        for number in 1..<PendingAudits.limit { taken.append(Self.takes(event(Int64(number)), &waiting)) }
        #expect(!taken.contains(false))
        let isOneMoreTaken = Self.takes(event(9999), &waiting)
        #expect(!isOneMoreTaken)
        var again = event(0, fold: 5)
        again.count = 3
        let isAgainTaken = Self.takes(again, &waiting)
        #expect(isAgainTaken)
        let events = waiting.takeAll()
        #expect(events.count == PendingAudits.limit)
        #expect(events.first?.count == 3)
        #expect(waiting.events.isEmpty)
        // The place of what was taken is forgotten.
        _ = Self.takes(event(1, fold: 5), &waiting)
        #expect(waiting.events.count == 1)
    }

    @Test func putsBackWithoutALoss() {
        var waiting = PendingAudits()
        var later = event(1, fold: 5)
        later.count = 2
        _ = Self.takes(later, &waiting)
        _ = Self.takes(event(2), &waiting)
        waiting.putBack([event(0), event(1, fold: 5)])
        #expect(waiting.events == [event(0), later, event(2)])
    }

    @Test("texts have bounds (A-005)")
    func cutsTexts() {
        let long = String(repeating: "é", count: 2_000)
        let event = AuditEvent(at: newYear, actor: long, action: "a", target: long, detail: long)
        #expect(event.actor.utf8.count <= AuditEvent.longestName && event.actor.hasSuffix("…"))
        #expect(event.target.utf8.count <= AuditEvent.longestName)
        #expect(event.detail.utf8.count <= AuditEvent.longestDetail && event.detail.utf8.count > 1000)
    }
}
