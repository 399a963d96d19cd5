import DBusControl
import ProxyCore
import StateStore

/// How the disk is, the database and its copies.
struct StorageDiagnosis {
    static let check = "disk"
    private static let mebibyte: UInt64 = 1 << 20

    /// The state directory.
    var directory: String
    /// Bytes that the daemon's user may still write there; `nil` if the system does not tell.
    var freeBytes: UInt64?
    /// What the store did.
    var statistics: StoreStatistics
    /// One word for why nothing is written; `nil` if all is.
    var trouble: String?
    /// How often a copy is made; `nil` for never.
    var backupInterval: Duration?
    /// When the daemon started.
    var startedAt: WallTime
    /// The time.
    var now: WallTime

    /// What is to be said of it all.
    var rows: [DiagnosisRow] { [self.space, self.database, self.backup] + self.faults }

    private var space: DiagnosisRow {
        guard let free = self.freeBytes else {
            return DiagnosisRow(Self.check, self.directory, .warn, "the free space cannot be told")
        }
        let text = "\(Self.text(free)) free"
        // Enough for a batch of rows and a copy of a small database, or for a day.
        let result: DiagnosisResult = free < 16 * Self.mebibyte ? .fail : free < 256 * Self.mebibyte ? .warn : .ok
        return DiagnosisRow(
            Self.check, self.directory, result, text,
            advice: result == .ok ? "" : "make room, or put the state elsewhere: kmid --state-dir")
    }

    private var database: DiagnosisRow {
        let statistics = self.statistics
        if let damage = statistics.damage {
            let isWritten = self.trouble == nil || self.trouble == "damaged"
            return DiagnosisRow(
                Self.check, "database", .fail, isWritten ? damage : "\(damage); nothing is written",
                advice: "stop kmid, and restore a copy from backups/: kmid restore FILE")
        }
        if let trouble = self.trouble {
            let what = [
                "full": "the disk is full", "read_only": "the disk is read-only", "locked": "another program locks it",
            ]
            return DiagnosisRow(
                Self.check, "database", .fail, "nothing is written: \(what[trouble] ?? trouble)",
                advice: "mend the disk; kmid goes on by itself")
        }
        let text = "\(Self.text(statistics.bytes)), \(Self.text(statistics.walBytes)) of it not yet merged"
        guard statistics.walBytes < 256 * Self.mebibyte else {
            return DiagnosisRow(
                Self.check, "database", .warn, text, advice: "a long reader keeps it from being merged; restart kmid")
        }
        return DiagnosisRow(Self.check, "database", .ok, text)
    }

    private var backup: DiagnosisRow {
        if self.statistics.damage != nil {
            // What to do stands with the database.
            let last =
                self.statistics.lastBackup.map { "the last one is \(self.hours(since: $0)) h old" } ?? "there is none"
            return DiagnosisRow(Self.check, "backup", .ok, "\(last), and a damaged database is not copied")
        }
        guard let interval = self.backupInterval, interval > .zero else {
            return DiagnosisRow(
                Self.check, "backup", .warn, "none is made by itself", advice: "set storage.backup, or kmictl backup")
        }
        guard let last = self.statistics.lastBackup else {
            let isDue = self.now - self.startedAt > interval
            return DiagnosisRow(
                Self.check, "backup", isDue ? .warn : .ok, "there is none yet", advice: isDue ? "kmictl backup" : "")
        }
        let age = self.now - last
        let text = "the last one is \(self.hours(since: last)) h old and was found whole"
        guard age < interval * 2 + .seconds(3600) else {
            return DiagnosisRow(Self.check, "backup", .warn, text, advice: "kmictl backup")
        }
        return DiagnosisRow(Self.check, "backup", .ok, text)
    }

    private func hours(since time: WallTime) -> Int64 { max(0, (self.now - time).components.seconds / 3600) }

    private var faults: [DiagnosisRow] {
        var rows: [DiagnosisRow] = []
        let malformed = self.statistics.quarantined.values.reduce(0, +)
        if malformed > 0 {
            rows.append(
                DiagnosisRow(
                    Self.check, "database", .warn, "\(malformed) malformed rows were passed over",
                    advice: "keep a copy, and restore a backup if something is missing"))
        }
        if self.statistics.backupFailures > 0 {
            rows.append(
                DiagnosisRow(
                    Self.check, "backup", .warn, "\(self.statistics.backupFailures) copies failed since kmid began",
                    advice: "see the log for state_backup_failed, then kmictl backup"))
        }
        return rows
    }

    /// `1.5 GiB`, in the largest unit that leaves something in front of the point.
    static func text(_ bytes: UInt64) -> String {
        for (name, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] where bytes >= 1 << shift {
            let tenths = bytes / (1 << shift / 10)
            return tenths >= 100 ? "\(bytes >> shift) \(name)" : "\(tenths / 10).\(tenths % 10) \(name)"
        }
        return "\(bytes) bytes"
    }
}
