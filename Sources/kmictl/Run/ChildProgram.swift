import Glibc

/// A command of a command line, byte for byte: names of files need not be UTF-8.
struct ChildProgram: Equatable, Sendable {
    /// The file.
    let path: [UInt8]
    /// Its words, its own name first.
    let words: [[UInt8]]

    /// Finds the file as shells do: a name with a slash is a path, every other one is looked for in `PATH`.
    init(words: [[UInt8]], searchPath: [UInt8]?) throws(StartFailure) {
        guard let name = words.first, !name.isEmpty else {
            throw StartFailure(end: .notFound, message: "the command has an empty name.")
        }
        let isPath = name.contains(UInt8(ascii: "/"))
        let candidates =
            isPath
            ? [name]
            : (searchPath ?? Array("/usr/local/bin:/usr/bin:/bin".utf8))
                .split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
                .map { ($0.isEmpty ? Array(".".utf8) : Array($0)) + Array("/".utf8) + name }
        var refusal: Int32 = 0
        for candidate in candidates {
            let problem = Self.problem(of: candidate)
            if problem == 0 {
                self.path = candidate
                self.words = words
                return
            }
            if problem != ENOENT, problem != ENOTDIR { refusal = problem }
        }
        let shown = SafeText.line(String(decoding: name, as: UTF8.self))
        guard refusal == 0 else {
            throw StartFailure(end: .notExecutable, message: "cannot start \(shown): \(SystemText.of(refusal)).")
        }
        throw StartFailure(
            end: .notFound, message: isPath ? "there is no program \(shown)." : "\(shown) is not found in PATH.")
    }

    /// The command with the shell for a file that the kernel does not know how to start, as shells do it.
    var withShell: ChildProgram {
        ChildProgram(path: Array("/bin/sh".utf8), words: [Array("sh".utf8), self.path] + self.words.dropFirst())
    }

    private init(path: [UInt8], words: [[UInt8]]) {
        self.path = path
        self.words = words
    }

    /// Why a file cannot be started, as an error number; 0 if nothing is known against it.
    private static func problem(of path: [UInt8]) -> Int32 {
        let path = path.map { CChar(bitPattern: $0) } + [0]
        var status = stat()
        guard stat(path, &status) == 0 else { return errno }
        if status.st_mode & S_IFMT == S_IFDIR { return EISDIR }
        return access(path, X_OK) == 0 ? 0 : errno
    }
}
