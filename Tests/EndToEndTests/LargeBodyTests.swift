import Foundation
import TestSupport
import Testing

@Suite("Bodies larger than memory should hold", .serialized, .timeLimit(.minutes(5)))
struct LargeBodyTests {
    private static let mebibyte = 1 << 20

    @Test("a 100 MiB request body passes with less than 16 MiB of extra memory (K-050)")
    func largeRequest() async throws {
        let size = 100 * Self.mebibyte
        try await SimulatorProcess.with { simulator in
            var configuration = DaemonConfiguration(simulator)
            configuration.tables["server.limits"] = "request_body = \"200MiB\""
            try await DaemonProcess.with(configuration) { daemon in
                let client = try daemon.client(limit: .seconds(60))
                for _ in 0..<20 { _ = try await client.chat() }
                let before = try ProcessResources.residentBytes(of: daemon.process.pid)
                let (peak, response) = try await peakResidentBytes(of: daemon.process.pid) {
                    try await onOwnThread { try Self.send(size: size, over: client) }
                }
                #expect(response.status == 200)
                #expect(peak - before < 16 * Self.mebibyte, "grew by \((peak - before) / 1024) KiB")

                // The provider has received every byte: the same as when it is asked directly.
                let direct = simulator.direct(limit: .seconds(60))
                #expect(try await onOwnThread { try Self.send(size: size, over: direct) }.status == 200)
                let received = try await simulator.requests().suffix(2)
                #expect(received.map(\.bodyLength) == [size, size])
                #expect(Set(received.map(\.bodySHA256)).count == 1)
            }
        }
    }

    @Test("a 1 GiB streamed answer passes byte for byte with less than 8 MiB of extra memory (T-009)")
    func largeAnswer() async throws {
        // 16,384 events of 64 KiB.
        let body = Chat.body(model: "sim-events-16384-bytes-65536", stream: true)
        try await SimulatorProcess.with { simulator in
            try await DaemonProcess.with(DaemonConfiguration(simulator)) { daemon in
                let client = try daemon.client(limit: .seconds(60))
                for _ in 0..<20 { _ = try await client.chat(stream: true) }
                let direct = simulator.direct(limit: .seconds(60))
                let before = try ProcessResources.residentBytes(of: daemon.process.pid)
                let (peak, count) = try await peakResidentBytes(of: daemon.process.pid) {
                    try await onOwnThread { try Self.compare(direct, client, body: body) }
                }
                print("1 GiB streamed: resident memory grew by \((peak - before) / 1024) KiB")
                #expect(count >= 1 << 30)
                #expect(peak - before < 8 * Self.mebibyte, "grew by \((peak - before) / 1024) KiB")
            }
        }
    }

    /// Sends a chat request of exactly this size in pieces, and reads the answer.
    private static func send(size: Int, over client: RawHTTPClient) throws -> RawHTTPResponse {
        let start = #"{"model":"sim-large","messages":[{"role":"user","content":""#
        let end = #""}]}"#
        let connection = try client.connect()
        let fields = [("Content-Type", "application/json"), ("Content-Length", "\(size)")]
        try connection.write(client.bytes("POST", Chat.target, fields: fields) + start)
        let filler = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 18)
        var left = size - start.utf8.count - end.utf8.count
        while left > 0 {
            try connection.write(left >= filler.count ? filler : Array(filler.prefix(left)))
            left -= min(left, filler.count)
        }
        try connection.write(end)
        return try connection.readResponse()
    }

    /// Reads the same answer from both, piece by piece, and returns how many equal bytes there were.
    private static func compare(_ direct: RawHTTPClient, _ proxied: RawHTTPClient, body: String) throws -> Int {
        let left = try AnswerReader(direct, body: body)
        let right = try AnswerReader(proxied, body: body)
        var count = 0
        while true {
            let filled = try left.fill()
            guard try right.fill() == filled else { throw TestFailure("the lengths differ after \(count) bytes") }
            guard filled > 0 else { return count }
            guard left.buffer[..<filled].isSameMemory(as: right.buffer[..<filled]) else {
                throw TestFailure("the answers differ within \(filled) bytes after \(count)")
            }
            count += filled
        }
    }
}

extension Slice<UnsafeMutableRawBufferPointer> {
    /// Compares as memory: a debug build takes minutes to do it byte by byte.
    fileprivate func isSameMemory(as other: Self) -> Bool {
        let left = UnsafeRawBufferPointer(rebasing: self)
        let right = UnsafeRawBufferPointer(rebasing: other)
        guard left.count == right.count, let leftStart = left.baseAddress, let rightStart = right.baseAddress else {
            return left.count == right.count
        }
        return memcmp(leftStart, rightStart, left.count) == 0
    }
}

/// Reads an answer in blocks of one size, whatever pieces it comes in.
private final class AnswerReader {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    private let connection: RawHTTPConnection
    private var rest: [UInt8] = []

    init(_ client: RawHTTPClient, body: String) throws {
        self.connection = try client.connect()
        try self.connection.write(
            client.bytes("POST", Chat.target, fields: [("Content-Type", "application/json")], body: body)
        )
        let head = try self.connection.readHead()
        guard head.status == 200 else { throw TestFailure("status \(head.status)") }
    }

    deinit { self.buffer.deallocate() }

    /// Fills the buffer as far as the answer goes and returns how far.
    func fill() throws -> Int {
        var filled = self.rest.count
        self.buffer.copyBytes(from: self.rest)
        self.rest = []
        while filled < self.buffer.count {
            let more: Void? = try self.connection.withPiece { piece in
                let count = min(piece.count, self.buffer.count - filled)
                let target = UnsafeMutableRawBufferPointer(rebasing: self.buffer[filled..<filled + count])
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: piece[..<count]))
                filled += count
                self.rest = Array(piece[count...])
            }
            if more == nil { break }
        }
        return filled
    }
}
