import Dispatch
import Glibc
import Synchronization

/// Runs a command in the place of this process, as far as a process can.
///
/// Both are in one process group, so that whatever the terminal sends, it sends to both: Ctrl-C, Ctrl-Z, a change of size.
/// This process waits; what other processes send to it, it passes on; when the command stops it stops, and when the
/// command has ended it ends in the same way.
final class ProcessSupervision: ChildSupervision {
    /// Those that end programs and those that programs react to.
    ///
    /// They are held back in all threads and fetched one by one: no handler, so that nothing has to be safe in one.
    private static let signals = [
        SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGWINCH, SIGCHLD,
    ]

    private struct Before {
        var mask = sigset_t()
        var defaults: [Int32] = [SIGCHLD]
    }

    private let before = Mutex<Before>(Before())

    func begin() {
        var held = Self.set(of: Self.signals)
        self.before.withLock { before in
            pthread_sigmask(SIG_BLOCK, &held, &before.mask)
            // The connection to the bus ignores it, which the command must not inherit.
            if !Self.isIgnored(SIGPIPE) { before.defaults.append(SIGPIPE) }
        }
        // Where it is ignored nobody could wait for the command.
        signal(SIGCHLD, SIG_DFL)
    }

    /// Blocks the thread, which is the process's first one.
    ///
    /// Were it given away, the runtime would let it wait for any signal at all (`dispatch_main`), so that those which are
    /// held back would end the process there. Threads that begin later hold them back, as threads of Dispatch do anyway.
    ///
    /// A signal that ends programs cancels what is waited for, and stays pending, so that it can be looked at afterwards.
    func wait<Value: Sendable>(for body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let answer = Answer<Value>()
        let work = Task.detached {
            do { answer.set(.success(try await body())) } catch { answer.set(.failure(error)) }
        }
        while true {
            if let result = answer.wait(for: Self.pause) { return try result.get() }
            if self.endingSignal != nil { break }
        }
        work.cancel()
        guard let result = answer.wait(for: Self.patience) else { throw CancellationError() }
        return try result.get()
    }

    /// How often ending signals are looked for while something is waited for.
    private static let pause = DispatchTimeInterval.milliseconds(20)
    /// How long something that has been cancelled may take: more than ``Lingering/grace``.
    private static let patience = DispatchTimeInterval.seconds(3)

    private final class Answer<Value: Sendable>: Sendable {
        private let result = Mutex<Result<Value, any Error>?>(nil)
        private let isThere = DispatchSemaphore(value: 0)

        func set(_ result: Result<Value, any Error>) {
            self.result.withLock { $0 = result }
            self.isThere.signal()
        }

        /// The answer; `nil` if it does not come in time.
        func wait(for time: DispatchTimeInterval) -> Result<Value, any Error>? {
            guard self.isThere.wait(timeout: .now() + time) == .success else { return nil }
            return self.result.withLock { $0 }
        }
    }

    var endingSignal: Int32? {
        var pending = sigset_t()
        sigpending(&pending)
        return [SIGHUP, SIGINT, SIGQUIT, SIGTERM].first { sigismember(&pending, $0) == 1 && !Self.isIgnored($0) }
    }

    func run(_ program: ChildProgram, environment: [[UInt8]]) -> Result<ProcessEnd, StartFailure> {
        var code: Int32
        var child: pid_t = 0
        code = self.spawn(program, environment, &child)
        if code == ENOEXEC { code = self.spawn(program.withShell, environment, &child) }
        guard code == 0 else {
            let name = SafeText.line(String(decoding: program.words.first ?? [], as: UTF8.self))
            // The file is there: what is missing is the interpreter that it names.
            let reason = code == ENOENT ? "its interpreter is missing" : SystemText.of(code)
            return .failure(StartFailure(end: .notExecutable, message: "cannot start \(name): \(reason)."))
        }
        return .success(self.wait(for: child))
    }

    func end(like end: ProcessEnd) {
        switch end {
        case .exited(let status): exit(status)
        case .signalled(let number):
            // The command has left its memory behind already, if that is wanted.
            var none = rlimit()
            setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
            signal(number, SIG_DFL)
            var only = Self.set(of: [number])
            pthread_sigmask(SIG_UNBLOCK, &only, nil)
            kill(getpid(), number)
            // Another thread may be the one that it ends with; where it does not end anything, shells have a number for it.
            var time = timespec(tv_sec: 1, tv_nsec: 0)
            nanosleep(&time, nil)
            exit(128 + number)
        }
    }

    // MARK: Starting

    private func spawn(_ program: ChildProgram, _ environment: [[UInt8]], _ child: inout pid_t) -> Int32 {
        var attributes = posix_spawnattr_t()
        let problem = posix_spawnattr_init(&attributes)
        guard problem == 0 else { return problem }
        defer { posix_spawnattr_destroy(&attributes) }
        self.before.withLock { before in
            var defaults = Self.set(of: before.defaults)
            posix_spawnattr_setsigmask(&attributes, &before.mask)
            posix_spawnattr_setsigdefault(&attributes, &defaults)
        }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        return CStringList.with(program.words) { words in
            CStringList.with(environment) { environment in
                CStringList.with([program.path]) { path in
                    guard let file = path.pointee else { return EINVAL }
                    return posix_spawn(&child, file, nil, &attributes, words, environment)
                }
            }
        }
    }

    // MARK: Waiting

    /// As long as the command takes: nothing but the command knows how long that is.
    private func wait(for child: pid_t) -> ProcessEnd {
        var signals = Self.set(of: Self.signals)
        while true {
            if let end = self.end(of: child) {
                self.forgetSignals()
                return end
            }
            var info = siginfo_t()
            let number = sigwaitinfo(&signals, &info)
            // What the terminal sends reaches the command without us, and what it sends itself it knows of.
            let isFromProcess = info.si_code <= 0 && info._sifields._kill.si_pid != child
            if number > 0, number != SIGCHLD, isFromProcess { kill(child, number) }
        }
    }

    /// How the command has ended, if it has; where it has stopped, this process stops as well.
    private func end(of child: pid_t) -> ProcessEnd? {
        var status: Int32 = 0
        while true {
            let number = waitpid(child, &status, WNOHANG | WUNTRACED)
            if number == 0 { return nil }
            if number < 0 {
                if errno == EINTR { continue }
                // Nobody else waits for it.
                return .notExecutable
            }
            // The macros of wait(2).
            let (low, high) = (status & 0x7F, (status >> 8) & 0xFF)
            if status & 0xFF == 0x7F {
                self.stop(by: high)
            } else {
                return low == 0 ? .exited(high) : .signalled(low)
            }
        }
    }

    /// Stops this process, until the shell lets it go on, so that the shell sees that the command has stopped.
    ///
    /// By a signal that does nothing where no shell is there to let it go on.
    private func stop(by number: Int32) {
        let number = number == SIGSTOP ? SIGTSTP : number
        var only = Self.set(of: [number])
        kill(getpid(), number)
        pthread_sigmask(SIG_UNBLOCK, &only, nil)
        pthread_sigmask(SIG_BLOCK, &only, nil)
    }

    /// What came while the command ended was meant for the command.
    private func forgetSignals() {
        var signals = Self.set(of: Self.signals)
        var now = timespec()
        while sigtimedwait(&signals, nil, &now) > 0 {}
    }

    private static func set(of numbers: [Int32]) -> sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in numbers { sigaddset(&signals, number) }
        return signals
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        // Function pointers cannot be compared: SIG_IGN is the address 1.
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}
