import Foundation
import Glibc
import Synchronization

/// A server that does what its script says, byte by byte: one thread for each connection, blocking calls, every wait
/// with a limit.
final class RawServer: Sendable {
    struct Fault: Error {
        var what: String
    }

    /// What a server does with each connection, which has a number from 1.
    struct Script: Sendable {
        private let receiveBuffer: Int32?
        private let script: @Sendable (RawConnection, Int) throws -> Void

        init(receiveBuffer: Int32? = nil, _ script: @escaping @Sendable (RawConnection, Int) throws -> Void) {
            self.receiveBuffer = receiveBuffer
            self.script = script
        }

        /// Runs `body` with a server that follows the script, and stops it afterwards.
        func serve<Result>(_ body: (RawServer) async throws -> Result) async throws -> Result {
            try await RawServer.with(receiveBuffer: self.receiveBuffer, script: self.script, body)
        }
    }

    /// TCP port, 0 for a Unix socket.
    let port: UInt16
    private let listener: Int32
    private let state = Mutex(State())
    private let idle = DispatchGroup()

    private struct State {
        var connections: [Int32] = []
        var accepted = 0
        var requests: [RawRequest] = []
        var faults: [String] = []
        var isStopped = false
    }

    /// Listens on 127.0.0.1, or at `path`.
    ///
    /// `script` gets each connection and its number, from 1.
    init(
        path: String? = nil,
        receiveBuffer: Int32? = nil,
        script: @escaping @Sendable (RawConnection, Int) throws -> Void
    ) throws {
        if let path {
            self.listener = try Self.listenerOnUnixSocket(path)
            self.port = 0
        } else {
            (self.listener, self.port) = try Self.listenerOnLoopback(backlog: 512, receiveBuffer: receiveBuffer)
        }
        self.idle.enter()
        let thread = Thread { self.accept(script) }
        thread.start()
    }

    /// Runs `body` with a server and stops it afterwards.
    static func with<Result>(
        path: String? = nil,
        receiveBuffer: Int32? = nil,
        script: @escaping @Sendable (RawConnection, Int) throws -> Void,
        _ body: (RawServer) async throws -> Result
    ) async throws -> Result {
        let server = try RawServer(path: path, receiveBuffer: receiveBuffer, script: script)
        do {
            let result = try await body(server)
            await server.stop()
            return result
        } catch {
            await server.stop()
            throw error
        }
    }

    /// Connections accepted so far.
    var acceptedConnections: Int { self.state.withLock { $0.accepted } }
    /// The requests that scripts have read, in the order of their ends.
    var requests: [RawRequest] { self.state.withLock { $0.requests } }
    /// What scripts threw.
    var faults: [String] { self.state.withLock { $0.faults } }

    func note(_ request: RawRequest) {
        self.state.withLock { $0.requests.append(request) }
    }

    func stop() async {
        let connections = self.state.withLock { state in
            state.isStopped = true
            return state.connections
        }
        shutdown(self.listener, Int32(SHUT_RDWR))
        for connection in connections { shutdown(connection, Int32(SHUT_RDWR)) }
        // Waiting here would take a thread away that a script may need in order to end.
        await withCheckedContinuation { continuation in
            self.idle.notify(queue: .global()) { continuation.resume() }
        }
        close(self.listener)
    }

    private func accept(_ script: @escaping @Sendable (RawConnection, Int) throws -> Void) {
        defer { self.idle.leave() }
        while true {
            let descriptor = Glibc.accept(self.listener, nil, nil)
            if descriptor < 0 {
                if errno == EINTR { continue }
                return
            }
            let number = self.state.withLock { state -> Int? in
                if state.isStopped { return nil }
                state.accepted += 1
                state.connections.append(descriptor)
                return state.accepted
            }
            guard let number else {
                close(descriptor)
                return
            }
            self.idle.enter()
            let thread = Thread {
                let connection = RawConnection(descriptor, server: self)
                do {
                    try script(connection, number)
                } catch {
                    self.state.withLock { $0.faults.append("connection \(number): \(error)") }
                }
                self.state.withLock { state in
                    state.connections.removeAll { $0 == descriptor }
                    // Under the lock, so that stop() never touches a number that was given out again.
                    close(descriptor)
                }
                self.idle.leave()
            }
            thread.start()
        }
    }

