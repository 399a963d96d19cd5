import Foundation

/// Where the daemon keeps its files (contract section 2).
struct Directories: Sendable {
    /// State, spooled bodies included; there since `init`, for the daemon's user alone.
    let state: String
    /// Sockets; `nil` if neither the service manager nor the session names a place.
    let runtime: String?
    /// Those that were open to others until `init` closed them.
    let repaired: [String]

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
        self.runtime = Self.runtimePath(environment)
        self.repaired = try [self.state, self.runtime].compactMap(\.self).filter(Self.prepare)
    }

    /// Where the state lies; nothing is made.
    static func statePath(_ stateDirectory: String?, environment: [String: String]) -> String {
        if let stateDirectory { return Self.withoutSlash(stateDirectory) }
        if let given = environment["STATE_DIRECTORY"].flatMap(Self.managed) { return given }
        let home = environment["HOME"] ?? NSHomeDirectory()
        let path =
            (environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home + "/.local/state")
            + "/kmi"
        return Self.withoutSlash(path)
    }

    /// Where the sockets lie that the daemon makes; `nil` if nobody names a place.
    ///
    /// Nothing is made.
    static func runtimePath(_ environment: [String: String]) -> String? {
        environment["RUNTIME_DIRECTORY"].flatMap(Self.managed)
            ?? environment["XDG_RUNTIME_DIR"].flatMap { $0.hasPrefix("/") ? Self.withoutSlash($0 + "/kmi") : nil }
    }

    /// The first of the directories that the service manager names, separated by colons; `nil` for none.
    ///
    /// The manager has made it, and may name it by a symbolic link of its own (`DynamicUser=`, systemd.exec(5):
    /// `/var/lib/kmi` leads to `private/kmi`), which is followed. Whose the directory at its end is, is looked at as ever.
    private static func managed(_ variable: String) -> String? {
        guard let path = variable.split(separator: ":").first.map({ Self.withoutSlash(String($0)) }) else { return nil }
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// The path of a file, with the links followed that lead to its directory; as it is if that is not there.
    static func withoutLinks(_ path: String) -> String {
        guard path.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return path }
        guard let real = realpath(String(path[...slash]), nil) else { return path }
        defer { free(real) }
        let directory = String(cString: real)
        return (directory == "/" ? "" : directory) + path[slash...]
    }

    /// A slash at the end would have a symbolic link followed.
    private static func withoutSlash(_ path: String) -> String {
        let end = path.lastIndex { $0 != "/" }
        return end.map { String(path[...$0]) } ?? path
    }

    /// Makes a directory with mode 0700, or checks that it is ours and closes it to others (K-019, K-047).
    ///
    /// Returns whether it was open to others.
    private static func prepare(_ path: String) throws -> Bool {
        try Self.makeParents(of: path)
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw Failure(path: path, reason: Self.errorText()) }
        // What is looked at is what is changed, whatever happens to the name meanwhile.
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            let isOther = errno == ENOTDIR || errno == ELOOP
            throw Failure(
                path: path, reason: isOther ? "is a symbolic link or no directory: name the real one" : Self.errorText()
            )
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure(path: path, reason: Self.errorText()) }
        guard status.st_uid == geteuid() else { throw Failure(path: path, reason: "belongs to another user") }
        guard status.st_mode & 0o077 != 0 else { return false }
        guard fchmod(descriptor, 0o700) == 0 else { throw Failure(path: path, reason: Self.errorText()) }
        return true
    }

    private static func makeParents(of path: String) throws {
        let parent = (path as NSString).deletingLastPathComponent
        guard !parent.isEmpty, parent != "/", access(parent, F_OK) != 0 else { return }
        try Self.makeParents(of: parent)
        if mkdir(parent, 0o700) != 0, errno != EEXIST { throw Failure(path: parent, reason: Self.errorText()) }
    }

    private static func errorText() -> String { String(cString: strerror(errno)) }
}
