import Foundation
import Glibc
import Synchronization

/// A program that runs beside the tests, with its output collected line by line.
///
/// It leads a process group of its own, which is killed when this value goes away, and the kernel kills it should the
/// tests themselves die. Every wait has a deadline.
public final class ChildProcess: Sendable {
    /// How a process ended.
    public enum ExitStatus: Sendable, Equatable {
        /// By itself, with a code.
        case exited(Int32)
        /// By a signal.
        case signalled(Int32)
    }

    /// One of the two outputs.
    public enum Stream: Sendable {
        case standardOutput
        case standardError
    }

    /// The process id.
    public let pid: Int32

    private let name: String
    private let state: Mutex<State>
    private let changed = NSCondition()

    /// Starts a program.
    ///
    /// The environment is exactly what is given; standard input is a file, an empty one unless told otherwise. The
    /// descriptors of `passed` are its 3, 4 and so on.
    public init(
        _ executable: String,
        arguments: [String] = [],
        environment: [String: String] = [:],
        directory: String = "/",
        input: String = "/dev/null",
        passed: [Int32] = []
    ) throws {
        let output = try Pipe.make()
        let errors = try Pipe.make()
        defer {
            close(output.write)
            close(errors.write)
        }
        let spawning = Spawning(
            executable: executable,
            arguments: arguments,
            environment: environment,
            directory: directory,
            standardInput: input,
            standardOutput: output.write,
            standardError: errors.write,
            passed: passed
        )
        do {
            self.pid = try Spawner.shared.spawn(spawning)
        } catch {
            close(output.read)
            close(errors.read)
            throw error
        }
        self.name = (executable as NSString).lastPathComponent
        self.state = Mutex(State())
        self.collect(output.read, into: .standardOutput)
        self.collect(errors.read, into: .standardError)
        self.reap()
    }

    deinit { self.kill(SIGKILL) }

    /// Runs a program as long as a scope: it is asked to end afterwards, and killed if it does not within 5 s.
    public static func with<Value>(
        _ executable: String,
        arguments: [String] = [],
        environment: [String: String] = [:],
        directory: String = "/",
        passed: [Int32] = [],
        _ body: (ChildProcess) async throws -> Value
    ) async throws -> Value {
        let process = try ChildProcess(
            executable,
            arguments: arguments,
            environment: environment,
            directory: directory,
            passed: passed
        )
        do {
            let value = try await body(process)
            _ = try await process.terminate()
            return value
        } catch {
            _ = try await process.terminate()
            throw error
        }
    }

    /// Everything that came on an output so far.
    public func text(_ stream: Stream) -> String { self.lines(stream).joined(separator: "\n") }

    /// The complete lines that came on an output so far.
    public func lines(_ stream: Stream) -> [String] { self.state.withLock { $0[stream].lines } }

    /// How the process ended, `nil` while it runs.
    public var exitStatus: ExitStatus? { self.state.withLock { $0.exitStatus } }

    /// Sends a signal, if the process still runs.
    public func send(_ signal: Int32) {
        self.state.withLock { state in
            // Not reaped, so the number is still this process's own.
            if state.exitStatus == nil { _ = Glibc.kill(self.pid, signal) }
        }
    }

    /// The first line for which `match` gives a value, those that came already included.
    public func firstMatch<Value: Sendable>(
        on stream: Stream,
        within limit: Duration = .seconds(10),
        _ what: String,
        _ match: @escaping @Sendable (String) -> Value?
    ) async throws -> Value {
        let deadline = Deadline.after(limit)
        return try await onOwnThread {
            var next = 0
            while true {
                let (lines, ended) = self.state.withLock { ($0[stream].lines[next...], $0[stream].isClosed) }
                for line in lines {
                    next += 1
                    if let value = match(line) { return value }
                }
                guard !ended, !deadline.hasPassed else {
                    throw TestFailure(
                        "\(self.name) \(ended ? "ended without" : "did not show in time") \(what)\n\(self.report)"
                    )
                }
                self.waitForChange(from: { $0[stream].lines.count > next || $0[stream].isClosed }, until: deadline)
            }
        }
    }

    /// Waits for the end of the process.
    @discardableResult
    public func waitForExit(within limit: Duration = .seconds(10)) async throws -> ExitStatus {
        try await onOwnThread { try self.waitForExitBlocking(until: .after(limit)) }
    }

