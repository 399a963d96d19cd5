import Foundation
import NIOCore
import NIOEmbedded
import NIOPosix
import ProxyCore
import TestSupport
import Testing

@testable import ProxyHTTP

@Suite("What a draining server still takes (K-028)", .timeLimit(.minutes(5)))
struct DrainTests {
    private static let limits = ConnectionLimits(header: .seconds(10), body: .seconds(60), idle: .seconds(75))
    private static let grace = DrainGrace(first: .seconds(1), next: .milliseconds(100))
    private static let request = SoundHead(
        head: RequestHead(method: "GET", target: "/"), version: .http11, body: .none, keepAlive: true,
        expectsContinue: false)

    private static func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    private func expect<Value: Equatable>(
        _ value: Value, _ expected: Value, at location: SourceLocation = #_sourceLocation
    ) {
        #expect(value == expected, sourceLocation: location)
    }

    // MARK: HTTP/1.1

    @Test("a connection without a request has its second to bring one, which is answered with a close")
    func firstRequest() {
        var machine = ConnectionStateMachine(limits: Self.limits, at: Self.at(0))
        expect(machine.drain(Self.grace, outputPending: false, at: Self.at(5_000)), .goOn)
        #expect(machine.deadline == Self.at(6_000))
        // Half a head has the time of every first head.
        machine.headBegan(at: Self.at(5_900))
        #expect(machine.deadline == Self.at(10_000))
        machine.exchangeBegan(Self.request)
        expect(machine.answerBegan(wantsClose: false, remainingBody: 0), true)
        expect(machine.answerCompleted(remainingBody: 0, at: Self.at(6_500)), .closeOutput)

        var silent = ConnectionStateMachine(limits: Self.limits, at: Self.at(0))
        _ = silent.drain(Self.grace, outputPending: false, at: Self.at(9_500))
        // Never longer than without a drain.
        #expect(silent.deadline == Self.at(10_000))
        expect(silent.deadlineReached(at: Self.at(10_000), outputPending: false), .cut)
    }

    @Test("a kept connection has a moment in which a request may cross the end")
    func nextRequest() {
        var machine = ConnectionStateMachine(limits: Self.limits, at: Self.at(0))
        machine.exchangeBegan(Self.request)
        _ = machine.bodyCompleted(at: Self.at(0))
        _ = machine.answerBegan(wantsClose: false, remainingBody: 0)
        expect(machine.answerCompleted(remainingBody: 0, at: Self.at(0)), .goOn)
        expect(machine.drain(Self.grace, outputPending: false, at: Self.at(1_000)), .goOn)
        expect(machine.deadlineReached(at: Self.at(1_099), outputPending: false), .goOn)
        machine.exchangeBegan(Self.request)
        expect(machine.answerBegan(wantsClose: false, remainingBody: 0), true)

        machine = ConnectionStateMachine(limits: Self.limits, at: Self.at(0))
        machine.exchangeBegan(Self.request)
        _ = machine.bodyCompleted(at: Self.at(0))
        _ = machine.answerBegan(wantsClose: false, remainingBody: 0)
        // Its caller was not told that the connection ends, and may use it again.
        expect(machine.drain(Self.grace, outputPending: false, at: Self.at(10)), .goOn)
        expect(machine.answerCompleted(remainingBody: 0, at: Self.at(20)), .goOn)
        #expect(machine.phase == .idle)
        expect(machine.deadlineReached(at: Self.at(120), outputPending: true), .closeOutput)
    }

    // MARK: HTTP/2

    @Test("HTTP/2: the end is announced with the first stream of a new connection, which is served")
    func firstStream() throws {
        let connection = try EmbeddedHTTP2(.echo())
        connection.tell(.drain(Self.grace))
        #expect(connection.goAways.isEmpty)
        connection.advance(.milliseconds(900))
        try connection.send(Wire.get(1))
        #expect(connection.status(1) == "200")
        #expect(connection.goAways.first == 0)
        connection.advance(.seconds(3))
        #expect(!connection.isOpen)

        let silent = try EmbeddedHTTP2(.echo())
        silent.tell(.drain(Self.grace))
        silent.advance(.milliseconds(999))
        #expect(silent.isOpen)
        silent.advance(.milliseconds(1))
        #expect(!silent.isOpen)
    }

    @Test("HTTP/2: an idle connection ends when its caller has confirmed, or after a moment; what crosses is served")
    func nextStream() throws {
        let connection = try EmbeddedHTTP2(.echo())
        try connection.send(Wire.get(1))
        connection.tell(.drain(Self.grace))
        #expect(connection.goAways == [0])
        try connection.send(Wire.get(3))
        #expect(connection.status(3) == "200")

        for confirms in [true, false] {
            let idle = try EmbeddedHTTP2(.echo())
            try idle.send(Wire.get(1))
            idle.tell(.drain(Self.grace))
            #expect(idle.isOpen)
            if confirms { try idle.send(Wire.ping(acknowledged: true)) } else { idle.advance(.milliseconds(100)) }
            #expect(idle.frames.last { $0.type == 7 }?.payload == [0, 0, 0, 1, 0, 0, 0, 0])
            idle.advance(.seconds(2))
            #expect(!idle.isOpen)
        }
    }

