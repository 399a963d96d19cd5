import Testing

@testable import LoadGenerator

/// Both ends on one thread, each a step after the other.
@Suite(.timeLimit(.minutes(1)))
struct StreamTests {
    private static func run(_ caller: StreamCaller, against server: StreamServer) throws {
        while !caller.isOver {
            try caller.step(nanoseconds: 100_000)
            try server.step(nanoseconds: 100_000)
        }
    }

    @Test func everyStreamArrivesWholeAndEveryEventOnce() throws {
        let server = try StreamServer(port: 0)
        var options = StreamCaller.Options(port: server.port)
        options.streams = 20
        options.turns = 3
        options.events = 10
        options.interval = 500
        options.ramp = 5_000_000
        let caller = try StreamCaller(options)
        try Self.run(caller, against: server)
        #expect(caller.areAllOpen)
        #expect(caller.tally.complete == 60)
        #expect(caller.tally.cut == 0 && caller.tally.failed == 0 && caller.tally.unfinished == 0)
        #expect(caller.tally.events == 600)
        #expect(caller.tally.delays.count == 600)
        #expect(caller.tally.delays.longest > 0)
    }

    @Test("a stream that is longer than its reader's buffers arrives whole")
    func longStreams() throws {
        let server = try StreamServer(port: 0)
        var options = StreamCaller.Options(port: server.port)
        options.streams = 2
        options.events = 10_000
        options.interval = 0
        let caller = try StreamCaller(options)
        try Self.run(caller, against: server)
        #expect(caller.tally.complete == 2)
        #expect(caller.tally.events == 20_000)
    }

    @Test func whatIsNotOverInTimeIsCounted() throws {
        let server = try StreamServer(port: 0)
        var options = StreamCaller.Options(port: server.port)
        options.streams = 3
        options.turns = 2
        options.interval = 60_000_000
        options.ramp = 0
        options.limit = 50_000_000
        let caller = try StreamCaller(options)
        try Self.run(caller, against: server)
        #expect(caller.tally.unfinished == 6)
        #expect(caller.tally.complete == 0)
    }

    @Test func whatNobodyAnswersHasFailed() throws {
        // The port of a server that has gone: at worst somebody else's, who is no provider of streams.
        let port = try StreamServer(port: 0).port
        var options = StreamCaller.Options(port: port)
        options.streams = 1
        options.limit = 10_000_000_000
        let caller = try StreamCaller(options)
        while !caller.isOver { try caller.step(nanoseconds: 1_000_000) }
        #expect(caller.tally.complete == 0 && caller.tally.events == 0)
        #expect(caller.tally.failed == 1)
    }
}
