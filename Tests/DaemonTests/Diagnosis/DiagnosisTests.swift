import DBusControl
import Gateway
import ProxyCore
import StateStore
import TestSupport
import Testing

@testable import Daemon

/// A row in one line: `warn disk /state: text -> advice`.
private func shown(_ row: DiagnosisRow) -> String {
    let subject = row.subject.isEmpty ? "" : " \(row.subject)"
    return "\(row.result) \(row.check)\(subject): \(row.message)" + (row.advice.isEmpty ? "" : " -> \(row.advice)")
}

private func results(_ rows: [DiagnosisRow]) -> [String] { rows.map { "\($0.result) \($0.check) \($0.subject)" } }

struct DiagnosisTests {
    // MARK: Versions

    @Test(
        "holds versions against their minimum (K-001)",
        arguments: [
            ("7.88.1", "7.88", "ok"), ("libcurl/8.0", "7.88", "ok"), ("7.87.9", "7.88", "fail"),
            ("7.88", "7.88.0", "ok"),
            ("7.100", "7.88", "ok"), ("unknown", "7.88", "warn"), ("", "7.88", "warn"), ("1.2.13", "1.2.13", "ok"),
            ("1.2.9", "1.2.13", "fail"), ("9", nil, "warn"),
        ])
    func comparesVersions(_ version: String, _ minimum: String?, _ result: String) {
        let row = VersionDiagnosis.row(VersionDiagnosis.Part(name: "x", version: version, minimum: minimum))
        #expect(row.result == result, "\(shown(row))")
        #expect((row.result == "fail") == (row.advice == "upgrade it, or the distribution"))
    }

    @Test("knows the versions of all that is in use (K-001)")
    func knowsVersions() {
        let parts = VersionDiagnosis.parts(sqlite: "3.40.1")
        #expect(parts.map(\.name) == ["swift", "libcurl", "OpenSSL", "sqlite", "libsystemd", "libdbus-1", "zlib"])
        for part in parts {
            #expect(VersionNumber(part.version) != nil, "\(part)")
            #expect(VersionDiagnosis.row(part).result == "ok", "\(part)")
        }
    }

    @Test("reads the version of systemd off the name of its library")
    func readsSystemd() {
        let line = "7f 00:00 r-xp 0 fe:00 1  /usr/lib/x86_64-linux-gnu/libsystemd.so.0."
        #expect(VersionDiagnosis.systemd(inMap: "a\n\(line)35.0\nb") == "252")
        #expect(VersionDiagnosis.systemd(inMap: "\(line)40.0") == "257")
        for map in ["", "nothing", "\(line)x.0", "/lib/libsystemd.so"] {
            #expect(VersionDiagnosis.systemd(inMap: map) == "unknown")
        }
    }

    // MARK: Permissions

    @Test(
        "repairs what is the state's and refuses what is a secret's (K-047)",
        arguments: [
            (PermissionDiagnosis.Purpose.state, 0o700, true, false, nil), (.state, 0o755, true, true, "warn"),
            (.state, 0o755, true, false, "fail"), (.state, 0o600, false, false, "fail"),
            (.secret, 0o600, true, false, nil),
            (.secret, 0o640, true, false, "fail"), (.configuration, 0o644, true, false, nil),
            (.configuration, 0o664, true, false, "fail"), (.configuration, 0o644, false, false, "fail"),
        ] as [(PermissionDiagnosis.Purpose, UInt32, Bool, Bool, String?)])
    func judgesPermissions(
        _ purpose: PermissionDiagnosis.Purpose, _ mode: UInt32, _ isOwn: Bool, _ isRepaired: Bool, _ result: String?
    ) {
        let entry = PermissionDiagnosis.Entry(
            path: "/x", purpose: purpose, mode: mode, isOwn: isOwn, isRepaired: isRepaired)
        let row = PermissionDiagnosis.row(entry)
        #expect(row?.result == result)
        #expect(row?.result != "fail" || row?.advice.isEmpty == false)
        #expect(PermissionDiagnosis.rows([entry]).map(\.result) == [result ?? "ok"])
    }

    // MARK: Clock

