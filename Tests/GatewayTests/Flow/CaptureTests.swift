import NIOCore
import ProxyCore
import TestSupport
import Testing

@testable import Gateway

/// Bodies are kept only where a person asks for it, their beginnings only, and without credentials (X-011).
struct CaptureTests {
    private static func record(
        _ fixture: GatewayFixture, _ body: String = #"{"model":"m","key":"sk-alpha","x":1}"#,
        _ changes: [(String, String)] = [], answer: String = #"{"a":"token-of-ci"}"#,
        _ headers: HeaderFields = ["Content-Type": "application/json"]
    ) async throws -> RequestRecord {
        _ = fixture.post(body, "/v1/chat/completions", changes)
        try fixture.transfer().answer(200, headers, answer)
        fixture.run()
        await fixture.gateway.finishCaptures()
        return try #require(fixture.observer.records.last)
    }

    @Test func keepsNothingUnlessAsked() async throws {
        #expect(try await Self.record(GatewayFixture()).bodies == nil)
    }

    @Test("keeps the beginnings of both bodies, without the secrets of keys and clients")
    func keeps() async throws {
        let bodies = try #require(try await Self.record(GatewayFixture { $0.trace.captureBodies = true }).bodies)
        #expect(String(decoding: bodies.request, as: UTF8.self) == #"{"model":"m","key":"[redacted]","x":1}"#)
        #expect(String(decoding: bodies.answer, as: UTF8.self) == #"{"a":"[redacted]"}"#)
        #expect(!bodies.isRequestCut && !bodies.isAnswerCut)
    }

    @Test("keeps 64 KiB at most, and says that there was more")
    func isBounded() async throws {
        let fixture = try GatewayFixture { $0.trace.captureBodies = true }
        let long = #"{"model":"m","x":""# + String(repeating: "ab ", count: 30_000) + #""}"#
        let bodies = try #require(try await Self.record(fixture, long, answer: long).bodies)
        #expect(bodies.request.count == CapturedBodies.limit && bodies.isRequestCut)
        #expect(bodies.answer.count == CapturedBodies.limit && bodies.isAnswerCut)
    }

    @Test("keeps nothing of what is compressed, since credentials cannot be seen in it")
    func leavesCompressedOut() async throws {
        let fixture = try GatewayFixture { $0.trace.captureBodies = true }
        let bodies = try #require(
            try await Self.record(
                fixture, "sk-alpha", [("Content-Encoding", "gzip")], answer: "sk-alpha",
                ["Content-Type": "application/json", "Content-Encoding": "gzip"]
            ).bodies)
        #expect(bodies.request.isEmpty && bodies.answer.isEmpty)
    }
}
