import Foundation
import Glibc
import TestSupport

/// Sends many small requests over a few connections, several at a time, and counts the statuses of the answers.
///
/// It reads nothing of the answers but their status lines: the program under test is to be the busy one.
struct NameFlood: Sendable {
    let address: HTTPAddress
    /// The bytes of the request of a number.
    let request: @Sendable (Int) -> String
    var connections = 4
    /// How many requests are under way on a connection.
    var depth = 16

    /// Sends requests until their number or the time is over; returns how many got each status.
    func run(from first: Int = 0, count: Int, within limit: Duration) async throws -> [Int: Int] {
        let deadline = Deadline.after(limit)
        return try await withThrowingTaskGroup(of: [Int: Int].self) { group in
            for worker in 0..<self.connections {
                group.addTask {
                    try await onOwnThread {
                        try self.work(first + worker, step: self.connections, end: first + count, until: deadline)
                    }
                }
            }
            return try await group.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
        }
    }

    private func work(_ first: Int, step: Int, end: Int, until deadline: Deadline) throws -> [Int: Int] {
        let descriptor = try Self.connect(to: self.address)
        defer { close(descriptor) }
        var statuses: [Int: Int] = [:]
        var number = first
        while number < end, !deadline.hasPassed {
            var text = ""
            var sent = 0
            while sent < self.depth, number < end {
                text += self.request(number)
                number += step
                sent += 1
            }
            try Self.write(descriptor, Array(text.utf8))
            try Self.readStatuses(descriptor, sent, into: &statuses)
        }
        return statuses
    }

    /// Opens a connection to a port of loopback from one of its many addresses.
    static func connect(to address: HTTPAddress, from source: String? = nil) throws -> Int32 {
        guard case .tcp(let host, let port) = address else { throw TestFailure("\(address) is no TCP address") }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        if let source {
            var own = Self.socketAddress(source, 0)
            let size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isBound = withUnsafePointer(to: &own) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) == 0 }
            }
            guard isBound else {
                close(descriptor)
                throw TestFailure("cannot use \(source): \(errno)")
            }
        }
        var peer = Self.socketAddress(host, port)
        let isConnected = withUnsafePointer(to: &peer) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else {
            let number = errno
            close(descriptor)
            throw TestFailure("cannot connect to \(address): \(number)")
        }
        return descriptor
    }

    /// Sends one request from an address of its own, and reads the status; the connection is reset afterwards, so that none
    /// stays behind.
    static func ask(_ address: HTTPAddress, from source: String, _ request: String) throws -> Int {
        let descriptor = try Self.connect(to: address, from: source)
        defer {
            var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
            close(descriptor)
        }
        try Self.write(descriptor, Array(request.utf8))
        var statuses: [Int: Int] = [:]
        try Self.readStatuses(descriptor, 1, into: &statuses)
        return statuses.keys.first ?? 0
    }

    private static func socketAddress(_ host: String, _ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return address
    }

    private static func write(_ descriptor: Int32, _ bytes: [UInt8]) throws {
        var start = 0
        while start < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(descriptor, $0.baseAddress?.advanced(by: start), $0.count - start, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw TestFailure("the connection has ended: \(errno)") }
            start += count
        }
    }

    /// Counts status lines until so many have come and the last answer is whole, which ends in `}`.
    private static func readStatuses(_ descriptor: Int32, _ count: Int, into statuses: inout [Int: Int]) throws {
        let marker = Data("HTTP/1.1 ".utf8)
        var bytes: [UInt8] = []
        var found: [Int] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let length = read(descriptor, &buffer, buffer.count)
            guard length > 0 else { throw TestFailure("\(found.count) of \(count) answers came: \(errno)") }
            bytes += buffer[..<length]
            guard bytes.last == UInt8(ascii: "}") || bytes.last == 0x0A else { continue }
            found = []
            let text = Data(bytes)
            var start = text.startIndex
            while let hit = text.range(of: marker, in: start..<text.endIndex), hit.upperBound + 3 <= text.endIndex {
                found.append(Int(String(decoding: text[hit.upperBound..<(hit.upperBound + 3)], as: UTF8.self)) ?? 0)
                start = hit.upperBound
            }
            if found.count >= count { break }
        }
        for status in found { statuses[status, default: 0] += 1 }
    }
}