    @Test(
        "judges the clock",
        arguments: [
            (true, 0, [:], ["ok clock "]), (nil, 0, [:], ["ok clock "]), (false, 0, [:], ["warn clock "]),
            (false, 0, ["kimi": 1], ["ok clock "]), (true, -3600, [:], ["warn clock ", "ok clock "]),
            (true, 0, ["kimi": 60], ["warn clock kimi", "ok clock "]),
            (false, 0, ["a": -1, "kimi": -600], ["fail clock kimi", "warn clock "]),
        ] as [(Bool?, Int, [String: Int], [String])])
    func judgesClock(_ isSynchronised: Bool?, _ shift: Int, _ offsets: [String: Int], _ expected: [String]) {
        let rows = ClockDiagnosis.rows(
            isSynchronised: isSynchronised, shift: .seconds(shift), offsets: offsets.mapValues { .seconds($0) })
        #expect(results(rows) == expected)
    }

    @Test("reads the dates of answers")
    func readsDates() {
        #expect(ClockDiagnosis.seconds(ofDate: "Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
        for text in [
            "", "now", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Xxx 1994 08:49:37 GMT",
            "Sun, 99 Nov 1994 08:49:37 GMT",
        ] {
            #expect(ClockDiagnosis.seconds(ofDate: text) == nil)
        }
    }

    // MARK: Keys

    private func key(_ label: String, _ state: String, back: UInt64 = 0) -> KeyStatus {
        var key = KeyStatus()
        (key.label, key.provider, key.state, key.usableAt, key.masked) = (label, "kimi", state, back, "sk-a***wxyz")
        return key
    }

    @Test("judges the keys, and shows no more of them than the mask")
    func judgesKeys() {
        #expect(results(KeyDiagnosis.rows([KeyStatus](), now: 0)) == ["warn keys "])
        let hour: UInt64 = 3_600_000_000
        let keys = [
            self.key("a", "usable"), self.key("b", "invalid"), self.key("c", "billing"), self.key("d", "suspect"),
            self.key("e", "cooling", back: hour), self.key("f", "exhausted", back: 72 * hour),
            self.key("g", "disabled"),
        ]
        let rows = KeyDiagnosis.rows(keys, now: 0)
        #expect(results(rows) == ["ok keys ", "fail keys b", "warn keys c", "warn keys d", "warn keys f"])
        #expect(rows[1].message.contains("sk-a***wxyz"))
        #expect(results(KeyDiagnosis.rows(Array(keys[1...]), now: 0)).first == "fail keys ")
    }

