import DBusControl
import Glibc

/// Who may read and write the daemon's files (K-047).
///
/// What only the daemon writes is closed at once; a secret that lay open is refused, because it may be known.
enum PermissionDiagnosis {
    /// What a file is for, which decides what is done about it.
    enum Purpose: Sendable {
        /// State and sockets, which nobody else has to do with: repaired.
        case state
        /// A secret: refused.
        case secret
        /// The configuration, which others may read but not write.
        case configuration
    }

    /// A file or directory, as it was found.
    struct Entry: Sendable, Equatable {
        var path: String
        var purpose: Purpose
        /// The permission bits; `nil` if it cannot be looked at.
        var mode: UInt32?
        /// Whether it belongs to the daemon's user (or to root, for the configuration).
        var isOwn: Bool
        /// Whether its mode was too open and has been closed.
        var isRepaired = false
    }

    static let check = "permissions"

    /// What is to be said of the files; all that are in order share a row.
    static func rows(_ entries: [Entry]) -> [DiagnosisRow] {
        let rows = entries.compactMap(Self.row)
        guard !rows.contains(where: { $0.result != DiagnosisResult.ok.rawValue }) else { return rows }
        return [DiagnosisRow(Self.check, .ok, "\(entries.count) files and directories are for the daemon's user alone")]
    }

    /// What is wrong with a file; `nil` for nothing.
    static func row(_ entry: Entry) -> DiagnosisRow? {
        guard let mode = entry.mode else {
            return DiagnosisRow(Self.check, entry.path, .fail, "cannot be looked at")
        }
        let shown = "mode 0" + String(mode, radix: 8)
        guard entry.isOwn else {
            return DiagnosisRow(
                Self.check, entry.path, .fail, "belongs to another user", advice: "chown it to the user that runs kmid")
        }
        switch entry.purpose {
        case .state:
            guard mode & 0o077 != 0 else { return nil }
            return entry.isRepaired
                ? DiagnosisRow(Self.check, entry.path, .warn, "was open to others (\(shown)), and is closed now")
                : DiagnosisRow(
                    Self.check, entry.path, .fail, "is open to others (\(shown))", advice: "chmod go= \(entry.path)")
        case .secret:
            guard mode & 0o077 != 0 else { return nil }
            return DiagnosisRow(
                Self.check, entry.path, .fail, "a secret that others may read (\(shown)) is not used",
                advice: "make a new key at the provider, or chmod 600 \(entry.path) if nobody else has been there")
        case .configuration:
            guard mode & 0o022 != 0 else { return nil }
            return DiagnosisRow(
                Self.check, entry.path, .fail, "others may change the configuration (\(shown))",
                advice: "chmod go-w \(entry.path)")
        }
    }
}
