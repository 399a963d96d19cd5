import Glibc
import NIOCore
public import NIOPosix

/// Where the part of a request's body that is too long for memory goes: unlinked files in one directory, written and
/// read on a thread pool, never on an event loop (K-034, K-050).
public struct BodySpool: Sendable {
    /// What went wrong with a spool file.
    public struct Failure: Error, Sendable, Equatable {
        /// The system call that failed.
        public let call: String
        /// Its error number.
        public let errorNumber: Int32
    }

    private let directory: String
    private let threads: NIOThreadPool

    /// Makes a spool.
    ///
    /// - Parameters:
    ///   - directory: An existing directory that only the daemon's user may enter.
    ///   - threads: A running pool for the file calls.
    public init(directory: String, threads: NIOThreadPool) {
        self.directory = directory
        self.threads = threads
    }

    /// Makes a file that no name leads to, readable and writable by its owner only from the first moment (K-033).
    func makeFile(on eventLoop: any EventLoop) -> EventLoopFuture<SpoolFile> {
        let directory = self.directory
        let threads = self.threads
        return threads.runIfActive(eventLoop: eventLoop) {
            // O_TMPFILE leaves nothing behind, whatever ends the process.
            let descriptor = open(directory, Self.temporaryFile | O_RDWR | O_CLOEXEC, 0o600)
            if descriptor >= 0 { return SpoolFile(descriptor: descriptor, threads: threads) }
            guard errno == EOPNOTSUPP || errno == EISDIR else { throw Failure(call: "open", errorNumber: errno) }
            return try SpoolFile(descriptor: Self.makeUnlinkedFile(in: directory), threads: threads)
        }
    }

    /// `O_TMPFILE`, a macro that the importer leaves out: its own bit of <asm-generic/fcntl.h>, and `O_DIRECTORY`.
    private static let temporaryFile: Int32 = 0o20_000_000 | O_DIRECTORY

    /// The way for file systems without `O_TMPFILE`: a random name, created exclusively and taken away at once.
    private static func makeUnlinkedFile(in directory: String) throws -> Int32 {
        var template = Array("\(directory)/body-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw Failure(call: "mkstemp", errorNumber: errno) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        guard unlink(template) == 0 else {
            let failure = Failure(call: "unlink", errorNumber: errno)
            close(descriptor)
            throw failure
        }
        return descriptor
    }
}

/// One open spool file.
///
/// Calls may overlap only if they touch different parts of it.
final class SpoolFile: Sendable {
    private let descriptor: Int32
    private let threads: NIOThreadPool

    init(descriptor: Int32, threads: NIOThreadPool) {
        self.descriptor = descriptor
        self.threads = threads
    }

    deinit {
        close(self.descriptor)
    }

    /// Writes all bytes at an offset.
    func write(_ bytes: ByteBuffer, at offset: Int64, on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        self.threads.runIfActive(eventLoop: eventLoop) {
            try bytes.withUnsafeReadableBytes { source in
                var done = 0
                while done < source.count {
                    let rest = UnsafeRawBufferPointer(rebasing: source[done...])
                    let count = pwrite(self.descriptor, rest.baseAddress, rest.count, off_t(offset) + done)
                    // Only a negative count has set the error number.
                    let failure = count < 0 ? errno : ENOSPC
                    if count > 0 {
                        done += count
                    } else if failure != EINTR {
                        throw BodySpool.Failure(call: "pwrite", errorNumber: failure)
                    }
                }
            }
        }
    }

    /// Reads exactly `count` bytes at an offset, which must have been written.
    func read(_ count: Int, at offset: Int64, on eventLoop: any EventLoop) -> EventLoopFuture<ByteBuffer> {
        self.threads.runIfActive(eventLoop: eventLoop) {
            var bytes = ByteBufferAllocator().buffer(capacity: count)
            while bytes.readableBytes < count {
                let missing = count - bytes.readableBytes
                let place = off_t(offset) + bytes.readableBytes
                var failure: Int32 = 0
                _ = bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: missing) { target in
                    let count = pread(self.descriptor, target.baseAddress, missing, place)
                    // The end of the file is no error to the system, but one here: the bytes had been written.
                    if count <= 0 { failure = count < 0 ? errno : EIO }
                    return max(0, count)
                }
                if failure != 0, failure != EINTR { throw BodySpool.Failure(call: "pread", errorNumber: failure) }
            }
            return bytes
        }
    }
}
