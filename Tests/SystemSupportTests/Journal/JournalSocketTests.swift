import Foundation
import Glibc
import TestSupport
import Testing

@testable import SystemSupport

/// How entries reach the journal, and how it shows when they do not.
@Suite(.timeLimit(.minutes(5)))
struct JournalSocketTests {
    /// A datagram socket at a path, as the journal has one.
    private final class Peer: Sendable {
        let descriptor: CInt

        init(at path: String) throws {
            self.descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
            let bound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            guard bound == 0 else { throw TestFailure("bind \(path): errno \(errno)") }
        }

        deinit { close(self.descriptor) }

        /// The next datagram, or what is in the file that came with it and whether that one is sealed.
        func receive() throws -> (bytes: [UInt8], isSealed: Bool?) {
            var entry = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, 5_000) > 0 else { throw TestFailure("nothing came") }
            var bytes = [UInt8](repeating: 0, count: 1 << 20)
            // One header of 16 bytes and a descriptor, filled up to eight bytes.
            var control = [UInt8](repeating: 0, count: 24)
            let (count, controlBytes) = bytes.withUnsafeMutableBytes { space in
                control.withUnsafeMutableBytes { controlSpace in
                    var part = iovec(iov_base: space.baseAddress, iov_len: space.count)
                    return withUnsafeMutablePointer(to: &part) { parts in
                        var message = msghdr()
                        message.msg_iov = parts
                        message.msg_iovlen = 1
                        message.msg_control = controlSpace.baseAddress
                        message.msg_controllen = controlSpace.count
                        return (recvmsg(self.descriptor, &message, 0), message.msg_controllen)
                    }
                }
            }
            guard count >= 0 else { throw TestFailure("recvmsg: errno \(errno)") }
            guard controlBytes > 0 else { return (Array(bytes.prefix(count)), nil) }
            let file = control.withUnsafeBytes { $0.load(fromByteOffset: 16, as: CInt.self) }
            defer { close(file) }
            // F_GET_SEALS
            let seals = fcntl(file, 1_034)
            var content = [UInt8](repeating: 0, count: 4 << 20)
            let length = pread(file, &content, content.count, 0)
            return (Array(content.prefix(max(0, length))), seals == 15)
        }
    }

    private static func entry(bytes: Int) -> JournalEntry {
        var entry = JournalEntry()
        entry.add("MESSAGE", "hello\nworld")
        for index in 0..<(bytes / 50_000) { entry.add("KMI_F\(index)", String(repeating: "v", count: 50_000)) }
        return entry
    }

    @Test("an entry is one datagram; one that is too large for that goes in a sealed file (T-030)")
    func sends() throws {
        let directory = try ShortDirectory()
        let peer = try Peer(at: directory.path + "/s")
        let journal = JournalSocket(path: directory.path + "/s")
        let small = Self.entry(bytes: 0)
        try journal.send(small)
        let first = try peer.receive()
        #expect(first.bytes == small.serialized && first.isSealed == nil)
        let large = Self.entry(bytes: 1_000_000)
        try journal.send(large)
        let second = try peer.receive()
        #expect(second.bytes == large.serialized && second.isSealed == true)
    }

    @Test("without a journal, or without one that listens, sending fails; one that is started again is found")
    func fails() throws {
        let directory = try ShortDirectory()
        let journal = JournalSocket(path: directory.path + "/s")
        #expect(throws: JournalSocket.Failure(call: "sendto", errorNumber: ENOENT)) {
            try journal.send(Self.entry(bytes: 0))
        }
        var peer: Peer? = try Peer(at: directory.path + "/s")
        try journal.send(Self.entry(bytes: 0))
        withExtendedLifetime(peer) {}
        peer = nil
        #expect(throws: JournalSocket.Failure(call: "sendto", errorNumber: ECONNREFUSED)) {
            try journal.send(Self.entry(bytes: 0))
        }
        unlink(directory.path + "/s")
        let next = try Peer(at: directory.path + "/s")
        try journal.send(Self.entry(bytes: 0))
        #expect(try next.receive().bytes == Self.entry(bytes: 0).serialized)
        let long = JournalSocket(path: "/" + String(repeating: "x", count: 200))
        #expect(throws: JournalSocket.Failure(call: "sun_path", errorNumber: ENAMETOOLONG)) {
            try long.send(Self.entry(bytes: 0))
        }
    }

    @Test("a journal that does not read holds nobody up for longer than the limit, and not at all if asked")
    func doesNotWaitForEver() throws {
        let directory = try ShortDirectory()
        let peer = try Peer(at: directory.path + "/s")
        let journal = JournalSocket(path: directory.path + "/s", limit: .milliseconds(20))
        let entry = Self.entry(bytes: 0)
        // Its queue is finite: sooner or later it is full.
        #expect(throws: JournalSocket.Failure(call: "sendto", errorNumber: EAGAIN)) {
            for _ in 0..<100_000 { try journal.send(entry) }
        }
        #expect(throws: JournalSocket.Failure(call: "sendto", errorNumber: EAGAIN)) {
            try journal.send(entry, waits: false)
        }
        _ = try peer.receive()
        try journal.send(entry, waits: false)
    }

    @Test(
        "the journal takes what it is sent: any bytes, and more than a datagram holds (T-030)",
        .enabled(if: JournalDaemon.missing == nil, "\(JournalDaemon.missing ?? "")"))
    func reachesTheJournal() async throws {
        try await JournalDaemon.with { journal in
            try await journal.running {
                let socket = JournalSocket(path: journal.socketPath)
                var entry = Self.entry(bytes: 900_000)
                entry.add("KMI_MARK", "large")
                try socket.send(entry)
                let large = try await journal.entry("KMI_MARK=large")
                #expect(large["MESSAGE"] == "hello\nworld")
                #expect(large["KMI_F17"]?.count == 50_000)
                #expect(large["_TRANSPORT"] == "journal")
                var odd = JournalEntry()
                odd.add("KMI_MARK", "odd")
                odd.add("kmi.odd name", "\u{1B}[31m\nKMI_MARK=forged\n=\u{0}")
                try socket.send(odd)
                #expect(
                    try await journal.entry("KMI_MARK=odd")["KMI_ODD_NAME"] == "\u{1B}[31m\nKMI_MARK=forged\n=\u{0}")
                #expect(try await journal.entries("KMI_MARK=forged").isEmpty)
            }
        }
    }
}

/// A directory that lives as long as this value.
private final class ShortDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/kmi-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestFailure("mkdtemp: errno \(errno)") }
        self.path = String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        unlink(self.path + "/s")
        rmdir(self.path)
    }
}
