import Glibc

/// A terminal as a full-screen program needs it, and as it was before.
///
/// Belongs to one thread. Whoever enters it leaves it again, on every way out; leaving twice is harmless.
final class TopTerminal {
    /// The longest wait for a terminal that takes nothing, such as one at the end of a broken line.
    private static let patience = Duration.seconds(2)
    /// The longest that it is waited for at a time, in milliseconds.
    private static let pause: CInt = 100
    /// What fits into a terminal that says that it takes something, where writing cannot be made not to wait.
    private static let piece = 256

    // The other screen, no cursor, and nothing that is too long goes on in the next line.
    private static let entering = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l\u{1B}[0m\u{1B}[2J"
    private static let leaving = "\u{1B}[0m\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

    let input: CInt
    private let output: CInt
    private let isOwnOutput: Bool
    private let before: termios
    private var isEntered = false

    /// Takes a terminal; nothing changes yet.
    init(input: CInt, output: CInt) throws(CommandFailure) {
        var before = termios()
        guard tcgetattr(input, &before) == 0 else { throw Self.failed(errno) }
        self.input = input
        self.before = before
        // Opened once more: whether writing waits is a matter of the opening, which is shared with the shell else.
        let own = open("/proc/self/fd/\(output)", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        self.isOwnOutput = own >= 0
        self.output = own >= 0 ? own : output
    }

    deinit {
        self.leave()
        if self.isOwnOutput { close(self.output) }
    }

    /// How many cells it has.
    var size: TopSize {
        var size = winsize()
        guard ioctl(self.output, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return .usual }
        return TopSize(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }

    /// Turns to the other screen, without a cursor, and gets every key at once; signals keep their keys.
    func enter() throws(CommandFailure) {
        var raw = self.before
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | IEXTEN)
        raw.c_lflag |= tcflag_t(ISIG)
        raw.c_iflag &= ~tcflag_t(IXON | ICRNL | INLCR | IGNCR | ISTRIP)
        // One byte is enough for a reader, at once.
        withUnsafeMutableBytes(of: &raw.c_cc) { controls in
            controls[Int(VMIN)] = 1
            controls[Int(VTIME)] = 0
        }
        guard tcsetattr(self.input, TCSANOW, &raw) == 0 else { throw Self.failed(errno) }
        self.isEntered = true
        _ = self.write(Array(Self.entering.utf8))
    }

    /// Makes everything as it was.
    func leave() {
        guard self.isEntered else { return }
        self.isEntered = false
        // A terminal that takes nothing any more shows nothing either; its modes are set all the same.
        _ = self.write(Array(Self.leaving.utf8))
        var before = self.before
        tcsetattr(self.input, TCSANOW, &before)
    }

    /// What has been typed, not waiting for it; `nil` if nothing will be any more.
    func read() -> [UInt8]? {
        var entry = pollfd(fd: self.input, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, 0) > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = Glibc.read(self.input, &bytes, bytes.count)
        if count < 0 { return errno == EINTR || errno == EAGAIN ? [] : nil }
        return count == 0 ? nil : Array(bytes.prefix(count))
    }

    /// Writes bytes; false if the terminal did not take all of them in time, or is gone.
    func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        let deadline = ContinuousClock.now.advanced(by: Self.patience)
        while !rest.isEmpty {
            let piece = self.isOwnOutput ? rest : rest.prefix(Self.piece)
            if !self.isOwnOutput, !self.isTaking() {
                guard ContinuousClock.now < deadline else { return false }
                continue
            }
            let count = piece.withUnsafeBytes { Glibc.write(self.output, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                guard ContinuousClock.now < deadline else { return false }
                _ = self.isTaking()
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }

    /// Waits a moment for the terminal to take something.
    private func isTaking() -> Bool {
        var entry = pollfd(fd: self.output, events: Int16(POLLOUT), revents: 0)
        return poll(&entry, 1, Self.pause) > 0
    }

    private static func failed(_ code: CInt) -> CommandFailure {
        CommandFailure(.failed, code: "terminal", "cannot use the terminal: \(SystemText.of(code))")
    }
}
