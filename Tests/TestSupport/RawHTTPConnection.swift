import Foundation
import Glibc

/// Where an HTTP server listens.
public enum HTTPAddress: Sendable, Equatable, CustomStringConvertible {
    /// TCP on a numeric IPv4 address.
    case tcp(host: String, port: UInt16)
    /// A Unix socket.
    case unix(path: String)

    /// Reads `127.0.0.1:8080` (a `http://` before it is passed over) or `unix:/path`.
    public init(_ text: String) throws {
        if text.hasPrefix("unix:") {
            self = .unix(path: String(text.dropFirst(5)))
            return
        }
        let plain = text.hasPrefix("http://") ? text.dropFirst(7) : text[...]
        guard let colon = plain.lastIndex(of: ":"), let port = UInt16(plain[plain.index(after: colon)...]) else {
            throw TestFailure("\(text) is not an address with a port")
        }
        self = .tcp(host: String(plain[..<colon]), port: port)
    }

    public var description: String {
        switch self {
        case .tcp(let host, let port): "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// The address as the base of URLs; Unix sockets have none and give `http://localhost`.
    public var baseURL: String {
        switch self {
        case .tcp: "http://\(self)"
        case .unix: "http://localhost"
        }
    }
}

/// The head of an answer.
public struct RawHTTPHead: Sendable, Equatable {
    /// The status code.
    public var status: Int
    /// The fields in their order, names as they came.
    public var fields: [(name: String, value: String)]

    /// The first value of a name, compared without case.
    public subscript(_ name: String) -> String? {
        self.fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// All values of a name, compared without case.
    public func all(_ name: String) -> [String] {
        self.fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    public static func == (left: RawHTTPHead, right: RawHTTPHead) -> Bool {
        left.status == right.status && left.fields.elementsEqual(right.fields) { $0 == $1 }
    }
}

/// A complete answer.
public struct RawHTTPResponse: Sendable, Equatable {
    /// Status and fields.
    public var head: RawHTTPHead
    /// The body without its framing.
    public var body: [UInt8]

    /// The status code.
    public var status: Int { self.head.status }
    /// The body as text.
    public var text: String { String(decoding: self.body, as: UTF8.self) }

    /// The first value of a header field.
    public subscript(_ name: String) -> String? { self.head[name] }

    /// The body as a JSON object.
    public func json() throws -> [String: Any] {
        guard let object = try JSONSerialization.jsonObject(with: Data(self.body)) as? [String: Any] else {
            throw TestFailure("not a JSON object: \(self.text.prefix(500))")
        }
        return object
    }
}

/// One connection to a server, over which exactly the given bytes are sent.
///
/// It blocks, with a deadline on every call, and belongs to one thread: use it within `onOwnThread`.
public final class RawHTTPConnection {
    /// How the body of the answer that is being read is delimited.
    private enum Framing {
        case none
        case length(Int)
        case chunked(left: Int)
        case untilClose
    }

    private let descriptor: Int32
    private let limit: Duration
    private var buffer: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    private var framing = Framing.none

    /// Connects. `limit` holds for every single call from then on.
    public init(_ address: HTTPAddress, limit: Duration = .seconds(20)) throws {
        self.limit = limit
        self.buffer = .allocate(byteCount: 1 << 18, alignment: 16)
        do {
            self.descriptor = try Self.connect(to: address, limit: limit)
        } catch {
            self.buffer.deallocate()
            throw error
        }
    }

    deinit {
        close(self.descriptor)
        self.buffer.deallocate()
    }

    /// Sends text as it is.
    public func write(_ text: String) throws { try self.write(Array(text.utf8)) }

    /// Sends bytes as they are.
    public func write(_ bytes: [UInt8]) throws {
        let deadline = Deadline.after(self.limit)
        try bytes.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                try self.wait(for: POLLOUT, until: deadline, to: "send")
                let count = send(
                    self.descriptor,
                    bytes.baseAddress! + sent,  // Not empty: sent < bytes.count.
                    bytes.count - sent,
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
                )
                if count < 0, errno == EAGAIN || errno == EINTR { continue }
                guard count > 0 else { throw TestFailure("send: errno \(errno)") }
                sent += count
            }
        }
    }

    /// Says that nothing more will be sent.
    public func finishWriting() { shutdown(self.descriptor, Int32(SHUT_WR)) }

    /// Makes the connection end with a reset as soon as it is let go.
    public func resetOnClose() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    }

    /// Reads a complete answer. `method` is that of the request: the answer to `HEAD` has no body.
    public func readResponse(to method: String = "GET") throws -> RawHTTPResponse {
        let head = try self.readHead(to: method)
        var body: [UInt8] = []
        while let piece = try self.readPiece() { body += piece }
        return RawHTTPResponse(head: head, body: body)
    }

    /// Reads the next final head; interim ones (1xx) are passed over unless asked for.
    public func readHead(to method: String = "GET", interim: Bool = false) throws -> RawHTTPHead {
        while true {
            let line = try self.readLine()
            let parts = line.split(separator: " ", maxSplits: 2)
            guard parts.count >= 2, parts[0] == "HTTP/1.1" || parts[0] == "HTTP/1.0", let status = Int(parts[1]) else {
                throw TestFailure("not a status line: \(line)")
            }
            var head = RawHTTPHead(status: status, fields: [])
            while case let field = try self.readLine(), !field.isEmpty {
                guard let colon = field.firstIndex(of: ":") else { throw TestFailure("not a field: \(field)") }
                let value = field[field.index(after: colon)...].trimmingCharacters(in: .whitespaces)
                head.fields.append((name: String(field[..<colon]), value: value))
            }
            if (100..<200).contains(status) {
                if interim { return head }
                continue
            }
            try self.chooseFraming(for: head, method: method)
            return head
        }
    }

    /// Reads a piece of the body, `nil` when it is complete. Fails when the connection ends before that.
    public func readPiece() throws -> [UInt8]? {
        try self.withPiece { Array($0) }
    }

    /// Hands a piece of the body to `body` without copying it; `nil` when the body is complete.
    public func withPiece<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) throws -> Value? {
        switch self.framing {
        case .none:
            return nil
        case .length(0):
            self.framing = .none
            return nil
        case .length(let left):
            let count = try self.fillForBody(atMost: left)
            guard count > 0 else { throw TestFailure("the connection ended with \(left) bytes of the body to come") }
            self.framing = .length(left - count)
            return try self.take(count, body)
        case .untilClose:
            let count = try self.fillForBody(atMost: .max)
            guard count > 0 else {
                self.framing = .none
                return nil
            }
            return try self.take(count, body)
        case .chunked(left: 0):
            let line = try self.readLine()
            guard let size = Int(line.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces), radix: 16) else {
                throw TestFailure("not the size of a chunk: \(line)")
            }
            guard size > 0 else {
                while try !self.readLine().isEmpty {}
                self.framing = .none
                return nil
            }
            self.framing = .chunked(left: size)
            return try self.withPiece(body)
        case .chunked(let left):
            let count = try self.fillForBody(atMost: left)
            guard count > 0 else { throw TestFailure("the connection ended within a chunk") }
            let value = try self.take(count, body)
            self.framing = .chunked(left: left - count)
            if left == count, try !self.readLine().isEmpty { throw TestFailure("no line end after a chunk") }
            return value
        }
    }

    /// Whether the server closes the connection within a time, without sending anything more.
    public func isClosedByServer(within limit: Duration) throws -> Bool {
        guard self.start == self.end else { return false }
        var entry = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, Deadline.after(limit).remainingMilliseconds) > 0 else { return false }
        var byte: UInt8 = 0
        return recv(self.descriptor, &byte, 1, Int32(MSG_PEEK)) <= 0
    }

    private func take<Value>(_ count: Int, _ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        let piece = UnsafeRawBufferPointer(rebasing: self.buffer[self.start..<self.start + count])
        self.start += count
        return try body(piece)
    }

    private func chooseFraming(for head: RawHTTPHead, method: String) throws {
        if method == "HEAD" || head.status == 204 || head.status == 304 {
            self.framing = .none
        } else if head["Transfer-Encoding"]?.lowercased() == "chunked" {
            guard head["Content-Length"] == nil else { throw TestFailure("chunked with a Content-Length") }
            self.framing = .chunked(left: 0)
        } else if let text = head["Content-Length"] {
            guard let length = Int(text), head.all("Content-Length").count == 1 else {
                throw TestFailure("Content-Length: \(head.all("Content-Length"))")
            }
            self.framing = .length(length)
        } else {
            self.framing = .untilClose
        }
    }

    /// How many bytes lie ready, at least one unless the connection has ended.
    private func fillForBody(atMost limit: Int) throws -> Int {
        if self.start == self.end { try self.fill() }
        return min(self.end - self.start, limit)
    }

    private func readLine() throws -> String {
        var searched = 0
        while true {
            let ready = self.buffer[self.start..<self.end]
            if let end = ready.dropFirst(searched).firstIndex(of: 0x0A) {
                let line = self.buffer[self.start..<end]
                self.start = end + 1
                return String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
            }
            searched = ready.count
            guard try self.fill() > 0 else {
                throw TestFailure("the connection ended where a line was expected (\(searched) bytes of it came)")
            }
        }
    }

    /// Reads once; returns 0 at the end of the connection.
    @discardableResult
    private func fill() throws -> Int {
        if self.start == self.end {
            self.start = 0
            self.end = 0
        } else if self.end == self.buffer.count {
            guard self.start > 0 else { throw TestFailure("a line of more than \(self.buffer.count) bytes") }
            self.buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: self.buffer[self.start..<self.end]))
            self.end -= self.start
            self.start = 0
        }
        let deadline = Deadline.after(self.limit)
        while true {
            try self.wait(for: POLLIN, until: deadline, to: "receive")
            let count = recv(
                self.descriptor,
                self.buffer.baseAddress! + self.end,  // Allocated with a size over 0.
                self.buffer.count - self.end,
                Int32(MSG_DONTWAIT)
            )
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            guard count >= 0 else { throw TestFailure("recv: errno \(errno)") }
            self.end += count
            return count
        }
    }

    private func wait(for events: Int32, until deadline: Deadline, to what: String) throws {
        var entry = pollfd(fd: self.descriptor, events: Int16(events), revents: 0)
        while true {
            let count = poll(&entry, 1, deadline.remainingMilliseconds)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw TestFailure("nothing to \(what) within \(self.limit)") }
            return
        }
    }

    private static func connect(to address: HTTPAddress, limit: Duration) throws -> Int32 {
        let domain: Int32
        switch address {
        case .tcp: domain = AF_INET
        case .unix: domain = AF_UNIX
        }
        let descriptor = socket(domain, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TestFailure("socket: errno \(errno)") }
        let connected: Int32
        switch address {
        case .tcp(let host, let port):
            var value = sockaddr_in()
            value.sin_family = sa_family_t(AF_INET)
            value.sin_port = port.bigEndian
            guard inet_pton(AF_INET, host == "localhost" ? "127.0.0.1" : host, &value.sin_addr) == 1 else {
                close(descriptor)
                throw TestFailure("\(host) is not a numeric address")
            }
            connected = withUnsafePointer(to: &value) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        case .unix(let path):
            var value: sockaddr_un
            do {
                value = try UnixAddress(path).value
            } catch {
                close(descriptor)
                throw error
            }
            connected = withUnsafePointer(to: &value) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
        guard connected == 0 else {
            let code = errno
            close(descriptor)
            throw TestFailure("cannot connect to \(address): errno \(code)")
        }
        return descriptor
    }
}
