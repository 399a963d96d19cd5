import DBusControl
import Glibc

/// What a run of the program has around it; tests give another one.
struct Surroundings: Sendable {
    /// What input and output are connected to.
    var terminal: Terminal
    /// Where input comes from.
    var input: CInt = STDIN_FILENO
    /// Where output goes.
    var output: any OutputChannel
    /// The time in microseconds since the epoch.
    var now: @Sendable () -> UInt64
    /// Waits; ends early with an error when it is cancelled.
    var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// The environment.
    var variable: @Sendable (String) -> String? = { getenv($0).map { String(cString: $0) } }
    /// The time zone of whoever types.
    var zone: LocalZone = .process
    /// Connects to the daemon.
    var connect: @Sendable (ControlAddress, Duration) async throws(ControlClientError) -> any ControlAccess
    /// The same, and the bus starts the daemon if it can; `nil` for ``connect``.
    var connectStarting: (@Sendable (ControlAddress, Duration) async throws(ControlClientError) -> any ControlAccess)?
    /// What becomes of the command of `kmictl run`.
    var children: any ChildSupervision = ProcessSupervision()
    /// The environment, `NAME=value` byte for byte.
    var environment: @Sendable () -> [[UInt8]] = EnvironmentBlock.ofThisProcess
    /// The words of the command line byte for byte, if they are known.
    var exactWords: [[UInt8]] = []
    /// What this program is; fixed where its output is compared.
    var build = VersionReport.Build.ofThisProgram

    /// What a command that is started inherits of a variable; `nil` if the environment does not name it.
    func inherited(_ name: String) -> String? {
        self.inheritedBytes(name).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The same byte for byte: names of directories need not be UTF-8.
    func inheritedBytes(_ name: String) -> [UInt8]? {
        let begin = Array("\(name)=".utf8)
        return self.environment().first { $0.starts(with: begin) }.map { Array($0.dropFirst(begin.count)) }
    }

    /// The last words of the command line as they were given: the parser's words are text, and those of a command need not be.
    func exactly(_ words: [String]) -> [[UInt8]] {
        let exact = Array(self.exactWords.suffix(words.count))
        return exact.map { String(decoding: $0, as: UTF8.self) } == words ? exact : words.map { Array($0.utf8) }
    }

    /// Those of the process.
    static func current() -> Surroundings {
        Surroundings(
            terminal: .current(),
            output: StandardOutput(),
            now: {
                var time = timespec()
                clock_gettime(CLOCK_REALTIME, &time)
                return UInt64(max(0, time.tv_sec)) * 1_000_000 + UInt64(time.tv_nsec) / 1000
            },
            connect: { (bus, timeout) async throws(ControlClientError) in
                try await ControlClient.connect(to: bus, timeout: timeout)
            },
            connectStarting: { (bus, timeout) async throws(ControlClientError) in
                try await ControlClient.connect(to: bus, timeout: timeout, mayStart: true)
            },
            exactWords: (0..<Int(CommandLine.argc)).compactMap { position in
                CommandLine.unsafeArgv[position].map { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
            }
        )
    }
}
