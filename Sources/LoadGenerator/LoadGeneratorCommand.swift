import ArgumentParser
import Glibc

/// The program `kmi-load`.
@main
struct LoadGeneratorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kmi-load",
        abstract: "Measures event streams: a cheap provider, and callers that note how old each event is.",
        discussion: "For scripts/bench. Both ends run on one machine, on loopback addresses of IPv4.",
        subcommands: [Serve.self, Call.self]
    )

    /// `kmi-load serve`.
    struct Serve: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Answers requests with streams; prints one JSON line with its port when it listens.",
            discussion: """
                What a stream is follows from the query: ?events=100&interval=20000&bytes=240 (microseconds). With \
                ?answer=32768 the answer is plain, with a body of so many bytes.
                """
        )

        @Option(help: "The port to listen on; 0 lets the system choose.")
        var port: UInt16 = 0

        func run() throws {
            DescriptorLimit.raise()
            let server = try StreamServer(port: self.port)
            LoadGeneratorCommand.say(#"{"event":"listening","port":\#(server.port)}"#)
            while true { try server.step(nanoseconds: 1_000_000_000) }
        }
    }

    /// `kmi-load call`.
    struct Call: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Calls for streams and prints a JSON line when all are open, and one with what came of them."
        )

        @Argument(help: "The port on 127.0.0.1.")
        var port: UInt16

        @Option(help: "The credential.")
        var token = ""

        @Option(help: "The path of the requests.")
        var path = "/v1/chat/completions"

        @Option(help: "Streams at once, each on a connection of its own.")
        var streams = 50

        @Option(help: "Streams of each connection, one after the other.")
        var turns = 1

        @Option(help: "Events of each stream.")
        var events = 100

        @Option(help: "Microseconds between two events.")
        var interval = 20_000

        @Option(help: "Milliseconds over which the connections begin.")
        var ramp = 1_000

        @Option(help: "Ends after so many seconds at the latest.")
        var limit = 60

        func validate() throws {
            guard (1...20_000).contains(self.streams) else { throw ValidationError("--streams: 1 to 20000.") }
            guard (1...10_000).contains(self.turns) else { throw ValidationError("--turns: 1 to 10000.") }
            guard (0...600_000).contains(self.ramp) else { throw ValidationError("--ramp: 0 to 600000.") }
            guard (1...3_600).contains(self.limit) else { throw ValidationError("--limit: 1 to 3600.") }
            guard StreamScript(target: "?events=\(self.events)&interval=\(self.interval)") != nil else {
                throw ValidationError("--events: 1 to a million; --interval: 0 to 60000000.")
            }
        }

        func run() throws {
            DescriptorLimit.raise()
            var options = StreamCaller.Options(port: self.port)
            options.token = self.token
            options.path = self.path
            options.streams = self.streams
            options.turns = self.turns
            options.events = self.events
            options.interval = self.interval
            options.ramp = UInt64(self.ramp) * 1_000_000
            options.limit = UInt64(self.limit) * 1_000_000_000
            let caller = try StreamCaller(options)
            var hasTold = false
            while !caller.isOver {
                try caller.step(nanoseconds: 100_000_000)
                if caller.areAllOpen, !hasTold {
                    LoadGeneratorCommand.say(#"{"event":"open","streams":\#(self.streams)}"#)
                    hasTold = true
                }
            }
            LoadGeneratorCommand.say(caller.tally.line)
        }
    }

    /// Prints a line at once, also into a pipe.
    private static func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}
