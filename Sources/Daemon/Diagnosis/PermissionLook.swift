import Glibc

/// Looks at the daemon's files, and closes those of the state that are open to others; blocks.
struct PermissionLook {
    /// A directory is looked at up to so many entries.
    private static let most = 1000
    /// `O_PATH` (open(2)), which the module of the C library leaves out.
    ///
    /// The file is not opened for reading: closing such a descriptor of the database would take away the locks that SQLite
    /// holds on it (fcntl(2), "advisory record locking").
    private static let pathOnly: CInt = 0o10_000_000

    let stateDirectory: String
    /// The directory of the sockets; `nil` if there is none.
    let runtimeDirectory: String?
    /// The files of the configuration.
    let configuration: [String]
    /// The files that keys of the configuration refer to.
    let secrets: [String]

    /// Everything that was found.
    func entries() -> [PermissionDiagnosis.Entry] {
        var entries = [self.entry(self.stateDirectory, .state)]
        for name in Self.names(in: self.stateDirectory) {
            let path = "\(self.stateDirectory)/\(name)"
            entries.append(self.entry(path, .state))
            let purpose: PermissionDiagnosis.Purpose = name == "secrets" ? .secret : .state
            if name == "secrets" || name == "backups" {
                entries += Self.names(in: path).map { self.entry("\(path)/\($0)", purpose) }
            }
        }
        if let directory = self.runtimeDirectory { entries.append(self.entry(directory, .state)) }
        entries += self.configuration.map { self.entry($0, .configuration, follows: true) }
        entries += self.secrets.map { self.entry($0, .secret, follows: true) }
        return entries
    }

    private func entry(
        _ path: String, _ purpose: PermissionDiagnosis.Purpose, follows: Bool = false
    ) -> PermissionDiagnosis.Entry {
        var entry = PermissionDiagnosis.Entry(path: path, purpose: purpose, mode: nil, isOwn: true)
        // Looked at and changed through one descriptor, whatever happens to the name.
        let descriptor = open(path, Self.pathOnly | O_CLOEXEC | (follows ? 0 : O_NOFOLLOW))
        guard descriptor >= 0 else { return entry }
        defer { close(descriptor) }
        var status = stat()
        // Of symbolic links the bits mean nothing.
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFLNK else { return entry }
        entry.mode = UInt32(status.st_mode & 0o7777)
        entry.isOwn = status.st_uid == geteuid() || (purpose == .configuration && status.st_uid == 0)
        if purpose == .state, entry.isOwn, status.st_mode & 0o077 != 0 {
            entry.isRepaired = chmod("/proc/self/fd/\(descriptor)", status.st_mode & 0o700) == 0
        }
        return entry
    }

    private static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while names.count < Self.most, let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
