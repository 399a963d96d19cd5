import Dispatch
import NIOCore
import ProxyCore
import Testing

@testable import CurlClient

/// What servers send that is no answer, or more than one.
@Suite(.timeLimit(.minutes(5)))
struct HostileAnswerTests {
    private static let next = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext"

    @Test("there are enough of them") func areEnough() {
        #expect(HostileAnswer.all.count >= 60)
        #expect(Set(HostileAnswer.all.map(\.name)).count >= HostileAnswer.all.count - 2)
    }

    /// Two requests after another: the first one gets the answer in one or many pieces, and the second one its own, from
    /// another connection if the first one's was not sound.
    private func run(_ answer: HostileAnswer, pieces: Int) async throws {
        try await RawServer.Script { connection, number in
            guard try connection.readRequest() != nil else { return }
            guard number == 1 else { return try connection.send(Self.next) }
            var rest = answer.bytes[...]
            while !rest.isEmpty {
                // The other side may have closed already.
                _ = connection.sendWhatFits(Array(rest.prefix(pieces)))
                rest = rest.dropFirst(pieces)
            }
            if answer.closes { return }
            guard try connection.readRequest() != nil else { return }
            // Behind what it still has of the first answer.
            try connection.send(Self.next)
        }.serve { server in
            try await ClientFixture.with { fixture in
                let outcome = try await fixture.run(.to(server, method: answer.method))
                #expect(outcome.offences == [])
                self.check(outcome, answer)
                let second = try await fixture.run(.to(server))
                #expect(second.isCompleted && second.text == "next", "\(second)")
                #expect(server.acceptedConnections == (answer.keepsConnection ? 1 : 2))
            }
        }
    }

    private func check(_ outcome: Outcome, _ answer: HostileAnswer) {
        switch answer.outcome {
        case .refused:
            #expect(outcome.failure?.kind == .protocolViolation, "\(outcome)")
            #expect(outcome.head == nil)
            #expect(outcome.bodyBytes == 0)
        case .brokenOff:
            #expect(outcome.failure?.kind == .protocolViolation, "\(outcome)")
            #expect(!outcome.isCompleted)
        case .cut:
            #expect(outcome.failure?.kind == .closedDuringAnswer, "\(outcome)")
            #expect(outcome.head?.status == 200)
        case .closed:
            #expect(outcome.failure?.kind == .closedBeforeAnswer, "\(outcome)")
        case .passed(let text):
            #expect(outcome.isCompleted, "\(outcome)")
            #expect(outcome.text == text)
        }
        if outcome.failure != nil { #expect(outcome.failure?.requestBytesSent == true) }
    }

    @Test("each ends as it must, and its connection with it (RFC 9112 §6.3, §11)", arguments: HostileAnswer.all)
    func whole(_ answer: HostileAnswer) async throws {
        try await self.run(answer, pieces: 1 << 20)
    }

    @Test(
        "an answer that comes behind a complete one is nobody's (RFC 9112 §9.2)",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n",
        ])
    func lateAnswer(_ first: String) async throws {
        let isOver = DispatchSemaphore(value: 0)
        let sent = AsyncStream<Void>.makeStream()
        try await RawServer.Script { connection, number in
            guard try connection.readRequest() != nil else { return }
            guard number == 1 else { return try connection.send(Self.next) }
            try connection.send(first)
            guard isOver.wait(timeout: .now() + 20) == .success else { return }
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled")
            sent.continuation.finish()
            if try connection.readRequest() != nil { try connection.send(Self.next) }
        }.serve { server in
            try await ClientFixture.with { fixture in
                let complete = try await fixture.run(.to(server))
                #expect(complete.isCompleted)
                isOver.signal()
                await sent.stream.first { _ in true }
                let second = try await fixture.run(.to(server))
                #expect(second.isCompleted && second.text == "next", "\(second)")
                #expect(server.acceptedConnections == 2)
            }
        }
    }
}
