import Foundation
import Logging
import ProxyCore
import StateStore

/// `kmid restore`: puts a copy of the state in its place while no daemon runs, or only says what a copy holds (A-022).
struct RestoreState {
    /// The copy.
    let file: String
    /// The state directory that was asked for.
    let stateDirectory: String?
    /// Whether nothing is to change.
    let isCheck: Bool
    var environment = ProcessInfo.processInfo.environment
    var now = SystemTime().wallTime()

    /// Does it, writes what came of it — to standard output, what went wrong to standard error — and returns the exit status.
    func run(
        write: (String) -> Void = { FileHandle.standardOutput.write(Data($0.utf8)) },
        complain: (String) -> Void = { FileHandle.standardError.write(Data($0.utf8)) }
    ) -> Int32 {
        // Copies are for the daemon's user alone, from the first moment (K-033).
        umask(0o077)
        do {
            let lines = self.isCheck ? try self.look() : try self.restore()
            write(lines.joined(separator: "\n") + "\n")
            return DaemonRun.Status.ok
        } catch {
            complain("kmid: \(self.isCheck ? "cannot be restored" : "nothing was restored"): \(error)\n")
            return DaemonRun.Status.failed
        }
    }

    /// An absolute path also keeps SQLite from reading a name such as `file:…` as an address.
    private var path: String { URL(filePath: self.file).path(percentEncoded: false) }

    // What is repaired on the way is repaired without words: the next start has nothing left to tell of.
    private var logger: Logger { Logger(label: "kmid") { _ in SwiftLogNoOpLogHandler() } }

    private func look() throws -> [String] {
        let directory = Directories.statePath(self.stateDirectory, environment: self.environment)
        let finding = try StateRestore(directory: directory, logger: self.logger).check(self.path)
        return ["\(self.path) can be restored: \(Self.summary(of: finding))"]
            + Self.lines(aboutSecretsOf: finding, storedIn: try Self.secrets(of: directory))
    }

    private func restore() throws -> [String] {
        // The runtime directory is the running daemon's affair.
        let state = self.environment.filter { !["RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"].contains($0.key) }
        let directory = try Directories(stateDirectory: self.stateDirectory, environment: state).state
        let lock = try StateLock(directory: directory)
        let restored = try withExtendedLifetime(lock) {
            try StateRestore(directory: directory, logger: self.logger).restore(self.path, now: self.now)
        }
        var lines = ["restored \(self.path): \(Self.summary(of: restored.finding))"]
        if let replaced = restored.replaced { lines.append("what was there before is kept: \(replaced)") }
        lines += Self.lines(aboutSecretsOf: restored.finding, storedIn: try Self.secrets(of: directory))
        lines.append(
            "what was changed since the copy is as it was then: look at `kmictl clients list` and `kmictl keys list`, and revoke or "
                + "remove again what must not be back")
        return lines
    }

    /// A copy in a line.
    static func summary(of finding: StateRestore.Finding) -> String {
        var parts = ["schema \(finding.schema)"]
        if finding.schema < finding.newestSchema {
            parts[0] += " (the next start brings it to \(finding.newestSchema))"
        }
        parts.append("\(finding.requests) request\(finding.requests == 1 ? "" : "s")")
        if let last = finding.lastRequestAt { parts.append("the last one of \(last.rfc3339)") }
        return parts.joined(separator: ", ")
    }

    /// Where the secrets of added keys are expected, which no copy holds; nothing without added keys.
    static func lines(aboutSecretsOf finding: StateRestore.Finding, storedIn files: Set<KeyLabel>) -> [String] {
        guard !finding.addedKeys.isEmpty else { return [] }
        return ["a copy holds no secrets; those of keys that were added at run time:"]
            + finding.addedKeys.map { key in
                let words =
                    switch key.secretPlace {
                    case .files where files.contains(key.label): "in secrets/"
                    case .files: "missing in secrets/: `kmictl keys rekey \(key.label)` once the daemon runs"
                    case .secretService:
                        "expected in the Secret Service; if it is not there, `kmictl keys rekey \(key.label)`"
                    }
                return "  \(key.label): \(words)"
            }
    }

    private static func secrets(of directory: String) throws -> Set<KeyLabel> {
        try SecretDirectory(stateDirectory: directory).labels()
    }
}
