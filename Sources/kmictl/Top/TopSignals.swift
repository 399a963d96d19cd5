import Glibc
import Synchronization

/// The signals that a full-screen program has to hear, so that the terminal is never left as it needs it.
///
/// They are heard by handlers, not by `signalfd(2)`, which would need every thread to hold them back: the first thread of a
/// program with concurrency waits in `sigsuspend(2)` and takes whatever comes.
struct TopSignals {
    /// Those that end the program.
    static let ending: Set<CInt> = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]
    private static let heard = Self.ending.union([SIGTSTP, SIGCONT, SIGWINCH])

    private let former: [(number: CInt, action: sigaction)]

    /// Lets their numbers be written to a descriptor that does not wait, one byte each.
    ///
    /// One such value can be there at a time.
    init(writingTo descriptor: CInt) {
        signalDescriptor.store(descriptor, ordering: .sequentiallyConsistent)
        self.former = Self.heard.map { number in
            var former = sigaction()
            var action = Self.action
            sigaction(number, &action, &former)
            return (number, former)
        }
    }

    /// Gives them back.
    func end() {
        for (number, action) in self.former {
            var action = action
            sigaction(number, &action, nil)
        }
        signalDescriptor.store(-1, ordering: .sequentiallyConsistent)
    }

    /// Stops the process as `SIGTSTP` does by itself; returns when it goes on.
    ///
    /// Where nobody could let it go on, the system does not stop it, and it returns at once.
    static func stop() {
        var stopping = sigset_t()
        sigemptyset(&stopping)
        sigaddset(&stopping, SIGTSTP)
        var before = sigset_t()
        var usual = sigaction()
        usual.__sigaction_handler.sa_handler = SIG_DFL
        sigaction(SIGTSTP, &usual, nil)
        pthread_sigmask(SIG_UNBLOCK, &stopping, &before)
        raise(SIGTSTP)
        pthread_sigmask(SIG_SETMASK, &before, nil)
        var action = Self.action
        sigaction(SIGTSTP, &action, nil)
    }

    private static var action: sigaction {
        var action = sigaction()
        action.sa_flags = SA_RESTART
        // Nothing but what a handler may call (signal-safety(7)).
        action.__sigaction_handler.sa_handler = { number in
            let failure = errno
            var byte = UInt8(truncatingIfNeeded: number)
            _ = write(signalDescriptor.load(ordering: .relaxed), &byte, 1)
            errno = failure
        }
        return action
    }
}

/// Where a handler writes to, which has nothing but globals; made before the first handler is in force.
private let signalDescriptor = Atomic<CInt>(-1)
