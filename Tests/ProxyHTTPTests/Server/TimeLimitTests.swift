import NIOCore
import ProxyCore
import ProxyHTTP
import Testing

@Suite("Time limits of a running server (T-002)", .timeLimit(.minutes(5)))
struct TimeLimitTests {
    @Test("a connection on which nothing comes is closed without a word")
    func silence() async throws {
        let responder = ScriptedResponder.echo()
        let configuration = HTTPServerConfiguration(headerTimeout: .milliseconds(100))
        try await withServer(responder, configuration: configuration) { _, address in
            try await RawClient.with(address) { client in
                let text = try await client.receiveAll(within: .seconds(10))
                #expect(text.isEmpty)
            }
        }
        #expect(responder.seen.value.isEmpty)
    }

    @Test("an idle connection is closed without a word after its answer")
    func idle() async throws {
        let responder = ScriptedResponder.echo()
        let configuration = HTTPServerConfiguration(idleTimeout: .milliseconds(100))
        try await withServer(responder, configuration: configuration) { server, address in
            try await RawClient.with(address) { client in
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                let text = try await client.receiveAll(within: .seconds(10))
                #expect(text.hasSuffix("GET / []\n"))
                #expect(count("HTTP/1.1", in: text) == 1)
            }
        }
    }

    @Test("a body that stays incomplete is answered 408, and its exchange is over")
    func body() async throws {
        let responder = ScriptedResponder.echo()
        let configuration = HTTPServerConfiguration(bodyTimeout: .milliseconds(150))
        try await withServer(responder, configuration: configuration) { server, address in
            try await RawClient.with(address) { client in
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx")
                let text = try await client.receiveAll(within: .seconds(10))
                #expect(text.hasPrefix("HTTP/1.1 408 "))
            }
            #expect(server.runningExchanges == 0)
        }
        #expect(
            responder.seen.value == [.request("POST /"), .body(1), .refusal(.timeout), .closed(byCaller: false)]
        )
    }

    @Test("a body that stays incomplete behind a begun answer is cut")
    func bodyBehindAnswer() async throws {
        let responder = ScriptedResponder { handler in
            handler.exchange.writeHead(ResponseHead(status: 200))
            handler.exchange.write(ByteBuffer(string: "begun"))
            handler.exchange.resumeBody()
        }
        let configuration = HTTPServerConfiguration(bodyTimeout: .milliseconds(150))
        try await withServer(responder, configuration: configuration) { _, address in
            try await RawClient.with(address) { client in
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx")
                let text = try await client.receiveAll(within: .seconds(10))
                #expect(text.hasSuffix("5\r\nbegun\r\n"))
            }
        }
        try await responder.waitForClosed(false)
    }

    @Test("a caller that takes no byte at all is cut")
    func stalledReader() async throws {
        let responder = ScriptedResponder { handler in
            handler.exchange.writeHead(ResponseHead(status: 200))
            handler.exchange.write(ByteBuffer(repeating: 0x61, count: 32 << 20))
        }
        let configuration = HTTPServerConfiguration(stalledWriteTimeout: .milliseconds(200))
        try await withServer(responder, configuration: configuration) { server, address in
            try await RawClient.with(address) { client in
                try await client.stopReading()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                try await responder.waitForClosed(false)
            }
        }
    }

    @Test("a request that waits for its responder has no time limit here")
    func waitingResponder() async throws {
        let remote = Remote()
        let responder = ScriptedResponder { handler in
            if handler.head.target == "/quick" { handler.answer("quick") } else { remote.take(handler) }
        }
        let configuration = HTTPServerConfiguration(
            bodyTimeout: .milliseconds(50), idleTimeout: .milliseconds(50), stalledWriteTimeout: .milliseconds(50)
        )
        try await withServer(responder, configuration: configuration) { _, address in
            try await RawClient.with(address) { waiting in
                try await waiting.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n")
                try await remote.act { _ in }
                // The idle limits of six other connections pass.
                for _ in 0..<6 {
                    try await RawClient.with(address) { other in
                        try await other.send("GET /quick HTTP/1.1\r\nHost: a\r\n\r\n")
                        try await other.receiveAll()
                    }
                }
                try await remote.act { $0.answer("at last") }
                try await waiting.receive("at last")
            }
        }
    }
}
