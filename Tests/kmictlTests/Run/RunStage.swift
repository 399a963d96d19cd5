import DBusControl
import Synchronization

@testable import kmictl

/// Stands for the command of `kmictl run`.
final class RecordedChildren: ChildSupervision {
    struct State {
        var hasBegun = false
        var started: ChildProgram?
        var environment: [String] = []
        var end: ProcessEnd?
        var endingSignal: Int32?
        /// Whether the signal comes early enough to cancel what is waited for.
        var cancels = false
        /// What becomes of the command.
        var result: Result<ProcessEnd, StartFailure> = .success(.exited(0))
        /// What the daemon knows by the time the command runs.
        var duringRun: @Sendable () -> Void = {}
    }

    private let state = Mutex(State())

    func with<Value: Sendable>(_ body: (inout State) -> sending Value) -> Value { self.state.withLock { body(&$0) } }

    /// As with processes, an ending signal cancels what is waited for.
    func wait<Value: Sendable>(for body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let work = Task {
            if self.endingSignal != nil, self.with({ $0.cancels }) { withUnsafeCurrentTask { $0?.cancel() } }
            return try await body()
        }
        return try await work.value
    }

    func begin() { self.with { $0.hasBegun = true } }
    var endingSignal: Int32? { self.with { $0.endingSignal } }

    func run(_ program: ChildProgram, environment: [[UInt8]]) -> Result<ProcessEnd, StartFailure> {
        self.with { $0.duringRun }()
        return self.with { state in
            state.started = program
            state.environment = environment.map { String(decoding: $0, as: UTF8.self) }
            return state.result
        }
    }

    func end(like end: ProcessEnd) { self.with { $0.end = end } }
}

/// Runs `kmictl run` and `kmictl env` without a bus and without a process.
struct RunStage {
    let daemon = FakeDaemon()
    let children = RecordedChildren()
    var environment = ["PATH=/usr/bin:/bin"]
    /// What connecting behind the first time fails with, that many times.
    var failures: [ControlClientError] = []
    var isFull = false

    init() {
        self.daemon.with {
            $0.manager.listeners = ["unix:/run/user/1000/kmi/proxy.sock", "http://127.0.0.1:7878"]
            $0.manager.activeKey = ""
        }
    }

    func kmictl(_ words: String...) async throws -> RunResult {
        let output = RecordedOutput(isFull: self.isFull)
        let daemon = self.daemon
        let environment = self.environment
        let failures = Mutex(self.failures)
        let surroundings = Surroundings(
            terminal: .none, output: output, now: { Samples.now }, zone: .hoursEast(0),
            connect: { (_, _) async throws(ControlClientError) in
                let failure = failures.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                if let failure { throw failure }
                return daemon
            },
            connectStarting: { (_, _) async throws(ControlClientError) in
                daemon.with { $0.asked.append("may start") }
                return daemon
            },
            children: self.children,
            environment: { environment.map { Array($0.utf8) } }
        )
        let status = await CommandRun(surroundings: surroundings).run(words)
        return RunResult(status: status, output: output.standardOutput, errors: output.standardError)
    }
}
