import CSystemd
import Glibc
import Synchronization

/// The way to the systemd journal: the datagram socket of "Native Journal Protocol" in systemd's documentation.
///
/// libsystemd's `sd_journal_sendv(3)` is not used because it says nothing when there is no journal and waits without end
/// when the journal does not read; here whoever sends learns both.
public final class JournalSocket: Sendable {
    /// Where the journal listens.
    public static let standardPath = "/run/systemd/journal/socket"

    /// Why the journal did not take an entry.
    public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        /// The call that failed.
        public let call: String
        /// The system's error number; `EAGAIN` when the time was over.
        public let errorNumber: Int32

        /// The call and why it failed.
        public var description: String { "\(self.call): \(String(cString: strerror(self.errorNumber)))" }
    }

    /// `F_ADD_SEALS` of fcntl(2), which the C library declares for programs in its own dialect only.
    private static let addSeals: CInt = 1_033
    /// `F_SEAL_SEAL`, `F_SEAL_SHRINK`, `F_SEAL_GROW` and `F_SEAL_WRITE`.
    private static let allSeals: CInt = 1 | 2 | 4 | 8

    private let path: String
    private let limit: Duration
    private let descriptor = Mutex<CInt>(-1)

    /// Makes a way to a journal, of which nothing is opened yet.
    ///
    /// - Parameters:
    ///   - path: The journal's socket, at most 107 bytes.
    ///   - limit: So long it is waited for a journal that does not read, at most.
    public init(path: String = JournalSocket.standardPath, limit: Duration = .seconds(2)) {
        self.path = path
        self.limit = limit
    }

    deinit {
        let descriptor = self.descriptor.withLock { $0 }
        if descriptor >= 0 { close(descriptor) }
    }

    /// Hands an entry over; an entry that is too large for a datagram goes in a file in memory.
    ///
    /// - Parameter waits: Whether it is waited for a journal that does not read.
    public func send(_ entry: JournalEntry, waits: Bool = true) throws(Failure) {
        let bytes = entry.serialized
        let flags = CInt(MSG_NOSIGNAL) | (waits ? 0 : CInt(MSG_DONTWAIT))
        // The socket is looked up anew with each entry, so that a journal that was started again is found.
        var address = try self.address()
        let descriptor = try self.opened()
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        while true {
            let sent = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    bytes.withUnsafeBytes { sendto(descriptor, $0.baseAddress, $0.count, flags, address, size) }
                }
            }
            if sent >= 0 { return }
            switch errno {
            case EINTR: continue
            case EMSGSIZE, ENOBUFS:
                return try self.sendInFile(bytes, through: descriptor, to: address, flags: flags)
            default: throw Failure(call: "sendto", errorNumber: errno)
            }
        }
    }

    /// Hands the bytes over in a file that nobody can change any more, which the journal asks for.
    private func sendInFile(
        _ bytes: [UInt8], through socket: CInt, to address: sockaddr_un, flags: CInt
    ) throws(Failure) {
        let file = csystemd_memory_file("kmi-journal")
        guard file >= 0 else { throw Failure(call: "memfd_create", errorNumber: errno) }
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw Failure(call: "write", errorNumber: errno)
            }
        }
        guard fcntl(file, Self.addSeals, Self.allSeals) == 0 else {
            throw Failure(call: "F_ADD_SEALS", errorNumber: errno)
        }
        var address = address
        while csystemd_send_descriptor(socket, &address, UInt32(MemoryLayout<sockaddr_un>.size), file, flags) < 0 {
            guard errno == EINTR else { throw Failure(call: "sendmsg", errorNumber: errno) }
        }
    }

    private func address() throws(Failure) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(self.path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw Failure(call: "sun_path", errorNumber: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }

    /// The descriptor of our end, opened with the first entry.
    private func opened() throws(Failure) -> CInt {
        let result = self.descriptor.withLock { known -> Result<CInt, Failure> in
            if known >= 0 { return .success(known) }
            let new = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            guard new >= 0 else { return .failure(Failure(call: "socket", errorNumber: errno)) }
            let (seconds, attoseconds) = self.limit.components
            var time = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
            guard setsockopt(new, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size)) == 0 else {
                defer { close(new) }
                return .failure(Failure(call: "SO_SNDTIMEO", errorNumber: errno))
            }
            known = new
            return .success(new)
        }
        return try result.get()
    }
}
