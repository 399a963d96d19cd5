import Foundation

/// Where the daemon keeps its files (contract section 2).
struct Directories: Sendable {
    /// State, spooled bodies included; there since `init`, for the daemon's user alone.
    let state: String
    /// Sockets; `nil` if neither the service manager nor the session names a place.
    let runtime: String?

    /// A directory that cannot be used.
    struct Failure: Error, CustomStringConvertible {
        let path: String
        let reason: String
        var description: String { "\(self.path): \(self.reason)" }
    }

    /// Finds the directories and makes them where they are missing.
    ///
    /// - Parameters:
    ///   - stateDirectory: The one that was asked for.
    ///   - environment: `STATE_DIRECTORY` and `RUNTIME_DIRECTORY` of the service manager, else the session's.
    init(stateDirectory: String?, environment: [String: String]) throws {
        self.state = Self.statePath(stateDirectory, environment: environment)
        self.runtime =
            environment["RUNTIME_DIRECTORY"].flatMap { $0.split(separator: ":").first.map(String.init) }
            ?? environment["XDG_RUNTIME_DIR"].flatMap { $0.hasPrefix("/") ? $0 + "/kmi" : nil }
        try Self.prepare(self.state)
        if let runtime = self.runtime { try Self.prepare(runtime) }
    }

    /// Where the state lies; nothing is made.
    static func statePath(_ stateDirectory: String?, environment: [String: String]) -> String {
        let home = environment["HOME"] ?? NSHomeDirectory()
        return stateDirectory
            // The service manager separates several by colons; the first one is ours.
            ?? environment["STATE_DIRECTORY"].flatMap { $0.split(separator: ":").first.map(String.init) }
            ?? (environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home + "/.local/state")
            + "/kmi"
    }

    /// Makes a directory with mode 0700, or checks that it is ours and closes it to others (K-019, K-047).
    private static func prepare(_ path: String) throws {
        try Self.makeParents(of: path)
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw Failure(path: path, reason: Self.errorText()) }
        var status = stat()
        guard lstat(path, &status) == 0 else { throw Failure(path: path, reason: Self.errorText()) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw Failure(path: path, reason: "is not a directory") }
        guard status.st_uid == geteuid() else { throw Failure(path: path, reason: "belongs to another user") }
        if status.st_mode & 0o077 != 0, chmod(path, 0o700) != 0 { throw Failure(path: path, reason: Self.errorText()) }
    }

    private static func makeParents(of path: String) throws {
        let parent = (path as NSString).deletingLastPathComponent
        guard !parent.isEmpty, parent != "/", access(parent, F_OK) != 0 else { return }
        try Self.makeParents(of: parent)
        if mkdir(parent, 0o700) != 0, errno != EEXIST { throw Failure(path: parent, reason: Self.errorText()) }
    }

    private static func errorText() -> String { String(cString: strerror(errno)) }
}
