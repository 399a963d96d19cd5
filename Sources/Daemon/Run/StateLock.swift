import Glibc

/// The one lock on a state directory, held as long as the process lives (K-002, K-030).
///
/// It is a `flock` on the directory itself: there is no lock file that could be left behind, and the kernel lets go of it
/// however the process ends.
final class StateLock: Sendable {
    private let descriptor: CInt

    /// Another daemon has the directory.
    struct Taken: Error, CustomStringConvertible {
        let path: String
        var description: String {
            "another kmid uses the state directory \(self.path): stop it, or give this one its own with --state-dir"
        }
    }

    /// Takes the lock at once, or throws ``Taken``.
    init(directory: String) throws {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            throw Directories.Failure(path: directory, reason: String(cString: strerror(errno)))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            if code == EWOULDBLOCK { throw Taken(path: directory) }
            throw Directories.Failure(path: directory, reason: String(cString: strerror(code)))
        }
        self.descriptor = descriptor
    }

    deinit { close(self.descriptor) }
}
