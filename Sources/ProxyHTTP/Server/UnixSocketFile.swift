// The C library: NIO leaves the mode of the file to the process's umask and cannot tell a stale socket from a live one.
import Glibc

/// The file of a Unix socket that this process listens on.
///
/// The mode is 0600 from the first moment on: `fchmod` on the socket before `bind` is where Linux takes the mode of the
/// file from (`unix_bind`, minus the umask). A umask around `bind` would hold for all threads, and a `chmod` after it
/// would come too late.
struct UnixSocketFile: Sendable {
    /// The longest path: `sun_path` less the NUL.
    static let maximumPathBytes = 107

    private let path: String
    private let device: UInt64
    private let inode: UInt64

    /// Binds a socket at the path, after removing one that nobody answers on.
    ///
    /// The caller owns the descriptor; it is not listening yet.
    ///
    /// Two processes that do this at one path at a time could remove each other's file: whoever starts twice in one
    /// place must keep itself from it.
    static func bind(at path: String) throws(ListenError) -> (file: UnixSocketFile, descriptor: CInt) {
        var address = try self.address(path)
        try self.removeStaleSocket(at: path, address: &address)
        let descriptor = try self.makeSocket(path)
        do throws(ListenError) {
            guard fchmod(descriptor, 0o600) == 0 else { throw self.failure(path, "fchmod") }
            guard self.call(Glibc.bind, descriptor, &address) == 0 else { throw self.failure(path, "bind") }
            var status = stat()
            guard lstat(path, &status) == 0 else { throw self.failure(path, "lstat") }
            guard status.st_mode & 0o077 == 0 else {
                throw ListenError(
                    code: .system, address: .unix(path: path), message: "this file system gives others access to it")
            }
            // A umask that takes even the owner's bits away is mended.
            if status.st_mode & 0o777 != 0o600, chmod(path, 0o600) != 0 { throw self.failure(path, "chmod") }
            return (
                UnixSocketFile(path: path, device: UInt64(status.st_dev), inode: UInt64(status.st_ino)), descriptor
            )
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Removes the file, unless another has taken its place.
    func remove() {
        var status = stat()
        guard
            lstat(self.path, &status) == 0,
            UInt64(status.st_dev) == self.device, UInt64(status.st_ino) == self.inode
        else {
            return
        }
        unlink(self.path)
    }

    private static func removeStaleSocket(at path: String, address: inout sockaddr_un) throws(ListenError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw ListenError(code: .notASocket, address: .unix(path: path), message: "the file there is not a socket")
        }
        let probe = try self.makeSocket(path)
        defer { close(probe) }
        guard self.call(Glibc.connect, probe, &address) != 0, errno == ECONNREFUSED else {
            // EAGAIN is a full queue: somebody is there. Whatever else keeps us from knowing keeps us from removing.
            throw ListenError(
                code: .addressInUse, address: .unix(path: path),
                message: self.peer(of: probe).map { "process \($0) listens there" } ?? "another process listens there"
            )
        }
        guard unlink(path) == 0 || errno == ENOENT else { throw self.failure(path, "unlink") }
    }

    /// The process that began to listen where a probe has connected to; `nil` where that is not known.
    private static func peer(of probe: CInt) -> Int32? {
        // `struct ucred`: process, user, group.
        var credentials: (Int32, UInt32, UInt32) = (0, 0, 0)
        var length = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(probe, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0, credentials.0 > 0 else {
            return nil
        }
        return credentials.0
    }

    private static func makeSocket(_ path: String) throws(ListenError) -> CInt {
        let type = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let descriptor = socket(AF_UNIX, CInt(type), 0)
        guard descriptor >= 0 else { throw self.failure(path, "socket") }
        return descriptor
    }

    private static func address(_ path: String) throws(ListenError) -> sockaddr_un {
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count <= self.maximumPathBytes, !bytes.contains(0) else {
            throw ListenError(
                code: .invalidPath,
                address: .unix(path: path),
                message: "the path must have 1 to \(self.maximumPathBytes) bytes, it has \(bytes.count)"
            )
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }

    private static func call(
        _ function: (CInt, UnsafePointer<sockaddr>?, socklen_t) -> CInt,
        _ descriptor: CInt,
        _ address: inout sockaddr_un
    ) -> CInt {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                function(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func failure(_ path: String, _ call: String) -> ListenError {
        let number = errno
        return ListenError(number: number, address: .unix(path: path), call: call)
    }
}

extension ListenError {
    /// The meaning of an error number of the system.
    init(number: CInt, address: ListenAddress, call: String) {
        let code: Code =
            switch number {
            case EADDRINUSE: .addressInUse
            case EADDRNOTAVAIL, EAFNOSUPPORT, EBADF, ENOTSOCK, EINVAL, EOPNOTSUPP: .invalidAddress
            case EACCES, EPERM: .permissionDenied
            default: .system
            }
        let text = code == .addressInUse ? "the address is in use" : String(cString: strerror(number))
        self.init(code: code, address: address, message: "\(text) (\(call), error \(number))")
    }
}
