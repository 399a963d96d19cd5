import Dispatch
import Glibc

/// The signals that a full-screen program has to hear, so that the terminal is never left as it needs it.
struct TopSignals {
    /// Those that end it.
    static let ending: Set<CInt> = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]
    private static let heard = Self.ending.union([SIGTSTP, SIGCONT, SIGWINCH])

    private let sources: [any DispatchSourceSignal]

    /// Holds them back, for the calling thread and every one that it makes.
    ///
    /// To be called while the process has one thread: a signal goes to any thread that takes it, and would end the process.
    static func hold() {
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in Self.heard { sigaddset(&signals, number) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// Tells of those that come from now on, and of those that were held back.
    init(to inbox: TopInbox) {
        self.sources = Self.heard.map { number in
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { inbox.put(signal: number) }
            source.resume()
            return source
        }
    }

    /// Tells of no more.
    func end() {
        for source in self.sources { source.cancel() }
    }

    /// Stops the process as `SIGTSTP` does by itself; returns when it goes on.
    ///
    /// Where nobody could let it go on, the system does not stop it, and it returns at once.
    static func stop() {
        var stopping = sigset_t()
        sigemptyset(&stopping)
        sigaddset(&stopping, SIGTSTP)
        var before = sigset_t()
        pthread_sigmask(SIG_UNBLOCK, &stopping, &before)
        raise(SIGTSTP)
        pthread_sigmask(SIG_SETMASK, &before, nil)
    }
}
