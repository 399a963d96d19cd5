import ArgumentParser
import DBusControl

/// How JSON is asked for on the command line.
enum JSONChoice: String, ExpressibleByArgument {
    /// Pretty on a terminal, else short.
    case automatic = "auto"
    case pretty
    case short

    // What the help and the completions name; `auto` is what `--json` alone becomes.
    static let allValueStrings = ["pretty", "short"]
}

/// The options that every command has.
struct GlobalOptions: ParsableArguments {
    /// The longest wait for one answer, in microseconds: ten seconds, as a change is answered when it is on disk.
    static let defaultTimeout = TimeoutArgument(microseconds: 10_000_000)
    /// The longest wait for an answer for which the daemon asks providers, in microseconds.
    static let providerTimeout = TimeoutArgument(microseconds: 120_000_000)
    /// The longest wait for the requests of a key to end, in microseconds: longer than most daemons let them.
    static let drainTimeout = TimeoutArgument(microseconds: 600_000_000)

    @Option(
        name: [.customShort("j"), .customLong("json")],
        help: ArgumentHelp(
            "Print JSON. The layout may be left out: pretty on a terminal, else short.",
            valueName: "LAYOUT"
        )
    )
    var json: JSONChoice?

    @Flag(name: .shortAndLong, help: "Print names and ids only.")
    var quiet = false

    @Flag(help: "Talk to the daemon on the session bus (the default).")
    var user = false

    @Flag(help: "Talk to the daemon on the system bus.")
    var system = false

    @Option(help: ArgumentHelp("Talk to the daemon on the bus at this D-Bus address.", valueName: "ADDRESS"))
    var address: String?

    @Option(
        help: ArgumentHelp(
            """
            Wait so long for each answer: 250ms, 5s, 1m, or seconds \
            (\(Self.defaultTimeout); \(Self.providerTimeout) where providers are asked, and with --system, where a \
            password may be; \(Self.drainTimeout) where requests have to end first).
            """,
            valueName: "T"))
    var timeout: TimeoutArgument?

    @Flag(help: "Do without colour, as with NO_COLOR in the environment.")
    var noColor = false

    func validate() throws {
        let chosen = [self.user, self.system, self.address != nil].filter(\.self).count
        guard chosen <= 1 else { throw ValidationError("only one of --user, --system and --address can be given.") }
    }

    /// The bus that is meant.
    var bus: ControlAddress {
        if let address = self.address { return .address(address) }
        return self.system ? .system : .session
    }
}

/// A `--timeout`: more than nothing and at most an hour, since every wait has an end.
struct TimeoutArgument: ExpressibleByArgument, CustomStringConvertible, Sendable {
    let microseconds: UInt64

    init(microseconds: UInt64) {
        self.microseconds = microseconds
    }

    init?(argument: String) {
        guard let microseconds = DurationText.parse(argument), (1000...3_600_000_000).contains(microseconds) else {
            return nil
        }
        self.init(microseconds: microseconds)
    }

    var duration: Duration { .microseconds(Int64(self.microseconds)) }

    var description: String { "\(self.microseconds / 1_000_000)s" }

    var defaultValueDescription: String { self.description }
}
