import NIOCore
import ProxyCore
import Testing

@testable import ProxyHTTP

@Suite("HTTP/2: floods end the connection before they cost anything (L-012)")
struct FloodTests {
    /// A flood: frames by number, what it counts as, and after how many at most it is over.
    struct Flood: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var reason: HTTP2Abuse
        var atMost: Int
        var frame: @Sendable (UInt32) -> [UInt8]

        init(_ name: String, _ reason: HTTP2Abuse, atMost: Int, _ frame: @escaping @Sendable (UInt32) -> [UInt8]) {
            self.testDescription = name
            self.reason = reason
            self.atMost = atMost
            self.frame = frame
        }
    }

    static let floods: [Flood] = [
        Flood("rapid reset (CVE-2023-44487)", .resets, atMost: 201) { Wire.post($0 * 2 + 1) + Wire.reset($0 * 2 + 1) },
        Flood("made you reset, by windows of nothing (CVE-2025-8671)", .resets, atMost: 201) {
            Wire.post($0 * 2 + 1) + Wire.windowUpdate($0 * 2 + 1, 0)
        },
        Flood("made you reset, by windows that overflow", .resets, atMost: 201) {
            Wire.post($0 * 2 + 1) + Wire.windowUpdate($0 * 2 + 1, 0x7FFF_FFFF)
        },
        Flood("made you reset, by lengths that do not agree", .resets, atMost: 201) {
            Wire.post($0 * 2 + 1, "/", [("content-length", "1")]) + Wire.data($0 * 2 + 1, "too long")
        },
        Flood("made you reset, by heads that are not sound", .resets, atMost: 201) {
            Wire.headers($0 * 2 + 1, Wire.request(with: [("connection", "close")]))
        },
        Flood("pings", .quietFrames, atMost: 501) { _ in Wire.ping() },
        Flood("settings", .quietFrames, atMost: 501) { Wire.settings([(4, $0)]) },
        Flood("acknowledgements", .quietFrames, atMost: 501) { _ in Wire.ping(acknowledged: true) },
        Flood("priorities", .quietFrames, atMost: 501) { Wire.priority($0 * 2 + 1001, on: 0) },
        Flood("frames of unknown types", .quietFrames, atMost: 501) { Wire.frame(UInt8($0 % 200) + 20, stream: $0) },
        Flood("windows of the connection", .windowUpdates, atMost: 4_010) { _ in Wire.windowUpdate(0, 1) },
    ]

    @Test("a flood is answered ENHANCE_YOUR_CALM after so many frames", arguments: floods)
    func flood(flood: Flood) throws {
        let responder = ScriptedResponder { $0.exchange.resumeBody() }
        let connection = try EmbeddedHTTP2(responder)
        var sent = 0
        var largest = 0
        while connection.goAways.isEmpty, sent < 5_000 {
            try connection.send(flood.frame(UInt32(sent)))
            sent += 1
            largest = max(largest, connection.registry.runningExchanges, connection.handler.streams.count)
        }
        #expect(sent <= flood.atMost)
        #expect(sent >= 100)
        #expect(connection.goAways == [11])
        #expect(connection.environment.abuses.counts == [flood.reason: 1])
        // What a flood leaves behind never piles up.
        #expect(largest <= 1)
        #expect(connection.registry.runningExchanges == 0)
        connection.advance(.seconds(3))
        #expect(!connection.isOpen)
    }

    @Test("a flood in one read is over in that read, and nothing behind it is looked at")
    func oneRead() throws {
        let responder = ScriptedResponder.echo()
        let connection = try EmbeddedHTTP2(responder)
        try connection.send((0..<5_000).flatMap { _ in Wire.ping() } + Wire.get(1, "/behind"))
        #expect(connection.goAways == [11])
        #expect(connection.frames.filter { $0.type == 6 }.isEmpty)
        #expect(responder.requests.isEmpty)
    }

    @Test("empty DATA on a stream ends the connection")
    func emptyData() throws {
        let connection = try EmbeddedHTTP2(ScriptedResponder { $0.exchange.resumeBody() })
        try connection.send(Wire.post(1))
        var sent = 0
        while connection.goAways.isEmpty, sent < 1_000 {
            try connection.send(Wire.data(1))
            sent += 1
        }
        #expect(sent <= 20)
        #expect(connection.goAways == [11])
        #expect(connection.registry.runningExchanges == 0)
    }

    @Test("what honest callers do is no flood: cancels, pings and windows in the measure of their use")
    func honest() throws {
        let connection = try EmbeddedHTTP2(.echo())
        for round in 0..<60 {
            let stream = UInt32(round * 2 + 1)
            try connection.send(Wire.get(stream) + Wire.ping() + Wire.windowUpdate(0, 100))
            if round % 3 == 0 { try connection.send(Wire.reset(stream)) }
            connection.advance(.seconds(1))
        }
        #expect(connection.goAways.isEmpty)
        // A whole day of one ping and one cancel a second.
        var meter = FrameMeter(maximumContinuations: 5, at: Instant(nanoseconds: 0))
        let bytes = Wire.ping() + Wire.reset(1)
        _ = Wire.preface.withUnsafeBytes { meter.take($0, at: Instant(nanoseconds: 0)) }
        for second in 0..<86_400 {
            let now = Instant(nanoseconds: 0) + .seconds(second)
            let abuse = bytes.withUnsafeBytes { meter.take($0, at: now) }
            #expect(abuse == nil)
        }
        #expect(!meter.hasTooManyResets)
    }

    /// A connection on which a request runs, whose caller has reset more streams than it may, and the next stream.
    private func exhausted(
        _ remote: ScriptedHandlers, _ pair: (UInt32) -> [UInt8]
    ) throws -> (connection: EmbeddedHTTP2, next: UInt32) {
        let connection = try EmbeddedHTTP2(ScriptedResponder { remote.take($0) })
        try connection.send(Wire.get(1, "/running"))
        var stream = UInt32(3)
        while connection.goAways.isEmpty, stream < 2_000 {
            try connection.send(pair(stream))
            stream += 2
        }
        return (connection, stream)
    }

    /// A request that is given up at once.
    private static func givenUp(_ stream: UInt32) -> [UInt8] { Wire.get(stream) + Wire.reset(stream) }

    @Test("past the limit of resets what runs is finished, and nothing further begins")
    func runningFinishes() throws {
        let remote = ScriptedHandlers()
        let (connection, next) = try self.exhausted(remote, Self.givenUp)
        // The 201st reset came with stream 403, which was not begun with any more.
        #expect(next == 405)
        let named = connection.frames.last { $0.type == 7 }
        #expect(named?.payload == [0, 0, 1, 0x91, 0, 0, 0, 11])
        #expect(connection.reset(403) == 7)
        try connection.send(Wire.post(next, "/later") + Wire.data(next, "on its way"))
        #expect(connection.reset(next) == 7)
        #expect(connection.registry.runningExchanges == 1)
        try remote.handler(0).answer("done")
        connection.settle()
        #expect(connection.body(1) == "done")
        #expect(connection.hasEnded(1))
        #expect(connection.goAways == [11])
        #expect(connection.environment.abuses.counts == [.resets: 1])
        connection.advance(.seconds(2))
        #expect(!connection.isOpen)
    }

    @Test("past the limit of resets that the caller brings about, too, what runs is finished")
    func runningFinishesBesideFaults() throws {
        let remote = ScriptedHandlers()
        let (connection, next) = try self.exhausted(remote) {
            Wire.headers($0, Wire.request(with: [("connection", "close")]))
        }
        #expect(next == 405)
        #expect(connection.goAways == [11])
        try remote.handler(0).answer("done")
        connection.settle()
        #expect(connection.body(1) == "done")
        #expect(connection.environment.abuses.counts == [.resets: 1])
    }

    @Test("at twice the limit nothing runs on")
    func cutAtTwiceTheLimit() throws {
        let remote = ScriptedHandlers()
        var (connection, next) = try self.exhausted(remote, Self.givenUp)
        var further = 0
        while connection.registry.runningExchanges == 1, further < 1_000 {
            try connection.send(Self.givenUp(next))
            next += 2
            further += 1
        }
        // Each counts twice: it was refused, and then reset.
        #expect(further == 100)
        #expect(connection.goAways == [11, 11])
        #expect(connection.environment.abuses.counts == [.resets: 1])
        connection.advance(.seconds(2))
        #expect(!connection.isOpen)
    }

    @Test("what runs has the time of a drain")
    func runningForTooLong() throws {
        let remote = ScriptedHandlers()
        let (connection, _) = try self.exhausted(remote, Self.givenUp)
        connection.advance(.milliseconds(29_999))
        #expect(connection.registry.runningExchanges == 1)
        connection.advance(.milliseconds(1))
        #expect(connection.registry.runningExchanges == 0)
        #expect(!connection.isOpen)
    }

    @Test("a reader that opens both windows for every 4 KiB that it reads is no flood")
    func eagerWindows() {
        let start = Instant(nanoseconds: 0)
        var meter = FrameMeter(maximumContinuations: 5, at: start)
        _ = Wire.preface.withUnsafeBytes { meter.take($0, at: start) }
        let pair = Wire.windowUpdate(0, 4_096) + Wire.windowUpdate(1, 4_096)
        for _ in 0..<20_000 {
            meter.dataSent(bytes: 16_384)
            for _ in 0..<4 {
                let abuse = pair.withUnsafeBytes { meter.take($0, at: start) }
                #expect(abuse == nil)
            }
        }
    }

    @Test("to give up answers that have begun is no flood")
    func answeredResets() throws {
        let connection = try EmbeddedHTTP2(ScriptedResponder { $0.exchange.writeHead(ResponseHead(status: 200)) })
        for stream in stride(from: UInt32(1), to: 1_401, by: 2) {
            try connection.send(Wire.get(stream))
            try connection.send(Wire.reset(stream))
        }
        #expect(connection.goAways.isEmpty)
        #expect(connection.status(1_399) == "200")
        #expect(connection.registry.runningExchanges == 0)
    }

    @Test("the log takes ten lines at once and one every half minute, and counts all")
    func log() {
        let log = AbuseLog()
        let info = ConnectionInfo(transport: .tcp(peer: "127.0.0.1"), id: 1)
        for _ in 0..<1_000 { log.note(.resets, connection: info, at: Instant(nanoseconds: 1), logger: quietLogger) }
        #expect(log.counts == [.resets: 1_000])
        var lines = Allowance(.init(capacity: 10, perSecond: 1 / 30), at: Instant(nanoseconds: 0))
        var told = 0
        for _ in 0..<1_000 where lines.take(at: Instant(nanoseconds: 1)) { told += 1 }
        #expect(told == 10)
        let early = lines.take(at: Instant(nanoseconds: 0) + .seconds(29))
        let later = lines.take(at: Instant(nanoseconds: 0) + .seconds(31))
        #expect(!early && later)
    }
}
