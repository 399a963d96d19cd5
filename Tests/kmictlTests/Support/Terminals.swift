import DBusControl
import Glibc
import Synchronization

@testable import kmictl

extension Terminal {
    /// Pipes all around, as a script has them.
    static let none = Terminal(hasInput: false, hasOutput: false, hasErrors: false, width: nil, allowsColour: true)
    /// A terminal of 80 columns without colours.
    static let plain = Terminal(hasInput: true, hasOutput: true, hasErrors: true, width: 80, allowsColour: false)
    /// A terminal of 80 columns that shows colours.
    static let usual = Terminal(hasInput: true, hasOutput: true, hasErrors: true, width: 80, allowsColour: true)
}

/// Output that is kept.
final class RecordedOutput: OutputChannel {
    private let kept = Mutex<(data: [UInt8], messages: String)>(([], ""))
    private let isFull: Bool
    private let isBroken: Bool
    private let ends = Mutex(0)

    /// Whether data cannot be written: `isFull` as on a full disk, `isBroken` as where the reader is gone.
    init(isFull: Bool = false, isBroken: Bool = false) {
        self.isFull = isFull
        self.isBroken = isBroken
    }

    func data(_ bytes: [UInt8]) throws(CommandFailure) {
        if self.isBroken { throw .brokenPipe }
        if self.isFull { throw CommandFailure(.failed, code: "output", "no space left") }
        self.kept.withLock { $0.data += bytes }
    }
    func message(_ text: String) { self.kept.withLock { $0.messages += text + "\n" } }
    func prompt(_ text: String) { self.kept.withLock { $0.messages += text } }

    func endByBrokenPipe() { self.ends.withLock { $0 += 1 } }

    /// How often the process was to end by a broken pipe.
    var brokenPipes: Int { self.ends.withLock { $0 } }
    var standardOutput: String { self.kept.withLock { String(decoding: $0.data, as: UTF8.self) } }
    var standardError: String { self.kept.withLock { $0.messages } }
}

/// What a run of the program came to.
struct RunResult {
    var status: ExitStatus
    var output: String
    var errors: String
    var lines: [String] {
        self.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }
}

/// Runs the program without a bus; `connection` is what connecting fails with, `isFull` whether data cannot be written.
func kmictl(
    _ words: String...,
    daemon: FakeDaemon = FakeDaemon(),
    terminal: Terminal = .none,
    input: String = "",
    connection: ControlClientError? = nil,
    isFull: Bool = false,
    zone: LocalZone = .hoursEast(0)
) async throws -> RunResult {
    try await kmictl(
        words: words, daemon: daemon, terminal: terminal, input: input, connection: connection, isFull: isFull,
        zone: zone)
}

/// The same with the words in a list.
func kmictl(
    words: [String],
    daemon: FakeDaemon = FakeDaemon(),
    terminal: Terminal = .none,
    input: String = "",
    connection: ControlClientError? = nil,
    isFull: Bool = false,
    zone: LocalZone = .hoursEast(0)
) async throws -> RunResult {
    let output = RecordedOutput(isFull: isFull)
    let pipe = try FilledPipe(input)
    defer { pipe.close() }
    let surroundings = Surroundings(
        terminal: terminal,
        input: pipe.reading,
        output: output,
        now: { Samples.now },
        zone: zone,
        connect: { (_, timeout) async throws(ControlClientError) in
            daemon.with { $0.timeout = timeout }
            if let connection { throw connection }
            return daemon
        },
        environment: { [] },
        build: VersionReport.Build(version: VersionText.number, commit: "", builtAt: 0)
    )
    let status = await CommandRun(surroundings: surroundings).run(words)
    return RunResult(status: status, output: output.standardOutput, errors: output.standardError)
}

extension LocalZone {
    /// A zone without summers.
    static func hoursEast(_ hours: Double) -> LocalZone {
        LocalZone { time in
            var midnight = time
            (midnight.day, midnight.second, midnight.fraction) = (1, nil, 0)
            // Every month has a first day, and later days lie behind it, those of the next month too.
            let seconds = (Timestamp.moment(of: midnight) ?? 0) / 1_000_000
            return Int(seconds) + (time.day - 1) * 86_400 + (time.second ?? 0) - Int(hours * 3600)
        }
    }
}

/// A pipe whose writing end is closed.
struct FilledPipe {
    let reading: CInt

    init(_ text: String) throws {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ControlClientError(.busy, "no pipe") }
        self.reading = ends[0]
        let bytes = Array(text.utf8)
        let count = write(ends[1], bytes, bytes.count)
        Glibc.close(ends[1])
        guard count == bytes.count else { throw ControlClientError(.busy, "no room in the pipe") }
    }

    func close() { Glibc.close(self.reading) }
}
