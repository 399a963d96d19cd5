import DBusControl

/// What the process may have and may leave behind.
enum ProcessDiagnosis {
    /// What is to be said of open files: `used` of `soft`, `needed` for the connections that are configured; `nil` for what
    /// the system does not tell.
    static func files(used: Int?, soft: UInt64?, needed: Int) -> DiagnosisRow {
        guard let soft else { return DiagnosisRow("limits", "open files", .warn, "the limit cannot be told") }
        let text = (used.map { "\($0) of " } ?? "") + "\(soft)"
        guard soft >= UInt64(needed) else {
            return DiagnosisRow(
                "limits", "open files", .warn, "\(text), but the configured connections may need \(needed)",
                advice: "raise LimitNOFILE= of the unit, or ulimit -Hn")
        }
        guard UInt64(used ?? 0) < soft / 10 * 9 else {
            return DiagnosisRow(
                "limits", "open files", .fail, "\(text): nearly all are in use",
                advice: "raise LimitNOFILE= of the unit, or lower server.limits.connections")
        }
        return DiagnosisRow("limits", "open files", .ok, text)
    }

    /// What is to be said of core dumps, which hold the secrets of all keys; `bytes` is how large one may be.
    static func cores(bytes: UInt64?) -> DiagnosisRow {
        guard bytes == 0 else {
            return DiagnosisRow(
                "limits", "core dumps", .warn, "a crash would write the secrets of all keys to the disk",
                advice: "LimitCORE=0 in the unit, or ulimit -c 0")
        }
        return DiagnosisRow("limits", "core dumps", .ok, "none are written")
    }
}