    @Test("tells where secrets lie, and which cannot be read")
    func judgesSecrets() {
        let places = [
            KeyDiagnosis.SecretPlace(label: "a", place: "file:a.key"),
            KeyDiagnosis.SecretPlace(label: "b", place: "store:b"),
            KeyDiagnosis.SecretPlace(label: "c", place: "store:c", problem: "gone"),
        ]
        #expect(
            KeyDiagnosis.rows(places).map(shown) == [
                "ok secrets: 2 can be read: 1 in file, 1 in store",
                "fail secrets c: store:c: gone -> put the secret there, or kmictl keys remove c and add it again",
            ])
        #expect(KeyDiagnosis.rows([KeyDiagnosis.SecretPlace]()).isEmpty)
    }

    // MARK: Disk

    private func storage(_ change: (inout StorageDiagnosis) -> Void = { _ in }) -> [String] {
        var statistics = StoreStatistics()
        statistics.bytes = 5 << 20
        statistics.lastBackup = WallTime(microseconds: 0)
        var storage = StorageDiagnosis(
            directory: "/state", freeBytes: 10 << 30, statistics: statistics, trouble: nil,
            backupInterval: .seconds(86_400),
            startedAt: WallTime(microseconds: 0), now: WallTime(microseconds: 3_600_000_000))
        change(&storage)
        return results(storage.rows)
    }

    @Test("judges the disk")
    func judgesStorage() {
        #expect(self.storage() == ["ok disk /state", "ok disk database", "ok disk backup"])
        #expect(self.storage { $0.freeBytes = 100 << 20 }[0] == "warn disk /state")
        #expect(self.storage { $0.freeBytes = 1 << 20 }[0] == "fail disk /state")
        #expect(self.storage { $0.freeBytes = nil }[0] == "warn disk /state")
        #expect(self.storage { $0.trouble = "full" }[1] == "fail disk database")
        #expect(self.storage { $0.statistics.damage = "a row without its request" }[1] == "fail disk database")
        #expect(self.storage { $0.statistics.walBytes = 1 << 30 }[1] == "warn disk database")
        #expect(self.storage { $0.backupInterval = nil }[2] == "warn disk backup")
        #expect(self.storage { $0.now = WallTime(microseconds: 200_000_000_000) }[2] == "warn disk backup")
        #expect(self.storage { $0.statistics.lastBackup = nil }[2] == "ok disk backup")
        #expect(self.storage { $0.statistics.quarantined = [.requests: 2] }.count == 4)
        #expect(self.storage { $0.statistics.backupFailures = 1 }.last == "warn disk backup")
        #expect(StorageDiagnosis.text(1536) == "1.5 KiB")
        #expect(StorageDiagnosis.text(700) == "700 bytes")
        #expect(StorageDiagnosis.text(300 << 30) == "300 GiB")
    }

    @Test("a damaged database is told of once, with what to do, and no copy of it is asked for (K-037)")
    func judgesDamage() throws {
        var statistics = StoreStatistics()
        statistics.damage = "a row without its request"
        for (trouble, last) in [("damaged", WallTime(microseconds: 0)), ("io", nil)] {
            statistics.lastBackup = last
            let rows = StorageDiagnosis(
                directory: "/state", freeBytes: 10 << 30, statistics: statistics, trouble: trouble,
                backupInterval: .seconds(86_400), startedAt: WallTime(microseconds: 0),
                now: WallTime(microseconds: 400_000_000_000)
            ).rows
            let database = try #require(rows.first { $0.subject == "database" })
            #expect(database.message.hasPrefix("a row without its request"))
            #expect(database.message.contains("nothing is written") == (trouble == "io"))
            #expect(database.advice.contains("kmid restore"))
            let backup = try #require(rows.first { $0.subject == "backup" })
            #expect(backup.result == "ok" && backup.advice.isEmpty)
        }
    }

    // MARK: Process and providers

    @Test("judges the limits of the process")
    func judgesLimits() {
        #expect(ProcessDiagnosis.files(used: 10, soft: 4096, needed: 2048).result == "ok")
        #expect(ProcessDiagnosis.files(used: nil, soft: 1024, needed: 2048).result == "warn")
        #expect(ProcessDiagnosis.files(used: 4000, soft: 4096, needed: 2048).result == "fail")
        #expect(ProcessDiagnosis.files(used: 10, soft: nil, needed: 1).result == "warn")
        #expect(ProcessDiagnosis.cores(bytes: 0).result == "ok")
        for bytes: UInt64? in [nil, 1, .max] { #expect(ProcessDiagnosis.cores(bytes: bytes).result == "warn") }
    }

    @Test("tells what watches memory, and that requests are refused for lack of it (L-009)")
    func judgesMemory() {
        typealias Case = (watched: [String], threshold: Double?, isShedding: Bool, result: String)
        let cases: [Case] = [
            (["system", "control group"], 20, false, "ok"), (["system"], 20, true, "fail"), ([], 20, false, "warn"),
            ([], nil, false, "ok"),
        ]
        for one in cases {
            let row = ProcessDiagnosis.memory(
                watched: one.watched, threshold: one.threshold, isShedding: one.isShedding)
            #expect(row.result == one.result)
        }
    }

    @Test(
        "judges what became of a call to a provider",
        arguments: [
            (ProviderReach.End.answered(status: 401, date: nil), "ok"), (.answered(status: 404, date: nil), "ok"),
            (.answered(status: 503, date: nil), "warn"), (.timedOut, "fail"),
            (.failed(.unreachable, detail: "x"), "fail"),
            (.failed(.tls, detail: ""), "fail"), (.failed(.pinMismatch, detail: ""), "fail"),
            (.failed(.protocolViolation, detail: ""), "fail"), (.failed(.internalFault, detail: ""), "fail"),
        ])
    func judgesReach(_ end: ProviderReach.End, _ result: String) {
        let row = ReachDiagnosis.row(
            "kimi", host: "https://api.kimi.com", ProviderReach(end: end, duration: .milliseconds(120)))
        #expect(row.result == result, "\(shown(row))")
        #expect((result == "ok") == row.advice.isEmpty)
    }

    @Test("tells how far the clock was set")
    func tellsShift() {
        let time = ManualClock()
        let clock = ShownClock(time: time)
        #expect(clock.shift == .zero)
        time.advance(by: .seconds(100))
        #expect(clock.shift == .zero)
        time.jumpWallTime(by: .seconds(5))
        #expect(clock.shift == .seconds(5))
        // That moments are shown anew does not hide it.
        _ = clock.wallTime(of: Instant(nanoseconds: 0))
        #expect(clock.shift == .seconds(5))
    }
}
