import Dispatch
import TestSupport

/// A stream that a caller holds open, on a thread of its own.
struct HeldStream: Sendable {
    /// Tells when the stream has begun.
    private let begun: AsyncStream<Int>
    private let release = DispatchSemaphore(value: 0)
    private let reading: Task<String, any Error>

    /// Begins a stream that uses a key.
    init(_ client: RawHTTPClient, model: String, key: String) {
        let (begun, hasBegun) = AsyncStream<Int>.makeStream()
        self.begun = begun
        let release = self.release
        self.reading = Task {
            defer { hasBegun.finish() }
            return try await onOwnThread {
                let connection = try client.connect()
                try connection.write(
                    client.bytes(
                        "POST", Chat.target, fields: [("Content-Type", "application/json"), ("X-KMI-Key", key)],
                        body: Chat.body(model: model, stream: true)))
                let head = try connection.readHead()
                guard let piece = try connection.readPiece() else { throw TestFailure("the stream is empty") }
                hasBegun.yield(head.status)
                release.wait()
                var text = String(decoding: piece, as: UTF8.self)
                guard !model.contains("stall") else { return text }
                while let piece = try connection.readPiece() { text += String(decoding: piece, as: UTF8.self) }
                return text
            }
        }
    }

    /// Waits until something of the answer has arrived.
    func waitForBegin() async throws {
        for await status in self.begun {
            guard status == 200 else { throw TestFailure("the stream was refused: \(status)") }
            return
        }
        // It failed: tell why.
        _ = try await self.reading.value
    }

    /// Reads on to the end where there is one, closes the connection, and tells what came.
    @discardableResult
    func finish() async throws -> String {
        self.release.signal()
        return try await self.reading.value
    }
}
