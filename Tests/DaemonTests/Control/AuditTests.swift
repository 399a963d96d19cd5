import DBusControl
import Gateway
import Logging
import ProxyCore
import StateStore
import TestSupport
import Testing

@testable import Daemon

struct AuditFoldsTests {
    private let clock = ManualClock()

    private func event(_ actor: String, _ detail: String = "reason=no token") -> AuditEvent {
        AuditEvent(
            at: self.clock.wallTime(), actor: actor, action: "auth_failed", result: .refused, detail: detail)
    }

    @Test("what one address repeats is one row an hour that counts (K-042)")
    func foldsRepetitions() {
        var folds = AuditFolds()
        let first = folds.note(self.event("address:127.0.0.1"), fold: 1, at: self.clock.now())
        #expect(first.count == 1 && first.fold == 1)
        var last = first
        for number in 2...1_000 {
            self.clock.advance(by: .seconds(3))
            last = folds.note(self.event("address:127.0.0.1"), fold: Int64(number), at: self.clock.now())
        }
        #expect(last.count == 1_000 && last.fold == 1)
        #expect(last.at == first.at && last.lastAt == self.clock.wallTime())
        self.clock.advance(by: AuditFolds.span)
        let next = folds.note(self.event("address:127.0.0.1"), fold: 5_000, at: self.clock.now())
        #expect(next.count == 1 && next.fold == 5_000, "the next hour has a row of its own")
    }

    @Test("what differs has rows of its own")
    func tellsApart() {
        var folds = AuditFolds()
        let rows = [
            self.event("address:127.0.0.1"), self.event("address:::1"),
            self.event("address:127.0.0.1", "reason=unknown token"),
        ].enumerated().map { folds.note($0.element, fold: Int64($0.offset + 1), at: self.clock.now()) }
        #expect(rows.map(\.count) == [1, 1, 1])
        #expect(Set(rows.map(\.fold)).count == 3)
    }

    @Test("however many addresses there are, there are few rows, and every event is counted")
    func isBounded() {
        var folds = AuditFolds()
        var rows: [Int64: AuditEvent] = [:]
        for number in 1...10_000 {
            let row = folds.note(
                self.event("address:10.0.\(number / 256).\(number % 256)"), fold: Int64(number), at: self.clock.now())
            rows[row.fold ?? 0] = row
        }
        #expect(rows.count == AuditFolds.most + 1)
        #expect(rows.values.reduce(0) { $0 + $1.count } == 10_000)
        let others = rows.values.filter { $0.actor == AuditFolds.others }
        #expect(others.map(\.count) == [Int64(10_000 - AuditFolds.most)])
    }

    @Test("one actor cannot take the rows of the others, whatever it does (K-042)")
    func isBoundedForEach() {
        var folds = AuditFolds()
        var rows: [Int64: AuditEvent] = [:]
        for number in 1...1_000 {
            let row = folds.note(
                self.event("uid:1001", "reason=\(number)"), fold: Int64(number), at: self.clock.now())
            rows[row.fold ?? 0] = row
        }
        #expect(rows.count == AuditFolds.mostOfOne)
        #expect(rows.values.allSatisfy { $0.actor == "uid:1001" })
        #expect(rows.values.map(\.count).max() == Int64(1_000 - AuditFolds.mostOfOne + 1))
        let other = folds.note(self.event("uid:1002"), fold: 2_000, at: self.clock.now())
        #expect(other.actor == "uid:1002" && other.fold == 2_000 && other.detail == "reason=no token")
        // However many try it together, there are few rows, and every event is counted.
        for number in 1...10_000 {
            let row = folds.note(
                self.event("uid:\(number % 100)", "reason=\(number)"), fold: Int64(2_000 + number), at: self.clock.now()
            )
            rows[row.fold ?? 0] = row
        }
        rows[2_000] = other
        #expect(rows.count == AuditFolds.most + 1)
        #expect(rows.values.reduce(0) { $0 + $1.count } == 11_001)
    }
}

