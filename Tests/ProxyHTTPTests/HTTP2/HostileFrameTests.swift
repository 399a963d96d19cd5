import NIOCore
import ProxyCore
import Testing

@testable import ProxyHTTP

@Suite("HTTP/2: hostile input (L-003, L-012)")
struct HostileFrameTests {
    @Test("there are at least sixty hostile inputs, each with a name of its own")
    func enough() {
        #expect(HostileFrameInput.all.count >= 60)
        #expect(Set(HostileFrameInput.all.map(\.name)).count == HostileFrameInput.all.count)
    }

    @Test(
        "a hostile input ends as it should, and never in a request that was not sent", arguments: HostileFrameInput.all)
    func hostile(input: HostileFrameInput) throws {
        let responder = ScriptedResponder.echo()
        let connection = try EmbeddedHTTP2(responder, opens: input.isOpened)
        try connection.send(input.bytes)
        try self.check(input, connection)

        #expect(!responder.requests.contains { $0.contains("evil") })
        #expect(responder.requests.count <= input.served)
        #expect(!responder.heads.value.contains { head in head.headers.contains { $0.value.contains("evil") } })

        try self.checkAfterwards(input, connection, responder)
    }

    private func check(_ input: HostileFrameInput, _ connection: EmbeddedHTTP2) throws {
        switch input.outcome {
        case .streamError:
            #expect(connection.reset(1) == 1 || connection.reset(1) == 3, "\(connection.frames)")
            #expect(connection.goAways.isEmpty)
        case .streamOrConnectionError:
            // STREAM_CLOSED, or PROTOCOL_ERROR for a stream number that is no new one.
            let code = connection.reset(1) ?? connection.goAways.first
            #expect(code == 5 || code == 1, "\(connection.frames)")
        case .answered(let status):
            #expect(connection.status(1) == status, "\(connection.frames)")
            #expect(connection.hasEnded(1))
            #expect(connection.goAways.isEmpty)
        case .connectionError:
            #expect(connection.goAways.contains { $0 != 0 }, "\(connection.frames)")
            connection.advance(.seconds(3))
            #expect(!connection.isOpen)
            #expect(connection.environment.abuses.counts.values.reduce(0, +) == 1)
        case .ignored:
            #expect(connection.goAways.isEmpty, "\(connection.frames)")
            #expect(connection.reset(1) == nil)
        }
    }

    /// A sound request is served afterwards: on the same connection if that is to live on, else on a new one.
    private func checkAfterwards(
        _ input: HostileFrameInput, _ hostile: EmbeddedHTTP2, _ responder: ScriptedResponder
    ) throws {
        var connection = hostile
        if !hostile.goAways.isEmpty {
            try hostile.send(Wire.get(41, "/too-late"))
            #expect(!responder.requests.contains("GET /too-late"))
            connection = try EmbeddedHTTP2(responder)
        }
        try connection.send(Wire.get(43, "/sound"))
        #expect(connection.body(43) == "GET /sound []\n")
    }

    @Test(
        "cut at any byte, an input comes to the same", arguments: HostileFrameInput.all.filter { $0.bytes.count < 200 })
    func inPieces(input: HostileFrameInput) throws {
        let responder = ScriptedResponder.echo()
        let connection = try EmbeddedHTTP2(responder, opens: input.isOpened)
        for byte in input.bytes { try connection.send([byte]) }
        try self.check(input, connection)
        #expect(!responder.requests.contains { $0.contains("evil") })
    }

    @Test("seeded noise behind the preface never reaches the responder as a request", arguments: 0..<200)
    func noise(seed: UInt64) throws {
        var numbers = SeededGenerator(seed: seed)
        let responder = ScriptedResponder.echo()
        let connection = try EmbeddedHTTP2(responder)
        for _ in 0..<40 where connection.isOpen {
            let type = UInt8.random(in: 0...11, using: &numbers)
            let flags = UInt8.random(in: 0...255, using: &numbers)
            let stream = UInt32.random(in: 0...9, using: &numbers)
            let payload = (0..<Int.random(in: 0...40, using: &numbers)).map { _ in
                UInt8.random(in: 0...255, using: &numbers)
            }
            try connection.send(Wire.frame(type, flags: flags, stream: stream, payload))
        }
        #expect(responder.requests.isEmpty)
        connection.advance(.seconds(120))
        #expect(!connection.isOpen)
    }
}
