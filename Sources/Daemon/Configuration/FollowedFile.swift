import Glibc

/// A file beside those of the configuration that was read for it, and how it was then, for telling whether it has changed.
///
/// What it holds is not kept: it may be a secret.
struct FollowedFile: Sendable, Equatable {
    /// What tells one state of a file from another.
    struct State: Sendable, Equatable {
        private let numbers: [Int64]

        /// Takes what the system says of a file.
        init(_ status: stat) {
            self.numbers = [
                Int64(bitPattern: UInt64(status.st_dev)), Int64(bitPattern: UInt64(status.st_ino)),
                Int64(status.st_size), Int64(status.st_mode), Int64(status.st_mtim.tv_sec),
                Int64(status.st_mtim.tv_nsec), Int64(status.st_ctim.tv_sec), Int64(status.st_ctim.tv_nsec),
            ]
        }

        /// Looks at what a path leads to; `nil` if there is nothing.
        init?(path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            self.init(status)
        }
    }

    /// Where it lies.
    let path: String
    /// How it was when it was read; `nil` if it could not be.
    let state: State?
    /// Whether it is for the daemon's user alone.
    var isSecret = false

    /// Whether it is another one now, or there is one now; blocks.
    var hasChanged: Bool { State(path: self.path) != self.state }
}
