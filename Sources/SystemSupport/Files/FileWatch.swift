import Dispatch
import Glibc
import Synchronization

/// Files cannot be watched.
public struct FileWatchFailure: Error, Equatable, CustomStringConvertible {
    /// The system's number of the error.
    public let errorNumber: Int32

    /// What the system says.
    public var description: String { String(cString: strerror(self.errorNumber)) }
}

/// Tells when something happens to files: inotify(7), on a queue of its own.
///
/// What is told is that it is worth looking, not what has changed: events of one file come in bursts, and several files may be
/// meant by one save.
public final class FileWatch: Sendable {
    private struct State {
        var places = WatchPlaces()
        /// The watched directories by the kernel's numbers for them.
        var directories: [Int32: String] = [:]
        var isClosed = false
    }

    /// What is done to a directory's entries when files come, go or are written, and to the directory itself.
    ///
    /// A file that is being written counts when it is closed: `IN_CREATE` and `IN_MODIFY` would tell of half a file.
    private static let events =
        UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO) | UInt32(IN_MOVED_FROM) | UInt32(IN_CREATE) | UInt32(IN_DELETE)
        | UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF) | UInt32(IN_ONLYDIR)

    private let descriptor: Int32
    // Set up and cancelled under the lock; its handlers run on the watch's queue alone.
    private let source: Mutex<any DispatchSourceRead>
    private let state = Mutex(State())

    /// Begins to watch nothing.
    ///
    /// `onEvent` is called on the watch's queue for each burst of events. Fails where the system allows no further watch.
    public init(onEvent: @escaping @Sendable () -> Void) throws(FileWatchFailure) {
        let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { throw FileWatchFailure(errorNumber: errno) }
        self.descriptor = descriptor
        let queue = DispatchQueue(label: "kmi.files", qos: .utility)
        self.source = Mutex(DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue))
        self.source.withLock { source in
            source.setEventHandler { [weak self] in
                if let self, self.hasNews() { onEvent() }
            }
            source.setCancelHandler { Glibc.close(descriptor) }
            source.resume()
        }
    }

    deinit { self.close() }

    /// Watches these places from now on, instead of those before.
    ///
    /// Directories that are not there, or may not be looked at, are passed over; ``WatchPlaces`` names the ones above them.
    /// Fails where the system allows no further directories.
    public func watch(_ places: WatchPlaces) throws(FileWatchFailure) {
        let failure = self.state.withLock { state -> FileWatchFailure? in
            guard !state.isClosed else { return nil }
            state.places = places
            for (number, directory) in state.directories where places.names[directory] == nil {
                inotify_rm_watch(self.descriptor, number)
                state.directories[number] = nil
            }
            var failure: FileWatchFailure?
            for directory in places.names.keys {
                let number = inotify_add_watch(self.descriptor, directory, Self.events)
                if number >= 0 {
                    state.directories[number] = directory
                } else if errno == ENOSPC || errno == ENOMEM {
                    failure = FileWatchFailure(errorNumber: errno)
                }
            }
            return failure
        }
        if let failure { throw failure }
    }

    /// Ends the watch; nothing is told any more.
    public func close() {
        let isFirst = self.state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        if isFirst { self.source.withLock { $0.cancel() } }
    }

    /// Takes what the kernel has to tell; whether any of it counts.
    private func hasNews() -> Bool {
        var isNews = false
        // An event with the longest name (inotify(7)), some hundred times over.
        withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: MemoryLayout<inotify_event>.alignment) { buffer in
            while true {
                let count = read(self.descriptor, buffer.baseAddress, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                self.state.withLock { state in
                    isNews = Self.counts(UnsafeRawBufferPointer(rebasing: buffer[..<count]), &state) || isNews
                }
            }
        }
        return isNews
    }

    private static func counts(_ bytes: UnsafeRawBufferPointer, _ state: inout State) -> Bool {
        var isNews = false
        var rest = bytes[...]
        let header = MemoryLayout<inotify_event>.size
        while rest.count >= header {
            let event = UnsafeRawBufferPointer(rebasing: rest).loadUnaligned(as: inotify_event.self)
            let name = rest.dropFirst(header).prefix(Int(event.len)).prefix { $0 != 0 }
            rest = rest.dropFirst(header + Int(event.len))
            // Events were lost: anything may have happened.
            if event.mask & UInt32(IN_Q_OVERFLOW) != 0 { isNews = true }
            guard let directory = state.directories[event.wd] else { continue }
            // The kernel has forgotten the directory, which is gone.
            if event.mask & UInt32(IN_IGNORED) != 0 {
                state.directories[event.wd] = nil
                isNews = true
                continue
            }
            let text = String(decoding: name, as: UTF8.self)
            guard state.places.counts(text, in: directory) else { continue }
            isNews = !Self.isBeingWritten(event.mask, directory + "/" + text) || isNews
        }
        return isNews
    }

    /// Whether a file was only made so far: whoever made it will write and close it, which is told then.
    private static func isBeingWritten(_ mask: UInt32, _ path: String) -> Bool {
        guard mask & UInt32(IN_CREATE) != 0, mask & UInt32(IN_ISDIR) == 0 else { return false }
        var status = stat()
        guard lstat(path, &status) == 0 else { return false }
        // A link is complete at once, and a second name of a file as well.
        return status.st_mode & S_IFMT == S_IFREG && status.st_nlink == 1
    }
}
