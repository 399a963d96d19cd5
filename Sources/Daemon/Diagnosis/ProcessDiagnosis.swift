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

    /// What is to be said of memory: what tells how short it is, from which percentage on requests are refused (`nil` for
    /// never), and whether they are.
    static func memory(watched: [String], threshold: Double?, isShedding: Bool) -> DiagnosisRow {
        guard let threshold else {
            return DiagnosisRow(
                "limits", "memory", .ok, "nothing is refused for lack of it: limits.memory_pressure is 0")
        }
        guard !watched.isEmpty else {
            return DiagnosisRow(
                "limits", "memory", .warn,
                "the kernel does not tell how short it is, so nothing is refused for lack of it",
                advice: "a kernel with CONFIG_PSI, or set limits.memory_pressure = 0 if that is fine")
        }
        let places = watched.joined(separator: ", ")
        guard !isShedding else {
            return DiagnosisRow(
                "limits", "memory", .fail, "it is short, and new requests are refused (\(places))",
                advice: "see what takes it, or raise limits.memory_pressure")
        }
        return DiagnosisRow("limits", "memory", .ok, "watched (\(places)); requests are refused above \(threshold) %")
    }
}
