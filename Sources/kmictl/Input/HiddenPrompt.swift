import Glibc

/// Asks at a terminal without showing what is typed, and leaves the terminal as it was, whatever happens.
struct HiddenPrompt {
    private static let ending = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    /// What is around, its input a terminal.
    let surroundings: Surroundings

    private var input: CInt { self.surroundings.input }

    /// Asks, and lets `read` take the answer.
    ///
    /// Signals that end the process do so after the terminal has its echo again.
    func ask<Answer>(_ question: String, _ read: () throws(CommandFailure) -> Answer) throws(CommandFailure) -> Answer {
        var before = termios()
        guard tcgetattr(self.input, &before) == 0 else { throw Self.failed(errno) }
        var hidden = before
        hidden.c_lflag &= ~tcflag_t(ECHO)
        hidden.c_lflag |= tcflag_t(ECHONL)

        // The process has one thread at this time, so that its mask is the process's.
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in Self.ending + [SIGTSTP] { sigaddset(&signals, number) }
        var former = sigset_t()
        pthread_sigmask(SIG_BLOCK, &signals, &former)
        defer {
            tcsetattr(self.input, TCSAFLUSH, &before)
            // A signal that came in the meantime ends the process here.
            pthread_sigmask(SIG_SETMASK, &former, nil)
        }
        guard tcsetattr(self.input, TCSAFLUSH, &hidden) == 0 else { throw Self.failed(errno) }
        self.surroundings.output.prompt(question)
        try self.waitForAnswer()
        return try read()
    }

    /// Waits for a line, or for a signal that is held back.
    private func waitForAnswer() throws(CommandFailure) {
        while true {
            var entry = pollfd(fd: self.input, events: Int16(POLLIN), revents: 0)
            let count = poll(&entry, 1, 100)
            if count > 0 { return }
            if count < 0, errno != EINTR { throw Self.failed(errno) }
            var pending = sigset_t()
            sigpending(&pending)
            if Self.ending.contains(where: { sigismember(&pending, $0) == 1 }) {
                throw CommandFailure(.failed, code: "interrupted", "interrupted")
            }
        }
    }

    private static func failed(_ code: CInt) -> CommandFailure {
        CommandFailure(.failed, code: "input", "cannot ask at the terminal: \(SystemText.of(code))")
    }
}
