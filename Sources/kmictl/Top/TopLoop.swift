import DBusControl
import Dispatch
import Glibc

/// The thread that a live view is drawn on: it waits for keys, signals, news and the time, and shows what they come to.
struct TopLoop: Sendable {
    let invocation: Invocation
    let inbox: TopInbox
    /// So often a picture is drawn where nobody presses anything.
    let interval: Duration

    /// Draws until a person or a signal ends it, or until the task is cancelled; the terminal is as before then.
    func run() async throws {
        let inbox = self.inbox
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                // A serial queue has a thread of its own for as long as this runs.
                DispatchQueue(label: "kmictl top").async {
                    continuation.resume(with: Result { try self.draw() })
                }
            }
        } onCancel: {
            inbox.finish()
        }
    }

    private func draw() throws {
        let terminal = try TopTerminal(input: self.invocation.surroundings.input, output: STDOUT_FILENO)
        let signals = TopSignals(writingTo: self.inbox.signals)
        defer { signals.end() }
        defer { terminal.leave() }
        try terminal.enter()
        var view = TopDrawing(model: TopModel(size: terminal.size), invocation: self.invocation)
        var due = ContinuousClock.now
        while !view.model.isFinished {
            if ContinuousClock.now >= due {
                view.take(.tick)
                due = ContinuousClock.now.advanced(by: self.interval)
            }
            view.show(on: terminal)
            try self.wait(for: terminal, until: due, isTyping: view.isTyping)
            guard try self.takeSignals(and: &view, terminal), view.takeKeys(from: terminal) else { return }
        }
    }

    /// Takes in what came from elsewhere; false if that ends the view.
    private func takeSignals(and view: inout TopDrawing, _ terminal: TopTerminal) throws -> Bool {
        let contents = self.inbox.take()
        for event in contents.events { view.take(event) }
        guard !contents.isClosed, contents.signals.isDisjoint(with: TopSignals.ending) else { return false }
        if contents.signals.contains(SIGTSTP) {
            terminal.leave()
            TopSignals.stop()
        }
        if !contents.signals.isDisjoint(with: [SIGTSTP, SIGCONT]) {
            // Whoever had the terminal in between has used it as usual.
            try terminal.enter()
            view.resize(to: terminal.size)
        } else if contents.signals.contains(SIGWINCH) {
            view.resize(to: terminal.size)
        }
        return true
    }

    private func wait(for terminal: TopTerminal, until due: ContinuousClock.Instant, isTyping: Bool) throws {
        let left = ContinuousClock.now.duration(to: due).components
        let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000 + 1
        let limit = isTyping ? TopKeyDecoder.patience : CInt(clamping: max(0, milliseconds))
        var entries = [
            pollfd(fd: terminal.input, events: Int16(POLLIN), revents: 0),
            pollfd(fd: self.inbox.readiness, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&entries, nfds_t(entries.count), limit) >= 0 || errno == EINTR else {
            throw CommandFailure(.failed, code: "terminal", "cannot wait for the terminal: \(SystemText.of(errno))")
        }
    }
}

/// What is drawn, and what the terminal shows of it.
private struct TopDrawing {
    private(set) var model: TopModel
    private let invocation: Invocation
    private var decoder = TopKeyDecoder()
    /// When the last byte of a key that may be unfinished came.
    private var typedAt = ContinuousClock.now
    private var painter = TopPainter()
    /// Whether something has happened that is to be seen at once.
    private var isDue = true

    init(model: TopModel, invocation: Invocation) {
        self.model = model
        self.invocation = invocation
    }

    /// Whether a key may be unfinished.
    var isTyping: Bool { self.decoder.isWaiting }

    mutating func take(_ event: TopEvent) {
        self.model.take(event, now: self.invocation.now)
        switch event {
        // They are shown with the next picture, however many they are.
        case .finished, .missed: break
        default: self.isDue = true
        }
    }

    mutating func resize(to size: TopSize) {
        self.painter.forget()
        self.take(.resized(size))
    }

    /// Takes in what was typed; false if the terminal is gone.
    mutating func takeKeys(from terminal: TopTerminal) -> Bool {
        guard let bytes = terminal.read() else { return false }
        let now = ContinuousClock.now
        var keys = self.decoder.take(bytes)
        if !bytes.isEmpty { self.typedAt = now }
        // An unfinished key that has had its time is what came of it.
        if self.typedAt.duration(to: now) >= .milliseconds(Int(TopKeyDecoder.patience)) {
            keys += self.decoder.runOut()
        }
        for key in keys { self.take(.key(key)) }
        return true
    }

    mutating func show(on terminal: TopTerminal) {
        guard self.isDue else { return }
        self.isDue = false
        let lines = TopScreen(model: self.model, style: self.invocation.style).lines
        let bytes = self.painter.paint(lines)
        // Nobody knows what of it is to be seen; the next picture is a whole one.
        if !bytes.isEmpty, !terminal.write(bytes) { self.painter.forget() }
    }
}
