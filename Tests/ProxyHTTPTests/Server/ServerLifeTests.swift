import Foundation
import NIOCore
import NIOPosix
import ProxyCore
import Testing

@testable import ProxyHTTP

@Suite("The life of a server", .timeLimit(.minutes(5)))
struct ServerLifeTests {
    @Test("drains: refuses new connections, closes idle ones, lets running requests end (K-028)")
    func drain() async throws {
        let remote = Remote()
        let responder = ScriptedResponder { handler in
            if handler.head.target == "/idle" { handler.answer("idle") }
            remote.take(handler)
        }
        // An address of its own: a port of 127.0.0.1 that is free again may be another test's the next moment.
        try await withServer(responder, on: .tcp(host: "127.93.28.1", port: 0)) { server, address in
            let idle = try await RawClient.connect(to: address)
            try await idle.send("GET /idle HTTP/1.1\r\nHost: a\r\n\r\n")
            try await idle.receive("idle")
            let running = try await RawClient.connect(to: address)
            try await running.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            try await remote.act(on: 1) { _ in }
            #expect(server.openConnections == 2)
            #expect(server.runningExchanges == 1)

            async let aborted = server.drain(within: .seconds(30))
            try await idle.receiveAll()
            await #expect(throws: (any Error).self) { try await RawClient.connect(to: address) }
            try await remote.act(on: 1) { $0.answer("done") }
            let text = try await running.receiveAll()
            #expect(text.contains("connection: close\r\n"))
            #expect(text.hasSuffix("done"))
            #expect(await aborted == 0)
            #expect(server.openConnections == 0)
            await #expect(throws: ListenError.self) { try await server.listen(on: .tcp(host: "127.0.0.1", port: 0)) }
        }
    }

    @Test("aborts what still runs when the time of draining is over, and counts it (K-028)")
    func drainDeadline() async throws {
        let responder = ScriptedResponder { handler in
            handler.exchange.writeHead(ResponseHead(status: 200))
            handler.exchange.write(ByteBuffer(string: "begun"))
        }
        try await withServer(responder) { server, address in
            try await RawClient.with(address) { client in
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                try await client.receive("begun")
                #expect(await server.drain(within: .milliseconds(50)) == 1)
                #expect(try await !client.receiveAll().contains("0\r\n\r\n"))
            }
            #expect(server.runningExchanges == 0)
        }
        try await responder.waitForClosed(false)
    }

