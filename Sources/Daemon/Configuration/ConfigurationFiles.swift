import Foundation
import Glibc

/// Finds and reads the files of the configuration (contract section 2).
struct ConfigurationFiles: Sendable {
    /// A configuration file is at most so large.
    static let largest = 1 << 20

    /// `--config`, if it was given.
    var configPath: String?
    /// The environment, for `KMI_CONFIG`, `XDG_CONFIG_HOME` and `HOME`.
    var environment: [String: String]
    /// Where the machine's configuration lies.
    var systemDirectory = "/etc/kmi"

    /// What was found.
    struct Found: Sendable {
        /// The files in the order in which they are read: later ones win.
        var paths: [String] = []
        /// What could not be looked at.
        var problems: [ConfigurationProblem] = []
        /// What lies there and is not read.
        var warnings: [ConfigurationProblem] = []
    }

    /// Looks for the files: the one that is named, else the first of the usual places that has any; then
    /// `kmi.toml.d/*.toml` beside it.
    func find() -> Found {
        var found = Found()
        let isNamed = self.named != nil
        for candidate in self.candidates {
            let isThere = Self.exists(candidate.file)
            // A file that somebody names has to be there.
            if isThere || isNamed { found.paths = [candidate.file] }
            guard isThere || isNamed || Self.exists(candidate.fragments) else { continue }
            self.addFragments(of: candidate.fragments, to: &found)
            break
        }
        return found
    }

    /// The places that are looked at, the first one that has anything wins: the file, and the directory of its fragments.
    var candidates: [(file: String, fragments: String)] {
        if let named = self.named {
            let path = Self.absolute(named)
            return [(path, (path as NSString).deletingLastPathComponent + "/kmi.toml.d")]
        }
        return self.usualDirectories.map { ($0 + "/kmi.toml", $0 + "/kmi.toml.d") }
    }

    /// The file that somebody names.
    private var named: String? {
        self.configPath ?? self.environment["KMI_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
    }

    private var usualDirectories: [String] {
        var directories: [String] = []
        if let base = self.environment["XDG_CONFIG_HOME"], base.hasPrefix("/") {
            directories.append(base + "/kmi")
        } else if let home = self.environment["HOME"], home.hasPrefix("/") {
            directories.append(home + "/.config/kmi")
        }
        return directories + [self.systemDirectory]
    }

    private func addFragments(of directory: String, to found: inout Found) {
        guard Self.exists(directory) else { return }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            found.problems.append(Self.problem(directory, "cannot be listed: \(Self.reason(error))"))
            return
        }
        // By bytes, so that the order is the same everywhere.
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            let path = "\(directory)/\(name)"
            if name.hasSuffix(".toml"), !name.hasPrefix(".") {
                found.paths.append(path)
            } else {
                found.warnings.append(
                    Self.problem(path, "is not read: its name does not end in .toml or begins with a dot"))
            }
        }
    }

    /// Reads a file: at most ``largest`` bytes, and nothing but a regular file.
    static func read(_ path: String) -> Result<[UInt8], ConfigurationProblems> {
        switch BoundedFile.read(path, atMost: Self.largest) {
        case .success(let file): return .success(file.bytes)
        case .failure(let failure):
            return .failure(ConfigurationProblems(problems: [Self.problem(path, failure.reason)], warnings: []))
        }
    }

    private static func problem(_ path: String, _ message: String) -> ConfigurationProblem {
        ConfigurationProblem(origin: ConfigurationOrigin(source: path, line: nil, key: ""), message: message)
    }

    private static func reason(_ error: any Error) -> String {
        String((error as NSError).localizedDescription.map { $0.isNewline ? " " : $0 })
    }

    private static func absolute(_ path: String) -> String {
        let full = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        return (full as NSString).standardizingPath
    }

    // Also true for a link that leads nowhere, so that it is reported and not passed over.
    private static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }
}