    @Test("at the end of the time handlers are told once, and what they end is counted once", arguments: [1, 2])
    func wrapUp(version: Int) throws {
        let told = Watched(0)
        let responder = ScriptedResponder { handler in
            handler.exchange.writeHead(ResponseHead(status: 200))
            handler.exchange.write(ByteBuffer(string: "begun"))
            handler.whenMustEnd = { handler in
                told.update { $0 += 1 }
                handler.exchange.write(ByteBuffer(string: ", ended"))
                handler.exchange.finish(trailers: nil)
            }
        }
        if version == 2 {
            let connection = try EmbeddedHTTP2(responder)
            try connection.send(Wire.get(1))
            for command in [ConnectionCommand.drain(.none), .wrapUp, .wrapUp, .abort] { connection.tell(command) }
            #expect(connection.body(1) == "begun, ended")
            #expect(connection.registry.abortedExchanges == 1)
        } else {
            let connection = try EmbeddedConnection(responder)
            try connection.receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            for command in [ConnectionCommand.drain(.none), .wrapUp, .wrapUp, .abort] {
                connection.channel.pipeline.fireUserInboundEventTriggered(command)
                connection.loop.run()
            }
            let text = try connection.sent()
            #expect(text.contains("begun") && text.contains(", ended") && text.hasSuffix("0\r\n\r\n"))
            #expect(connection.registry.abortedExchanges == 1)
        }
        #expect(told.value == 1)
    }

    // MARK: Sockets that others hold

    private static func address(of socket: HeldSocket) throws -> BoundAddress {
        guard case .tcp(let host, let port) = socket.address else { throw TestFailure("not TCP") }
        return .tcp(host: host, port: Int(port))
    }

    @Test("on a held socket no connection is lost between two servers, whenever it comes (K-028)")
    func heldSocketLosesNothing() async throws {
        let held = try HeldSocket("kmid.socket")
        let address = try Self.address(of: held)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        // No caller is so slow that it would not have asked by then.
        let grace = DrainGrace(first: .seconds(30), next: .seconds(30))
        let answered = Watched(0)
        let isOver = Watched(false)
        // Others have use for the processors as well: so many are answered at most while one server lives and ends.
        let allowed = Watched(0)
        try await withThrowingTaskGroup(of: Void.self) { callers in
            for _ in 0..<2 {
                callers.addTask {
                    while !isOver.value {
                        try await allowed.wait(for: "leave to ask") { $0 > answered.value }
                        try await RawClient.with(address) { client in
                            try await client.send("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                            #expect(try await client.receiveAll().hasSuffix("GET /a []\n"))
                            answered.update { $0 += 1 }
                        }
                    }
                }
            }
            for _ in 0..<5 {
                let server = HTTPServer(group: group, responder: ScriptedResponder.echo(), logger: quietLogger)
                #expect(try await server.listen(on: .socket(descriptor: held.duplicate())) == address)
                let before = answered.value
                allowed.update { $0 = before + 200 }
                try await answered.wait(for: "answers") { $0 > before + 4 }
                #expect(await server.drain(grace: grace) == 0)
            }
            isOver.update { $0 = true }
            allowed.update { $0 = .max }
            // Whoever waits in the queue now is served as well.
            let last = HTTPServer(group: group, responder: ScriptedResponder.echo(), logger: quietLogger)
            _ = try await last.listen(on: .socket(descriptor: held.duplicate()))
            try await callers.waitForAll()
            await last.closeNow()
        }
        try await group.shutdownGracefully()
    }

    @Test("a connection that was accepted and has not said anything yet is answered by the server that drains")
    func silentConnectionIsServed() async throws {
        let held = try HeldSocket("kmid.socket")
        let address = try Self.address(of: held)
        try await withServer(.echo(), on: .socket(descriptor: held.duplicate())) { server, _ in
            try await RawClient.with(address) { client in
                try await eventually("it is accepted") { server.openConnections == 1 }
                // A grace that no machine is too slow for; the one of held sockets is a second.
                async let aborted = server.drain(within: .seconds(30), grace: DrainGrace(first: .seconds(20)))
                try await eventually("it drains") { server.isClosed }
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.receiveAll().hasSuffix("GET / []\n"))
                #expect(await aborted == 0)
            }
        }
    }

    @Test("the pace of catching up grows by the second, and ends")
    func pace() {
        let pace = CatchUpPace()
        #expect(pace.limit(after: .zero) == 128)
        #expect(pace.limit(after: .milliseconds(2_500)) == 256)
        #expect(pace.limit(after: .milliseconds(9_999)) == 704)
        #expect(pace.limit(after: .seconds(10)) == nil)
    }