    @Test("connections that wait for a busy loop are taken in together, before the first of them is served")
    func takesInTogether() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let held = Watched<HTTPServer?>(nil)
        let open = Watched<[Int]>([])
        let responder = ScriptedResponder { handler in
            open.update { $0.append(held.value?.openConnections ?? 0) }
            handler.answer("served")
        }
        let server = HTTPServer(
            group: group, responder: responder, configuration: HTTPServerConfiguration(), logger: quietLogger)
        held.update { $0 = server }
        let address = try await server.listen(on: .tcp(host: "127.0.0.1", port: 0))
        let gate = DispatchSemaphore(value: 0)
        group.next().execute { gate.wait() }
        var clients: [RawClient] = []
        for _ in 0..<64 {
            let client = try await RawClient.connect(to: address)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            clients.append(client)
        }
        gate.signal()
        for client in clients { try await client.receive("served") }
        #expect(open.value.first == 64)
        for client in clients { await client.close() }
        await server.closeNow()
        held.update { $0 = nil }
        try await group.shutdownGracefully()
    }

    @Test("tells one connection too many that it is, and serves again when there is room")
    func connectionLimit() async throws {
        let responder = ScriptedResponder.echo()
        let configuration = HTTPServerConfiguration(maximumConnections: 2)
        try await withServer(responder, configuration: configuration) { server, address in
            let first = try await RawClient.connect(to: address)
            let second = try await RawClient.connect(to: address)
            for client in [first, second] {
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                try await client.receive("GET / []")
            }
            try await RawClient.with(address) { third in
                let text = try await third.receiveAll()
                #expect(text.hasPrefix("HTTP/1.1 503 "))
                #expect(text.hasSuffix(#"{"error":{"code":"overloaded"}}"#))
            }
            #expect(server.openConnections == 2)
            #expect(responder.requests.count == 2)
            // Told by its own request that the connection is gone: the answer says close, and the end follows.
            try await first.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            try await first.receiveAll()
            await first.close()
            var served = false
            for _ in 0..<100 where !served {
                served = try await RawClient.with(address) { fourth in
                    // Fails where the refusal was quicker; then it is tried again.
                    fourth.beginSending(ByteBuffer(string: "GET /4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
                    return try await fourth.receiveAll().contains("GET /4 []")
                }
            }
            #expect(served)
            await second.close()
        }
    }

    @Test("a flood of connections over the limit ends with all of them closed")
    func connectionFlood() async throws {
        let responder = ScriptedResponder.echo()
        let configuration = HTTPServerConfiguration(maximumConnections: 1)
        try await withServer(responder, configuration: configuration) { server, address in
            try await RawClient.with(address) { holder in
                try await holder.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                try await holder.receive("GET / []")
                var clients: [RawClient] = []
                for _ in 0..<200 { clients.append(try await RawClient.connect(to: address)) }
                for client in clients { try await client.receiveAll() }
                let answered = clients.filter { $0.received.value.text.hasPrefix("HTTP/1.1 503") }.count
                #expect(answered > 0)
                #expect(server.openConnections == 1)
                try await holder.send("GET /still HTTP/1.1\r\nHost: a\r\n\r\n")
                try await holder.receive("GET /still []")
            }
        }
    }

    @Test("serves TCP and a Unix socket at a time, and knows who is on the socket (A-001)")
    func twoListeners() async throws {
        let responder = ScriptedResponder.echo()
        try await withTemporaryDirectory { directory in
            let path = directory + "/kmi.sock"
            try await withServer(responder) { server, address in
                let socket = try await server.listen(on: .unix(path: path))
                #expect(socket == .unix(path: path))
                let attributes = try FileManager.default.attributesOfItem(atPath: path)
                #expect(attributes[.posixPermissions] as? Int == 0o600)
                for (number, bound) in [address, socket].enumerated() {
                    try await RawClient.with(bound) { client in
                        try await client.send("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
                        try await client.receive("GET /\(number) []")
                    }
                }
                await server.drain(within: .seconds(5))
                #expect(!FileManager.default.fileExists(atPath: path))
            }
        }
        #expect(
            responder.connections.value.map(\.transport)
                == [.tcp(peer: "127.0.0.1"), .unix(uid: getuid(), pid: getpid())]
        )
    }

    @Test("a caller that leaves a Unix socket is seen while reading is paused")
    func goneFromUnixSocket() async throws {
        let remote = Remote()
        let responder = ScriptedResponder { remote.take($0) }
        try await withTemporaryDirectory { directory in
            try await withServer(responder, on: .unix(path: directory + "/s")) { _, address in
                try await RawClient.with(address) { client in
                    try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")
                    try await remote.act { _ in }
                    await client.close()
                    try await responder.waitForClosed(true)
                }
            }
        }
    }

    @Test("reports a port that is taken, by name")
    func portConflict() async throws {
        try await withServer(ScriptedResponder.echo()) { server, address in
            guard case .tcp(let host, let port) = address else { return }
            let taken = ListenAddress.tcp(host: host, port: port)
            let error = await #expect(throws: ListenError.self) { try await server.listen(on: taken) }
            #expect(error?.code == .addressInUse)
            #expect(error?.description.contains("\(host):\(port)") == true)
        }
    }

    @Test(
        "reports addresses that are none",
        arguments: [
            (.tcp(host: "localhost", port: 0), .invalidAddress),
            (.tcp(host: "127.0.0.1", port: 65_536), .invalidAddress),
            (.tcp(host: "192.0.2.1", port: 0), .invalidAddress), (.unix(path: ""), .invalidPath),
            (.unix(path: "/tmp/" + String(repeating: "x", count: 103)), .invalidPath),
            (.socket(descriptor: -1), .invalidAddress),
            (.unix(path: "/nowhere/at/all"), .system),
        ] as [(ListenAddress, ListenError.Code)]
    )
    func invalidAddresses(address: ListenAddress, code: ListenError.Code) async throws {
        let server = HTTPServer(
            group: MultiThreadedEventLoopGroup.singleton, responder: ScriptedResponder.echo(), logger: quietLogger
        )
        let error = await #expect(throws: ListenError.self) { try await server.listen(on: address) }
        #expect(error?.code == code)
        #expect(error?.address == address)
        await server.closeNow()
    }

    @Test("takes over a socket file that nobody answers on, and only that")
    func staleSocket() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/kmi.sock"
            // Bound and closed without having been removed: what a killed process leaves behind.
            let (_, descriptor) = try UnixSocketFile.bind(at: path)
            close(descriptor)
            #expect(FileManager.default.fileExists(atPath: path))
            try await withServer(ScriptedResponder.echo(), on: .unix(path: path)) { server, _ in
                let live = await #expect(throws: ListenError.self) { try await server.listen(on: .unix(path: path)) }
                #expect(live?.code == .addressInUse)
                try await RawClient.with(.unix(path: path)) { client in
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    try await client.receive("GET / []")
                }
                // Somebody else's file at our path is not ours to remove.
                try FileManager.default.removeItem(atPath: path)
                try Data("mine".utf8).write(to: URL(fileURLWithPath: path))
                await server.closeNow()
                #expect(FileManager.default.contents(atPath: path) == Data("mine".utf8))
                let other = HTTPServer(
                    group: MultiThreadedEventLoopGroup.singleton, responder: ScriptedResponder.echo(),
                    logger: quietLogger
                )
                let file = await #expect(throws: ListenError.self) { try await other.listen(on: .unix(path: path)) }
                #expect(file?.code == .notASocket)
                #expect(FileManager.default.contents(atPath: path) == Data("mine".utf8))
            }
        }
    }

    @Test("the mode of a socket file does not depend on the umask, nor change it (K-033)")
    func modeFromCreation() async throws {
        try await withTemporaryDirectory { directory in
            let before = umask(0)
            defer { umask(before) }
            let (file, descriptor) = try UnixSocketFile.bind(at: directory + "/s")
            defer { close(descriptor) }
            let attributes = try FileManager.default.attributesOfItem(atPath: directory + "/s")
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            file.remove()
            #expect(!FileManager.default.fileExists(atPath: directory + "/s"))
        }
    }

    @Test("serves a socket that was handed over")
    func handedOver() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/s"
            let (_, descriptor) = try UnixSocketFile.bind(at: path)
            try await withServer(ScriptedResponder.echo(), on: .socket(descriptor: descriptor)) { server, bound in
                #expect(bound == .unix(path: path))
                try await RawClient.with(bound) { client in
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    try await client.receive("GET / []")
                }
                await server.closeNow()
                #expect(FileManager.default.fileExists(atPath: path))
            }
        }
    }
}
