import DBusControl

/// One run of a command: its options, where its output goes, and the way to the daemon.
struct Invocation: Sendable {
    /// The layout of JSON; `nil` for text.
    let json: JSONLayout?
    /// Whether only names and ids are printed.
    let isQuiet: Bool
    /// What is around.
    let surroundings: Surroundings

    private let bus: ControlAddress
    private let timeout: TimeoutArgument?
    private let isColoured: Bool

    init(_ options: GlobalOptions, _ surroundings: Surroundings) {
        let terminal = surroundings.terminal
        self.json = options.json.map { Self.layout($0, terminal) }
        self.isQuiet = options.quiet
        self.surroundings = surroundings
        self.bus = options.bus
        self.timeout = options.timeout
        self.isColoured = terminal.hasOutput && terminal.allowsColour && !options.noColor
    }

    /// The layout that a choice means.
    static func layout(_ choice: JSONChoice, _ terminal: Terminal) -> JSONLayout {
        switch choice {
        case .automatic: terminal.hasOutput ? .pretty : .short
        case .pretty: .pretty
        case .short: .short
        }
    }

    /// What input and output are connected to.
    var terminal: Terminal { self.surroundings.terminal }

    /// The time in microseconds since the epoch.
    var now: UInt64 { self.surroundings.now() }

    /// How text looks, now.
    var style: TextStyle {
        TextStyle(width: self.terminal.width, isColoured: self.isColoured, now: self.now, isUTF8: self.terminal.isUTF8)
    }

    /// Prints a report in the form that was asked for.
    func show(_ report: some Report) throws(CommandFailure) {
        if let json = self.json { return try self.print(report.json.text(json)) }
        let text = self.isQuiet ? report.names.map(SafeText.line).joined(separator: "\n") : report.text(self.style)
        if !text.isEmpty { try self.print(text) }
    }

    /// Prints lines of data.
    func print(_ lines: String) throws(CommandFailure) {
        try self.surroundings.output.data(Array((lines + "\n").utf8))
    }

    /// Prints records for programs.
    func print(csv records: [[String]]) throws(CommandFailure) {
        try self.surroundings.output.data(Array(CSVText.of(records).utf8))
    }

    /// Prints data that is a secret, and a line end.
    func print(secret: SecretText) throws(CommandFailure) {
        let output = self.surroundings.output
        try secret.withBytes { (bytes) throws(CommandFailure) in try output.data(bytes + [0x0A]) }
    }

    /// Tells a person something that is no data; not with `--quiet`.
    func note(_ text: String) {
        if !self.isQuiet { self.surroundings.output.message(SafeText.lines(text)) }
    }

    /// Tells a person at a terminal what to do next; never a script.
    func hint(_ text: String) {
        if self.terminal.hasErrors, self.terminal.hasOutput, self.json == nil { self.note(text) }
    }

    /// Connects to the daemon for as long as `body` runs.
    ///
    /// `askingProviders` if the daemon has to ask them before it answers, which takes longer, and `mayStart` if the bus is to
    /// start it. With `doing` a person is told what takes so long; `body` is to print nothing then.
    func withDaemon<Value>(
        askingProviders: Bool = false, mayStart: Bool = false, doing words: String? = nil,
        _ body: (any ControlAccess) async throws -> Value
    ) async throws -> Value {
        try await self.withDaemon(
            waiting: askingProviders ? GlobalOptions.providerTimeout : GlobalOptions.defaultTimeout,
            mayStart: mayStart, doing: words, body)
    }

    /// Connects to the daemon for as long as `body` runs; without `--timeout` each answer may take as long as `usual`.
    func withDaemon<Value>(
        waiting usual: TimeoutArgument, mayStart: Bool = false, doing words: String? = nil,
        _ body: (any ControlAccess) async throws -> Value
    ) async throws -> Value {
        // Over the system bus a person may have to type a password first.
        let longest = [usual, GlobalOptions.providerTimeout].max { $0.microseconds < $1.microseconds } ?? usual
        let usual = self.bus == .system ? longest : usual
        let starting = mayStart ? self.surroundings.connectStarting : nil
        let daemon = try await (starting ?? self.surroundings.connect)(self.bus, (self.timeout ?? usual).duration)
        do {
            let value: Value
            if let words {
                value = try await self.showing(words) { try await body(daemon) }
            } else {
                value = try await body(daemon)
            }
            await daemon.close()
            return value
        } catch {
            await daemon.close()
            throw error
        }
    }
}
