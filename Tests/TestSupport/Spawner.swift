import Foundation
import Synchronization

/// What a new process gets.
struct Spawning: Sendable {
    var executable: String
    var arguments: [String]
    var environment: [String: String]
    var directory: String
    var standardInput: String
    var standardOutput: Int32
    var standardError: Int32
    /// Descriptors that the process gets as 3, 4 and so on.
    var passed: [Int32] = []
}

/// Starts processes from one thread that never ends.
///
/// The kernel's "kill the child when its parent dies" (`PR_SET_PDEATHSIG`) means the parent's *thread*.
final class Spawner: Sendable {
    static let shared = Spawner()

    private struct Job: Sendable {
        var spawning: Spawning
        var result: @Sendable (Result<Int32, TestFailure>) -> Void
    }

    private let jobs = Mutex<[Job]>([])
    private let changed = NSCondition()

    private init() {
        Thread.detachNewThread { self.run() }
    }

    /// Starts a process and returns its id.
    func spawn(_ spawning: Spawning) throws -> Int32 {
        let answer = Answer()
        let done = DispatchSemaphore(value: 0)
        self.changed.lock()
        self.jobs.withLock {
            $0.append(
                Job(spawning: spawning) { result in
                    answer.value.withLock { $0 = result }
                    done.signal()
                }
            )
        }
        self.changed.signal()
        self.changed.unlock()
        guard done.wait(timeout: .now() + 10) == .success, let result = answer.value.withLock({ $0 }) else {
            throw TestFailure("\(spawning.executable) could not be started within 10 s")
        }
        return try result.get()
    }

    private final class Answer: Sendable {
        let value = Mutex<Result<Int32, TestFailure>?>(nil)
    }

    private func run() {
        while true {
            self.changed.lock()
            while self.jobs.withLock({ $0.isEmpty }) { self.changed.wait() }
            self.changed.unlock()
            let job = self.jobs.withLock { $0.removeFirst() }
            job.result(Self.start(job.spawning))
        }
    }

    private static func start(_ spawning: Spawning) -> Result<Int32, TestFailure> {
        guard FileManager.default.isExecutableFile(atPath: spawning.executable) else {
            return .failure(TestFailure("\(spawning.executable) is not a program"))
        }
        var command = ["/usr/bin/env", "--chdir=\(spawning.directory)", spawning.executable] + spawning.arguments
        // util-linux; without it only a crash of the tests themselves can leave something behind.
        if let setpriv = Tools.path(of: "setpriv") { command = [setpriv, "--pdeathsig", "KILL", "--"] + command }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, spawning.standardInput, O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, spawning.standardOutput, 1)
        posix_spawn_file_actions_adddup2(&actions, spawning.standardError, 2)
        // Not every socket of this process is closed on exec. A child that holds a copy would keep listeners and
        // connections of other tests open after they were closed here.
        // Those beyond are more than the tests ever have; closing what is not open is no error here.
        let passed = spawning.passed.map { fcntl($0, F_DUPFD_CLOEXEC, 1024) }
        defer { for descriptor in passed where descriptor >= 0 { close(descriptor) } }
        guard !passed.contains(where: { $0 < 0 }) else { return .failure(TestFailure("cannot pass a descriptor")) }
        for (index, descriptor) in passed.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(3 + index))
        }
        for descriptor in Int32(3 + passed.count)..<1024 { posix_spawn_file_actions_addclose(&actions, descriptor) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var pid: pid_t = 0
        let code = Self.withPointers(command) { arguments in
            Self.withPointers(spawning.environment.map { "\($0)=\($1)" }) { environment in
                posix_spawn(&pid, command[0], &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else { return .failure(TestFailure("cannot start \(spawning.executable): errno \(code)")) }
        return .success(pid)
    }

    /// The texts as a C array of C strings that ends with a null pointer.
    private static func withPointers<Value>(
        _ texts: [String],
        _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Value
    ) -> Value {
        var pointers: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { buffer in
            // Never empty: the null pointer is always there.
            body(buffer.baseAddress!)
        }
    }
}

/// The two ends of a pipe(2), both closed on exec.
struct Pipe {
    var read: Int32
    var write: Int32

    static func make() throws -> Pipe {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw TestFailure("pipe: errno \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return Pipe(read: ends[0], write: ends[1])
    }
}
