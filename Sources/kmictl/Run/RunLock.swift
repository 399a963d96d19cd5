import Glibc

/// Tells the runs of a user whether another one still lives: a file in the runtime directory that a run holds locked, which
/// the kernel ends with the process however it ends.
///
/// It is a courtesy. Where there is no such directory tokens end at their expiry only.
struct RunLock: Sendable {
    private let path: String
    private let descriptor: CInt

    /// The directory of the locks of this user, `kmictl` in `XDG_RUNTIME_DIR`; `nil` without one.
    static func directory(_ runtime: String?) -> String? {
        runtime.flatMap { $0.hasPrefix("/") ? $0 + "/kmictl" : nil }
    }

    /// Takes the lock of a run that begins; `nil` where that cannot be.
    ///
    /// Tests hold it in another way.
    init?(
        name: String, in directory: String?, hold: (CInt) -> CInt = { flock($0, LOCK_EX | LOCK_NB) }
    ) {
        guard let directory else { return nil }
        mkdir(directory, 0o700)
        self.path = "\(directory)/\(name)"
        self.descriptor = open(self.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard self.descriptor >= 0 else { return nil }
        // Nobody looks at it before there is a client of that name.
        guard hold(self.descriptor) == 0 else {
            // A file that nobody holds would have the next run end the client of this one.
            self.remove()
            return nil
        }
    }

    /// Removes the lock, since there is nothing left to be ended.
    func remove() {
        unlink(self.path)
        close(self.descriptor)
    }

    /// Lets go of the lock and leaves the file, so that the next run ends what may be left of this one.
    func release() {
        close(self.descriptor)
    }

    /// Whether the run of a name is known to be over: its lock is there, and nobody holds it.
    static func isOver(_ name: String, in directory: String?) -> Bool {
        guard let directory else { return false }
        let descriptor = open("\(directory)/\(name)", O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) == 0
    }

    /// Removes the lock of a run that is over.
    static func remove(_ name: String, in directory: String?) {
        if let directory { unlink("\(directory)/\(name)") }
    }
}
