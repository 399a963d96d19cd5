import Foundation
import Glibc
import Synchronization
import TestSupport

/// A small web server on 127.0.0.1 for pages of tests: it serves pages, takes what they report, and hands every other
/// connection on to another server byte for byte, of which it notes with which statuses that answers.
///
/// With the last of these it plays a name whose address becomes that of another server once its page was loaded (DNS
/// rebinding), and listens in where a browser talks to a server that tells nobody what it refused.
final class LoopbackServer: Sendable {
    private struct State {
        var pages: [String: String] = [:]
        var reports: [String] = []
        var statuses: [Int] = []
    }

    /// The port on 127.0.0.1.
    let port: UInt16
    private let listener: Int32
    private let target: HTTPAddress?
    private let state = Mutex(State())
    private let changed = NSCondition()

    /// Listens; `target` gets what is for no page.
    init(handingOnTo target: HTTPAddress? = nil) throws {
        self.target = target
        self.listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let (listener, size) = (self.listener, length)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        self.port = UInt16(bigEndian: address.sin_port)
        guard isListening else {
            close(self.listener)
            throw TestFailure("cannot listen on loopback: \(errno)")
        }
        Thread.detachNewThread { [weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0, let self else { return }
                Thread.detachNewThread { self.serve(connection) }
            }
        }
    }

    /// Ends what was begun; connections that are open end with their peers.
    func stop() { shutdown(self.listener, Int32(SHUT_RDWR)) }

    deinit { close(self.listener) }

    /// Serves a page from now on.
    func serve(_ html: String, at path: String) { self.state.withLock { $0.pages[path] = html } }

    /// The statuses of all answers that were handed on, in their order.
    var statuses: [Int] { self.state.withLock { $0.statuses } }

    /// What the first page told (`POST /report`).
    func firstReport(within limit: Duration) async throws -> String {
        let deadline = Deadline.after(limit)
        return try await onOwnThread {
            self.changed.lock()
            defer { self.changed.unlock() }
            while true {
                if let report = self.state.withLock({ $0.reports.first }) { return report }
                if deadline.hasPassed { throw TestFailure("the page told nothing in time") }
                _ = self.changed.wait(until: deadline.date)
            }
        }
    }

    // MARK: Connections

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var bytes: [UInt8] = []
        while !Self.isHeadComplete(bytes) {
            guard bytes.count < 65_536, Self.read(connection, into: &bytes) else { return }
        }
        let words = String(decoding: bytes.prefix { $0 != 0x0D }, as: UTF8.self).split(separator: " ")
        guard words.count == 3 else { return }
        if words[0] == "GET", let page = self.state.withLock({ $0.pages[String(words[1])] }) {
            Self.write(connection, Self.answer("200 OK", "text/html; charset=utf-8", page))
        } else if words[0] == "POST", words[1] == "/report" {
            self.takeReport(connection, bytes)
        } else if let target {
            self.handOn(connection, bytes, to: target)
        } else {
            Self.write(connection, Self.answer("404 Not Found", "text/plain", ""))
        }
    }

    private func takeReport(_ connection: Int32, _ beginning: [UInt8]) {
        var bytes = beginning
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return }
        let head = text[..<end.lowerBound].lowercased()
        let length =
            head.components(separatedBy: "content-length: ").dropFirst().first
            .flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
        let start = head.utf8.count + 4
        while bytes.count < start + length, Self.read(connection, into: &bytes) {}
        let report = String(decoding: bytes.dropFirst(start), as: UTF8.self)
        Self.write(connection, Self.answer("204 No Content", "text/plain", ""))
        self.changed.lock()
        self.state.withLock { $0.reports.append(report) }
        self.changed.broadcast()
        self.changed.unlock()
    }

    private func handOn(_ connection: Int32, _ beginning: [UInt8], to target: HTTPAddress) {
        guard case .tcp(let host, let port) = target else { return }
        let upstream = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(upstream, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else {
            close(upstream)
            return
        }
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(upstream, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        Self.write(upstream, beginning)
        let back = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            self.noteAnswers(from: upstream, to: connection)
            shutdown(connection, Int32(SHUT_RDWR))
            back.signal()
        }
        var piece: [UInt8] = []
        while Self.read(connection, into: &piece) {
            Self.write(upstream, piece)
            piece = []
        }
        shutdown(upstream, Int32(SHUT_RDWR))
        back.wait()
        close(upstream)
    }

    private func noteAnswers(from upstream: Int32, to connection: Int32) {
        var seen: [UInt8] = []
        var piece: [UInt8] = []
        while Self.read(upstream, into: &piece) {
            Self.write(connection, piece)
            seen += piece
            piece = []
        }
        let lines = String(decoding: seen, as: UTF8.self).components(separatedBy: "HTTP/1.1 ").dropFirst()
        self.state.withLock { $0.statuses += lines.compactMap { Int($0.prefix(3)) } }
    }

    private static func isHeadComplete(_ bytes: [UInt8]) -> Bool {
        String(decoding: bytes, as: UTF8.self).contains("\r\n\r\n")
    }

    private static func read(_ descriptor: Int32, into bytes: inout [UInt8]) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return false }
        bytes += buffer.prefix(count)
        return true
    }

    private static func write(_ descriptor: Int32, _ bytes: [UInt8]) {
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            start += count
        }
    }

    private static func answer(_ status: String, _ type: String, _ body: String) -> [UInt8] {
        Array(
            ("HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n"
                + "Cache-Control: no-store\r\nConnection: close\r\n\r\n\(body)").utf8)
    }
}
