import Glibc

/// Finds the files that may hold keys.
struct KeyFilePlaces {
    /// A directory is looked at up to so many entries.
    static let mostEntries = 1000

    /// The environment: `HOME` and the variables that move directories.
    let environment: @Sendable (String) -> String?

    /// What was found.
    struct Found {
        var files: [KeyFile] = []
        /// Places that are no key files, and why.
        var passed: [(path: String, refusal: PrivateFile.Refusal)] = []
        /// Where was looked.
        var places: [String] = []
    }

    /// The files of paths that a person named; those of the usual places without any.
    func find(_ paths: [String]) -> Found {
        var found = Found()
        for path in paths {
            found.places.append(path)
            if Self.isDirectory(path) {
                self.list(path, into: &found)
            } else {
                let name = Self.lastComponent(path)
                found.files.append(
                    KeyFile(path: path, isNamed: true, isClientConfiguration: Self.configurations.contains(name)))
            }
        }
        if paths.isEmpty { self.addUsual(to: &found) }
        var seen: Set<String> = []
        found.files.removeAll { !seen.insert($0.path).inserted }
        return found
    }

    /// The names of the configuration of a Kimi client, the first one first.
    private static let configurations = ["config.toml", "config.json"]

    /// The directories of the Kimi clients, moved or not.
    private var clientDirectories: [String] {
        let home = self.variable("HOME")
        return [
            self.variable("KIMI_SHARE_DIR") ?? home.map { $0 + "/.kimi" },
            self.variable("KIMI_CODE_HOME") ?? home.map { $0 + "/.kimi-code" },
        ].compactMap(\.self)
    }

    private func addUsual(to found: inout Found) {
        // As KMI Manager looks for them: the first one that is there.
        let directories: [String]
        if let named = self.variable("KMI_AUTHS_DIR") {
            directories = [named]
        } else {
            directories = ["./_auths"] + (self.variable("HOME").map { [$0 + "/.kimi/_auths"] } ?? [])
        }
        found.places += directories
        if let directory = directories.first(where: Self.isDirectory) {
            self.list(directory, into: &found)
        } else if let named = self.variable("KMI_AUTHS_DIR") {
            found.passed.append((named, PrivateFile.Refusal(reason: "is no directory", advice: "see KMI_AUTHS_DIR")))
        }
        for directory in self.clientDirectories {
            found.places.append(directory)
            if let name = Self.configurations.first(where: { Self.exists("\(directory)/\($0)") }) {
                found.files.append(
                    KeyFile(path: "\(directory)/\(name)", isNamed: false, isClientConfiguration: true))
            }
        }
    }

    private func variable(_ name: String) -> String? { self.environment(name).flatMap { $0.isEmpty ? nil : $0 } }

    // MARK: Directories

    /// The key files of a directory and of its direct sub-directories.
    private func list(_ directory: String, into found: inout Found) {
        let directory = Self.withoutSlash(directory)
        let isClient =
            self.clientDirectories.map(Self.withoutSlash).contains(directory)
            || [".kimi", ".kimi-code"].contains(Self.lastComponent(directory))
        var inner: [String] = []
        guard let names = self.names(of: directory, into: &found) else { return }
        var others: [String] = []
        for name in names {
            let path = "\(directory)/\(name)"
            if Self.isDirectory(path, follows: false) {
                inner.append(path)
            } else if isClient, Self.configurations.contains(name) {
                found.files.append(KeyFile(path: path, isNamed: false, isClientConfiguration: true))
            } else {
                self.add(path, name, to: &found, others: &others)
            }
        }
        for directory in inner {
            for name in self.names(of: directory, into: &found) ?? [] {
                let path = "\(directory)/\(name)"
                if !Self.isDirectory(path, follows: false) { self.add(path, name, to: &found, others: &others) }
            }
        }
        if !others.isEmpty {
            let list = others.prefix(3).joined(separator: ", ") + (others.count > 3 ? ", …" : "")
            found.passed.append(
                (
                    directory,
                    PrivateFile.Refusal(
                        reason: "\(others.count) not named like key files: \(list)")
                ))
        }
    }

    private func add(_ path: String, _ name: String, to found: inout Found, others: inout [String]) {
        if KeyFileName(name) != nil {
            found.files.append(KeyFile(path: path, isNamed: false, isClientConfiguration: false))
        } else if name == ".env" {
            found.passed.append(
                (
                    path,
                    PrivateFile.Refusal(
                        reason: "has no name in front of .env, so that it may belong to another program",
                        advice: "name the file if it holds a key")
                ))
        } else {
            others.append(name)
        }
    }

    /// The names in a directory, by their bytes, so that the order is the same everywhere.
    private func names(of directory: String, into found: inout Found) -> [String]? {
        guard let stream = opendir(directory) else {
            found.passed.append(
                (directory, PrivateFile.Refusal(reason: "cannot be listed: \(SystemText.of(errno))")))
            return nil
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            guard names.count < Self.mostEntries else {
                found.passed.append(
                    (
                        directory,
                        PrivateFile.Refusal(
                            reason: "has more than \(Self.mostEntries) entries, which no key directory has",
                            advice: "name the key files")
                    ))
                return nil
            }
            names.append(name)
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func isDirectory(_ path: String) -> Bool { Self.isDirectory(path, follows: true) }

    private static func isDirectory(_ path: String, follows: Bool) -> Bool {
        var status = stat()
        guard fstatat(AT_FDCWD, path, &status, follows ? 0 : AT_SYMLINK_NOFOLLOW) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFDIR
    }

    private static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    private static func lastComponent(_ path: String) -> String { String(path.split(separator: "/").last ?? "") }

    private static func withoutSlash(_ path: String) -> String {
        var path = Substring(path)
        while path.count > 1, path.hasSuffix("/") { path = path.dropLast() }
        return String(path)
    }
}
