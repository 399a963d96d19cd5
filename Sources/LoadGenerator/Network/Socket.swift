import Glibc

/// A TCP socket of this machine's IPv4 loopback address, non-blocking; whoever has it closes it.
struct Socket {
    /// The descriptor.
    let descriptor: Int32

    /// What a write or a read came to.
    enum Outcome: Equatable {
        /// So many bytes.
        case bytes(Int)
        /// Nothing for now.
        case later
        /// The peer has closed or reset it.
        case gone
    }

    private static func make() throws(SocketError) -> Socket {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = Glibc.socket(AF_INET, kind, Int32(IPPROTO_TCP))
        guard descriptor >= 0 else { throw SocketError("socket") }
        return Socket(descriptor: descriptor)
    }

    /// Listens on a port; 0 lets the system choose.
    static func listening(port: UInt16) throws(SocketError) -> Socket {
        let socket = try Self.make()
        var one: Int32 = 1
        setsockopt(socket.descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        let bound = Self.withAddress(port) { bind(socket.descriptor, $0, $1) }
        guard bound == 0, listen(socket.descriptor, 4_096) == 0 else {
            let error = SocketError("bind")
            socket.close()
            throw error
        }
        return socket
    }

    /// Begins a connection; it stands when the socket can be written.
    static func connecting(to port: UInt16) throws(SocketError) -> Socket {
        let socket = try Self.make()
        guard Self.withAddress(port, { connect(socket.descriptor, $0, $1) }) == 0 || errno == EINPROGRESS else {
            let error = SocketError("connect")
            socket.close()
            throw error
        }
        socket.sendAtOnce()
        return socket
    }

    /// The next connection that waits; `nil` if none does.
    func accept() throws(SocketError) -> Socket? {
        let descriptor = Glibc.accept(self.descriptor, nil, nil)
        guard descriptor >= 0 else {
            if errno == EAGAIN || errno == ECONNABORTED || errno == EINTR { return nil }
            throw SocketError("accept")
        }
        guard fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else { throw SocketError("fcntl") }
        let socket = Socket(descriptor: descriptor)
        socket.sendAtOnce()
        return socket
    }

    /// The port that it listens on.
    func port() throws(SocketError) -> UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutableBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { getsockname(self.descriptor, $0.baseAddress, &length) }
        }
        guard result == 0 else { throw SocketError("getsockname") }
        return UInt16(bigEndian: address.sin_port)
    }

    /// Writes as much as there is room for.
    func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        let count = send(self.descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        return Self.outcome(count)
    }

    /// Reads what is there.
    func read(_ bytes: UnsafeMutableRawBufferPointer) -> Outcome {
        let count = recv(self.descriptor, bytes.baseAddress, bytes.count, 0)
        return count == 0 ? .gone : Self.outcome(count)
    }

    /// Gives it back to the system.
    func close() {
        Glibc.close(self.descriptor)
    }

    private static func outcome(_ count: Int) -> Outcome {
        if count >= 0 { return .bytes(count) }
        return errno == EAGAIN || errno == EINTR ? .later : .gone
    }

    private func sendAtOnce() {
        var one: Int32 = 1
        setsockopt(self.descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func withAddress(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
