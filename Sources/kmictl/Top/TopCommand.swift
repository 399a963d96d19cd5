import ArgumentParser
import DBusControl

/// `kmictl top`.
struct TopCommand: ControlCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Watch the daemon, its keys and its requests on the whole screen.",
        discussion: """
            It needs a terminal of 40x10 cells or more; the line at the bottom names the keys, and ? explains them. It \
            goes on when the daemon stops and starts.
            """
    )

    @Option(
        help: ArgumentHelp("Ask and draw so often: 500ms to 1m, or seconds (1s).", valueName: "T"))
    var interval = IntervalArgument(microseconds: 1_000_000)
    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard self.options.json == nil else {
            throw ValidationError(
                "top draws a screen; kmictl status --json and kmictl requests --follow --json tell programs.")
        }
        guard !self.options.quiet else { throw ValidationError("top draws a screen; --quiet does not go with it.") }
    }

    mutating func prepare(_ invocation: Invocation) throws {
        let terminal = invocation.terminal
        guard terminal.hasInput, terminal.hasOutput else {
            throw Self.unfit("top needs a terminal to draw on and to read keys from")
        }
        guard terminal.isScreen else {
            throw Self.unfit("top cannot draw on a terminal of the kind that TERM names")
        }
    }

    func perform(in invocation: Invocation) async throws -> ExitStatus {
        // A bus that is not there, or does not let anybody in, is told before the screen is taken.
        try await invocation.withDaemon { _ in }
        let inbox = try TopInbox()
        let loop = TopLoop(invocation: invocation, inbox: inbox, interval: self.interval.duration)
        let feed = TopFeed(invocation: invocation, inbox: inbox, interval: self.interval.duration)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await loop.run() }
            group.addTask { try await feed.run() }
            // Whichever ends first ends the other.
            try await group.next()
            group.cancelAll()
        }
        return .success
    }

    private static func unfit(_ reason: String) -> CommandFailure {
        CommandFailure(
            .failed, code: "terminal",
            "\(reason). kmictl status shows the same once, and kmictl status --json tells programs.")
    }
}

/// An `--interval`: not so short that the daemon would notice, nor so long that nothing seems to move.
struct IntervalArgument: ExpressibleByArgument, CustomStringConvertible, Sendable {
    let microseconds: UInt64

    init(microseconds: UInt64) {
        self.microseconds = microseconds
    }

    init?(argument: String) {
        guard let microseconds = DurationText.parse(argument), (500_000...60_000_000).contains(microseconds) else {
            return nil
        }
        self.init(microseconds: microseconds)
    }

    var duration: Duration { .microseconds(Int64(self.microseconds)) }

    var description: String { "\(self.microseconds / 1_000_000)s" }

    var defaultValueDescription: String { self.description }
}