    static func listenerOnLoopback(backlog: Int32, receiveBuffer: Int32? = nil) throws -> (Int32, UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Fault(what: "socket \(errno)") }
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let failed = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) != 0 || listen(descriptor, backlog) != 0
                    || getsockname(descriptor, pointer, &length) != 0
            }
        }
        guard !failed else { throw Fault(what: "listen \(errno)") }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    private static func listenerOnUnixSocket(_ path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Fault(what: "socket \(errno)") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8).prefix($0.count - 1)) }
        let failed = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_un>.size)) != 0 || listen(descriptor, 64) != 0
            }
        }
        guard !failed else { throw Fault(what: "listen \(errno)") }
        return descriptor
    }
}

/// A request as it came over the wire.
struct RawRequest: Sendable, Equatable {
    var lines: [String]
    var body: [UInt8]

    var requestLine: String { self.lines.first ?? "" }
    var fields: [String] { Array(self.lines.dropFirst()) }

    func field(_ name: String) -> String? {
        self.fields.first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
            .map { String($0.dropFirst(name.count + 1)).trimmingCharacters(in: .whitespaces) }
    }
}

/// One accepted connection; used by its own thread only.
final class RawConnection {
    private let descriptor: Int32
    private let server: RawServer
    private var buffer: [UInt8] = []

    init(_ descriptor: Int32, server: RawServer) {
        self.descriptor = descriptor
        self.server = server
        self.setTimeLimit(seconds: 20)
    }

    /// How long one read or write may take.
    func setTimeLimit(seconds: Int = 0, milliseconds: Int = 0) {
        var limit = timeval(tv_sec: seconds, tv_usec: milliseconds * 1000)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(self.descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    /// Reads a request with its body, by Content-Length; `nil` if the connection ended before it.
    @discardableResult
    func readRequest() throws -> RawRequest? {
        guard var request = try self.readHead() else { return nil }
        if let length = request.field("content-length").flatMap(Int.init) { request.body = try self.read(length) }
        self.server.note(request)
        return request
    }

    /// Reads the head of a request only.
    func readHead() throws -> RawRequest? {
        while true {
            if let end = self.buffer.firstRange(of: Array("\r\n\r\n".utf8)) {
                let text = String(decoding: self.buffer[..<end.lowerBound], as: UTF8.self)
                self.buffer.removeSubrange(..<end.upperBound)
                return RawRequest(lines: text.components(separatedBy: "\r\n"), body: [])
            }
            if try !self.fill() {
                guard self.buffer.isEmpty else { throw RawServer.Fault(what: "the connection ended in a head") }
                return nil
            }
        }
    }

    func read(_ count: Int) throws -> [UInt8] {
        while self.buffer.count < count {
            guard try self.fill() else { throw RawServer.Fault(what: "the connection ended in a body") }
        }
        defer { self.buffer.removeSubrange(..<count) }
        return Array(self.buffer[..<count])
    }

    /// Reads whatever comes until the other side closes; the number of bytes.
    @discardableResult
    func readUntilEnd() -> Int {
        var count = self.buffer.count
        var space = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let got = recv(self.descriptor, &space, space.count, 0)
            if got <= 0 { return count }
            count += got
        }
    }

    func send(_ text: String) throws {
        try self.send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) throws {
        guard self.sendWhatFits(bytes) == bytes.count else { throw RawServer.Fault(what: "send \(errno)") }
    }

    /// Sends until done, or nothing could be sent within the time limit; the number of bytes sent.
    func sendWhatFits(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
                let count = Glibc.send(self.descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                if count <= 0 { break }
                sent += count
            }
            return sent
        }
    }

    /// Has the connection end with a reset when the script returns.
    func resetAtEnd() {
        var option = Glibc.linger(l_onoff: 1, l_linger: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<Glibc.linger>.size))
    }

    private func fill() throws -> Bool {
        var space = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(self.descriptor, &space, space.count, 0)
        guard count >= 0 else { throw RawServer.Fault(what: "recv \(errno)") }
        self.buffer.append(contentsOf: space[..<count])
        return count > 0
    }
}
