import NIOCore
import ProxyCore
import Testing

@testable import CurlClient

/// What answers become.
@Suite(.timeLimit(.minutes(5)))
struct AnswerTests {
    /// Runs one request against a server that reads it, sends `answer` and closes.
    private func answered(
        _ answer: String,
        method: String = "GET",
        reset: Bool = false
    ) async throws -> (Outcome, connections: Int) {
        try await RawServer.Script { connection, _ in
            guard try connection.readRequest() != nil else { return }
            if reset { connection.resetAtEnd() }
            try connection.send(answer)
        }.serve { server in
            try await ClientFixture.with { fixture in
                let outcome = try await fixture.run(.to(server, method: method))
                #expect(outcome.offences == [])
                #expect(fixture.client.statistics.activeTransfers == 0)
                return (outcome, server.acceptedConnections)
            }
        }
    }

    @Test(
        "an answer without a body is complete at its head",
        arguments: [
            ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n", 200),
            ("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200),
            ("GET", "HTTP/1.1 204 No Content\r\n\r\n", 204),
            ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304),
            ("POST", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200),
        ])
    func withoutBody(method: String, answer: String, status: Int) async throws {
        let (outcome, _) = try await self.answered(answer, method: method)
        #expect(outcome.isCompleted)
        #expect(outcome.head?.status == status)
        #expect(outcome.bodyBytes == 0)
    }

    @Test func dropsInterimHeads() async throws {
        let (outcome, _) = try await self.answered(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                + "HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\na"
        )
        #expect(outcome.head?.status == 201)
        #expect(outcome.head?.headers == ["Content-Length": "1"])
        #expect(outcome.text == "a")
    }

    @Test func handsOnTrailersWithTheEnd() async throws {
        let (outcome, _) = try await self.answered(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n"
        )
        #expect(outcome.isCompleted)
        #expect(outcome.text == "abcde")
        #expect(outcome.head?.headers.contains("x-sum") == false)
        #expect(outcome.trailers?.all("X-Sum") == ["1", "2"])
    }

    @Test func endsWithTheConnectionWhereNothingElseSays() async throws {
        let (outcome, _) = try await self.answered("HTTP/1.0 200 OK\r\n\r\nuntil the end")
        #expect(outcome.isCompleted)
        #expect(outcome.text == "until the end")
    }

    @Test(
        "redirects, authentication demands and codings pass untouched (X-004)",
        arguments: [
            "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 1\r\n\r\na",
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 1\r\n\r\na",
            "HTTP/1.1 407 Proxy\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 1\r\n\r\na",
            "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 1\r\n\r\na",
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\na",
            "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nAlt-Svc: h3=\":1\"\r\nStrict-Transport-Security: max-age=1\r\nContent-Length: 1\r\n\r\na",
        ])
    func passesUntouched(answer: String) async throws {
        let (outcome, connections) = try await self.answered(answer)
        #expect(outcome.isCompleted)
        #expect(outcome.text == "a")
        #expect(connections == 1)
    }

    @Test(
        "an answer that is not sound HTTP/1.1 is refused",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
            "HTTP/1.1 200 OK\r\nX: \0\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n",
            "HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n",
            "HTTP/3.7 200 OK\r\nContent-Length: 0\r\n\r\n",
            "complete garbage\r\n\r\nof some length",
            "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
        ])
    func refusesUnsoundAnswers(answer: String) async throws {
        let (outcome, _) = try await self.answered(answer)
        #expect(outcome.failure?.kind == .protocolViolation, "\(String(describing: outcome.failure))")
        #expect(outcome.failure?.requestBytesSent == true)
        #expect(outcome.failure?.connectionReused == false)
        #expect(outcome.head == nil)
    }

    @Test func refusesHeadsWithoutBound() async throws {
        let line = "X-Long: " + String(repeating: "a", count: 120 * 1024) + "\r\n"
        let many = String(repeating: "X: 1\r\n", count: 600)
        let interim = String(repeating: "HTTP/1.1 102 Processing\r\n\r\n", count: 101)
        for head in ["HTTP/1.1 200 OK\r\n" + line, "HTTP/1.1 200 OK\r\n" + many, interim] {
            let (outcome, _) = try await self.answered(head + "\r\n")
            #expect(outcome.failure?.kind == .protocolViolation, "\(String(describing: outcome.failure))")
        }
    }

    @Test(
        "a connection that ends before the head is complete",
        arguments: [
            ("", false), ("HTTP/1.1 200 O", false), ("HTTP/1.1 200 OK\r\nContent-Le", false),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", false), ("", true),
        ])
    func cutBeforeHead(answer: String, reset: Bool) async throws {
        let (outcome, connections) = try await self.answered(answer, reset: reset)
        #expect(outcome.failure?.kind == .closedBeforeAnswer, "\(String(describing: outcome.failure))")
        #expect(outcome.failure?.requestBytesSent == true)
        #expect(outcome.head == nil)
        #expect(connections == 1)
    }

    @Test(
        "a connection that ends within the body",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5\r\nde",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
        ])
    func cutInBody(answer: String) async throws {
        let (outcome, _) = try await self.answered(answer)
        #expect(outcome.failure?.kind == .closedDuringAnswer, "\(String(describing: outcome.failure))")
        #expect(outcome.head?.status == 200)
        #expect(outcome.text.hasPrefix("abc"))
        #expect(!outcome.isCompleted)
    }
}