struct AuditEntryTests {
    @Test("names who did what to what, and the rest as detail (K-042)")
    func composesEvents() {
        let now = ManualClock().wallTime()
        let added = AuditEntry("key_added", "key added", ["key": "alpha", "provider": "kimi"]).event(at: now)
        #expect(added.actor == "daemon" && added.target == "alpha" && added.result == .ok)
        #expect(added.detail == "provider=kimi")
        let namesake = AuditEntry("key_added", "", ["key": "kimi", "provider": "kimi"]).event(at: now)
        #expect(namesake.target == "kimi" && namesake.detail == "provider=kimi")
        let given = AuditEntry("blocked_key_used", "", ["client": "ci"], target: "ci").event(at: now)
        #expect(given.target == "ci" && given.detail == "client=ci")
        let changed = AuditEntry("setting_changed", "", ["setting": "rotation.mode", "value": "sticky"]).event(at: now)
        #expect(changed.target == "rotation.mode" && changed.detail == "value=sticky")
        let revoked = AuditEntry("client_revoked", "", ["client": "ci"]).event(at: now)
        #expect(revoked.target == "ci" && revoked.detail.isEmpty)
        let caller = ControlCaller.$current.withValue(ControlCaller(userID: 1000)) { AuditEntry("keys_reset", "") }
        #expect(caller.event(at: now).actor == "uid:1000" && caller.event(at: now).target.isEmpty)
        let unknown = ControlCaller.$current.withValue(ControlCaller(userID: nil)) { AuditEntry("keys_reset", "") }
        #expect(unknown.event(at: now).actor == "uid:unknown")
    }

    @Test("on the bus the detail says how often it happened")
    func tellsRepetitions() {
        var event = AuditEvent(
            at: WallTime(microseconds: 1_767_225_600_000_000), actor: "address:127.0.0.1", action: "auth_failed",
            result: .refused, detail: "reason=no token")
        #expect(AuditRow(AuditRecord(number: 3, event: event)).detail == "reason=no token")
        event.count = 12
        event.lastAt = WallTime(microseconds: 1_767_225_660_000_000)
        let row = AuditRow(AuditRecord(number: 3, event: event))
        #expect(row.detail == "reason=no token (12 times, last 2026-01-01T00:01:00.000Z)")
        #expect(row.id == 3 && row.at == 1_767_225_600_000_000 && row.result == "refused")
    }
}

@Suite(.timeLimit(.minutes(5)))
struct AuditTrailTests {
    @Test("what callers are refused is kept with their address or user (K-042)")
    func keepsRefusals() async throws {
        try await TemporaryDirectory.with { directory in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let clock = ManualClock()
            let store = try StateStore.open(directory: directory.path, logger: logger, now: clock.wallTime())
            let trail = AuditTrail(store: store, time: clock, logger: logger)
            let address = try #require(NumericAddress("127.0.0.1"))
            for _ in 0..<50 {
                trail.refused(
                    CallerIncident(
                        .authenticationFailed, origin: .address(address), reason: "unknown token"))
            }
            let label = try #require(KeyLabel("alpha"))
            trail.refused(
                CallerIncident(
                    .blockedKey(label, .disabled), origin: .user(1000), client: ClientName("ci"),
                    reason: "disabled"))
            trail.refused(ControlCaller(userID: 1001), asking: "org.kmi.Proxy1.Manager.AddKey")
            trail.refused(nil, asking: "org.kmi.Proxy1.Manager.AddKey")
            let rows = try await store.audit(AuditQuery()).records.map { AuditRow($0) }
            await store.close()
            #expect(
                rows.map { "\($0.actor) \($0.action) \($0.target) \($0.result)" } == [
                    "uid:unknown bus_caller_refused org.kmi.Proxy1.Manager.AddKey refused",
                    "uid:1001 bus_caller_refused org.kmi.Proxy1.Manager.AddKey refused",
                    "uid:1000 blocked_key_used alpha refused", "address:127.0.0.1 auth_failed  refused",
                ])
            #expect(rows.last?.detail.hasPrefix("reason=unknown token (50 times, last ") == true)
            #expect(rows[2].detail == "client=ci state=disabled")
        }
    }

    @Test("an event that may still land is not handed over again, one that cannot is (K-042)")
    func keepsOnce() async throws {
        try await TemporaryDirectory.with { directory in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let clock = ManualClock()
            let store = try StateStore.open(directory: directory.path, logger: logger, now: clock.wallTime())
            let trail = AuditTrail(store: store, time: clock, logger: logger)
            trail.tell(AuditEntry("drain_asked", ""), after: StateStoreError(.timedOut, "too slow"))
            trail.tell(AuditEntry("keys_reset", ""), after: StateStoreError(.full, "no room"))
            let rows = try await store.audit(AuditQuery()).records
            await store.close()
            #expect(rows.map(\.event.action) == ["keys_reset"])
        }
    }
}
