import NIOCore
import NIOSSL
import ProxyCore
import ProxyHTTP
import TestSupport
import Testing

/// Sends an input to a running server, and holds what became of it against what must.
struct HostileCaller: Sendable {
    var address: BoundAddress
    var responder: ScriptedResponder
    /// What it speaks TLS with; `nil` for plain connections.
    var tls: TLSConfiguration?

    /// A responder that takes every request to its end and answers 200 with its line and the length of its body.
    static func patientResponder() -> ScriptedResponder {
        ScriptedResponder { handler in
            handler.whenEnd = { $0.answer("\($0.head.method) \($0.head.target) [\($0.bodyBytes)]\n") }
            handler.exchange.resumeBody()
        }
    }

    /// Sends an input, checks its outcome, and then that a sound request on another connection is served.
    func send(_ input: HostileInput, _ delivery: Delivery) async throws {
        self.responder.seen.update { $0 = [] }
        let text = try await self.answers(to: input, delivery)
        self.check(input, delivery, statuses: Self.statuses(in: text), requests: self.responder.requests, text)
        let sound = try await self.exchange([Array(HostileInput.probe.utf8)[...]], endsInput: false)
        #expect(sound.hasPrefix("HTTP/1.1 200 "), "after \(input.name)")
    }

    /// Sends an input, and what shows where the server stands behind it; returns what comes until the connection ends.
    private func answers(to input: HostileInput, _ delivery: Delivery) async throws -> String {
        var writes = delivery.writes(of: input.bytes)
        switch input.outcome {
        case .served, .ignored, .answered: writes.append(Array(HostileInput.probe.utf8)[...])
        case .refused, .closed, .servedAndClosed, .servedThenRefused: break
        }
        do {
            return try await self.exchange(writes, endsInput: input.outcome == .closed)
        } catch {
            Issue.record("\(input.name), \(delivery): \(error)")
            return ""
        }
    }

    /// Sends bytes, ends its side if so wanted, and returns what comes until the connection ends.
    func exchange(_ writes: [ArraySlice<UInt8>], endsInput: Bool) async throws -> String {
        if let tls = self.tls {
            return try await TLSClient.with(self.address, tls) { client in
                for write in writes { client.channel.writeAndFlush(ByteBuffer(bytes: write), promise: nil) }
                if endsInput { client.channel.close(mode: .output, promise: nil) }
                return try await client.receiveAll(within: .seconds(10)).text
            }
        }
        return try await RawClient.with(self.address) { client in
            for write in writes { client.beginSending(ByteBuffer(bytes: write)) }
            if endsInput { client.channel.close(mode: .output, promise: nil) }
            return try await client.receiveAll(within: .seconds(10))
        }
    }

    /// The statuses of the final answers in what came back.
    static func statuses(in text: String) -> [Int] {
        text.split(separator: "\r\n", omittingEmptySubsequences: false)
            .flatMap { $0.split(separator: "\n") }
            .filter { $0.hasPrefix("HTTP/1.1 ") }
            .compactMap { Int($0.dropFirst(9).prefix(3)) }
            .filter { $0 >= 200 }
    }

    private func check(
        _ input: HostileInput, _ delivery: Delivery, statuses: [Int], requests: [String], _ text: String
    ) {
        let own = [input.requestLine]
        let expected: [Int]
        switch input.outcome {
        case .refused(let status): expected = [status]
        case .closed: expected = []
        case .served, .ignored: expected = [200, 200]
        case .servedAndClosed: expected = [200]
        case .servedThenRefused(let status): expected = [200, status]
        case .answered(let status): expected = [status, 200]
        }
        #expect(statuses == expected, "\(input.name), \(delivery): \(text.prefix(400))")
        switch input.outcome {
        case .refused, .closed:
            // A body may turn out to be bad when its head is with the responder; nothing else may be.
            #expect(requests.isEmpty || requests == own, "\(input.name), \(delivery)")
        case .served, .ignored, .answered:
            #expect(requests == own + ["GET /v1/probe"], "\(input.name), \(delivery)")
        case .servedAndClosed, .servedThenRefused:
            #expect(requests == own, "\(input.name), \(delivery)")
        }
        let statusOfEnd = expected.last ?? 0
        if statusOfEnd >= 400 { #expect(text.contains("onnection: close\r\n"), "\(input.name), \(delivery)") }
        #expect(!requests.contains { $0.contains(HostileInput.hiddenTarget) && $0 != own.first }, "\(input.name)")
    }
}