    /// Asks the process to end (`SIGTERM`), kills it when it does not within the limit, and waits for its end.
    @discardableResult
    public func terminate(within limit: Duration = .seconds(5)) async throws -> ExitStatus {
        self.send(SIGTERM)
        return try await onOwnThread {
            do {
                return try self.waitForExitBlocking(until: .after(limit))
            } catch {
                self.kill(SIGKILL)
                return try self.waitForExitBlocking(until: .after(.seconds(5)))
            }
        }
    }

    /// The last lines of both outputs, for messages of failures.
    public var report: String {
        let output = self.lines(.standardOutput).suffix(20)
        let error = self.lines(.standardError).suffix(40)
        return (["--- \(self.name) printed"] + output + ["--- and on standard error"] + error)
            .joined(separator: "\n")
    }

    private func waitForExitBlocking(until deadline: Deadline) throws -> ExitStatus {
        while true {
            let status = self.state.withLock { state -> ExitStatus? in
                guard state.output.isClosed, state.error.isClosed else { return nil }
                return state.exitStatus
            }
            if let status { return status }
            if deadline.hasPassed { throw TestFailure("\(self.name) did not end in time\n\(self.report)") }
            self.waitForChange(
                from: { $0.exitStatus != nil && $0.output.isClosed && $0.error.isClosed },
                until: deadline
            )
        }
    }

    /// Kills the whole group: what the process itself has started too.
    private func kill(_ signal: Int32) {
        self.state.withLock { state in
            if state.exitStatus == nil { _ = Glibc.kill(-self.pid, signal) }
        }
    }

    private func waitForChange(from hasCome: (borrowing State) -> Bool, until deadline: Deadline) {
        self.changed.lock()
        defer { self.changed.unlock() }
        if self.state.withLock({ hasCome($0) }) { return }
        _ = self.changed.wait(until: deadline.date)
    }

    private func update(_ body: (inout State) -> Void) {
        self.changed.lock()
        self.state.withLock { body(&$0) }
        self.changed.broadcast()
        self.changed.unlock()
    }

    // The threads hold this value weakly: they end with the process, which the deinitialiser kills.
    private func collect(_ descriptor: Int32, into stream: Stream) {
        Thread.detachNewThread { [weak self] in
            defer { close(descriptor) }
            var buffer = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                let piece = buffer.prefix(count)
                self?.update { $0[stream].append(piece) }
            }
            self?.update { $0[stream].close() }
        }
    }

    private func reap() {
        let pid = self.pid
        Thread.detachNewThread { [weak self] in
            // Waits without reaping first, so that nobody can send a signal to a number that has a new owner.
            var info = siginfo_t()
            while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) < 0, errno == EINTR {}
            guard let self else {
                waitpid(pid, nil, 0)
                return
            }
            self.update { state in
                var status: Int32 = 0
                waitpid(pid, &status, 0)
                let signal = status & 0x7F
                state.exitStatus = signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
            }
        }
    }
}

extension ChildProcess {
    /// What is known of the process.
    private struct State {
        var output = Collected()
        var error = Collected()
        var exitStatus: ExitStatus?

        subscript(stream: Stream) -> Collected {
            get { stream == .standardOutput ? self.output : self.error }
            _modify {
                switch stream {
                case .standardOutput: yield &self.output
                case .standardError: yield &self.error
                }
            }
        }
    }

    /// The lines of one output, up to a bound.
    private struct Collected {
        static let limit = 200_000

        var lines: [String] = []
        var isClosed = false
        private var rest: [UInt8] = []

        mutating func append(_ bytes: ArraySlice<UInt8>) {
            self.rest += bytes
            while let end = self.rest.firstIndex(of: 0x0A) {
                self.add(self.rest[..<end])
                self.rest.removeFirst(end + 1)
            }
        }

        mutating func close() {
            if !self.rest.isEmpty { self.add(self.rest[...]) }
            self.rest = []
            self.isClosed = true
        }

        private mutating func add(_ line: ArraySlice<UInt8>) {
            if self.lines.count < Self.limit { self.lines.append(String(decoding: line, as: UTF8.self)) }
        }
    }
}