    @Test("a connection counts until its first request has been answered, or until it leaves without one")
    func load() throws {
        let connection = try EmbeddedConnection(.echo())
        let registry = connection.registry
        let silent = EmbeddedChannel()
        #expect(registry.admit(connection.channel, number: 1) == .served)
        #expect(registry.admit(silent, number: 2) == .served)
        #expect(registry.load == 2)
        try connection.receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n")
        #expect(registry.load == 2 && registry.runningExchanges == 1)
        try connection.receive("x")
        #expect(registry.load == 1 && registry.openConnections == 2)
        // Its next one counts as long as it runs.
        try connection.receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n")
        #expect(registry.load == 2)
        try connection.receive("x")
        #expect(registry.load == 1)
        try silent.close().wait()
        silent.embeddedEventLoop.run()
        #expect(registry.load == 0 && registry.openConnections == 1)
    }

    @Test("HTTP/2: a connection counts until its first stream, and each stream as long as it runs")
    func loadOfStreams() throws {
        let connection = try EmbeddedHTTP2(.echo())
        #expect(connection.registry.admit(connection.channel, number: 1) == .served)
        #expect(connection.registry.load == 1)
        try connection.send(Wire.get(1))
        #expect(connection.status(1) == "200")
        #expect(connection.registry.load == 0 && connection.registry.openConnections == 1)
        try connection.send(Wire.get(3))
        #expect(connection.status(3) == "200")
        #expect(connection.registry.load == 0)
    }

    @Test("connections that are kept between requests hold up nobody who has waited (K-028)")
    func keptConnections() async throws {
        let held = try HeldSocket("kmid.socket")
        let address = try Self.address(of: held)
        var configuration = HTTPServerConfiguration()
        // It never gets faster: who comes when so many are open waits until one has gone.
        configuration.catchUp = CatchUpPace(first: 4, perSecond: 0, duration: .seconds(3_600))
        let listener = ListenAddress.socket(descriptor: held.duplicate())
        try await withServer(.echo(), configuration: configuration, on: listener) { server, _ in
            var kept: [RawClient] = []
            for number in 0..<64 {
                let client = try await RawClient.connect(to: address)
                try await client.send("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
                try await client.receive("GET /\(number) []")
                kept.append(client)
            }
            #expect(server.openConnections == 64)
            for client in kept { await client.close() }
        }
        withExtendedLifetime(held) {}
    }

    /// So many callers with a request each, on a socket that nobody serves yet.
    private static func waiting(_ count: Int, at held: HeldSocket) async throws -> [RawClient] {
        let address = try Self.address(of: held)
        var waiting: [RawClient] = []
        for _ in 0..<count {
            let client = try await RawClient.connect(to: address)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            waiting.append(client)
        }
        return waiting
    }

    @Test("connections that have waited are taken a few at a time, and all are served (X-041)")
    func catchesUp() async throws {
        let held = try HeldSocket("kmid.socket")
        let waiting = try await Self.waiting(300, at: held)
        let remote = Remote()
        let responder = ScriptedResponder { remote.take($0) }
        try await withServer(responder, on: .socket(descriptor: held.duplicate())) { server, _ in
            try await responder.seen.wait(for: "the first ones") { $0.count >= 128 }
            // The others wait until some of these have gone, or for their second.
            for number in 0..<300 { try await remote.act(on: number) { $0.answer("served") } }
            #expect(responder.requests.count == 300)
        }
        for client in waiting { #expect(try await client.receiveAll().hasSuffix("served")) }
        withExtendedLifetime(held) {}
    }

    @Test("of those who waited no more are taken than may be under way, though many come at once (X-041)")
    func takesFew() async throws {
        let held = try HeldSocket("kmid.socket")
        let waiting = try await Self.waiting(100, at: held)
        var configuration = HTTPServerConfiguration()
        configuration.catchUp = CatchUpPace(first: 10, perSecond: 0, duration: .seconds(3_600))
        // One loop, so that whoever is taken counts at once.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let responder = ScriptedResponder { _ in }
        let server = HTTPServer(group: group, responder: responder, configuration: configuration, logger: quietLogger)
        _ = try await server.listen(on: .socket(descriptor: held.duplicate()))
        try await responder.seen.wait(for: "the first ones") { $0.count >= 10 }
        // The loop takes the rest of those that it has room for before it gets to this.
        let taken = try await group.next().submit { server.openConnections }.get()
        #expect((10...13).contains(taken))
        for client in waiting { await client.close() }
        await server.closeNow()
        try await group.shutdownGracefully()
        withExtendedLifetime(held) {}
    }

    @Test("a socket that is not served turns everybody away at once")
    func turnsAway() async throws {
        let held = try HeldSocket("kmid.socket")
        let address = try Self.address(of: held)
        let server = HTTPServer(
            group: MultiThreadedEventLoopGroup.singleton, responder: ScriptedResponder.echo(), logger: quietLogger)
        try await server.turnAway(at: held.duplicate())
        let received = try await RawClient.with(address) { try await $0.receiveAll() }
        #expect(received.isEmpty)
        #expect(server.openConnections == 0)
        await server.closeNow()
        await #expect(throws: ListenError.self) { try await server.turnAway(at: -1) }
    }
}
