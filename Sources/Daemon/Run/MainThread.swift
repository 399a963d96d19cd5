import Glibc

/// The thread that the process begins with.
///
/// An asynchronous `main` would end it as soon as something is waited for: its stack would be unwound, for which a mebibyte of
/// tables is read that nothing else needs.
enum MainThread {
    /// Blocks signals in this thread, and in those that it starts.
    ///
    /// Those with a meaning are read from a descriptor, for which no thread may take them, and the kernel drops one that is
    /// ignored unless this thread blocks it. Errors of the program and the keys of a terminal that quit and stop it are left.
    static func blockSignals() {
        var signals = sigset_t()
        sigfillset(&signals)
        for number in [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGQUIT, SIGTSTP] {
            sigdelset(&signals, number)
        }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// Waits until the process ends.
    static func rest() -> Never {
        while true { pause() }
    }
}
