import Logging
import ProxyCore
import Synchronization

/// How log lines look.
enum LogStyle: Sendable {
    /// For people at a terminal.
    case text
    /// One JSON object a line, for everything that reads logs.
    case json
}

/// What all handlers share, and a reload may change.
final class LogOutput: Sendable {
    private struct State {
        var level: Logger.Level
        var limiter: LogLimiter
        /// Whether somebody looks at the limiter when its next interval ends.
        var isAwaited = false
    }

    private let sink: LogSink
    private let writer: any LogWriter
    private let time: any TimeSource
    private let state: Mutex<State>

    /// Makes an output.
    ///
    /// - Parameters:
    ///   - writer: Writes the entries, on a thread of its own.
    ///   - level: The least severe level that is written.
    ///   - limits: How often the same is written.
    ///   - time: What entries and limits go by.
    init(
        _ writer: any LogWriter, level: Logger.Level, limits: LogLimiter.Terms = LogLimiter.Terms(),
        time: any TimeSource = SystemTime()
    ) {
        self.writer = writer
        self.time = time
        self.state = Mutex(State(level: level, limiter: LogLimiter(limits)))
        self.sink = LogSink(writer: writer, time: time)
    }

    /// The least severe level that is written.
    var minimumLevel: Logger.Level {
        get { self.state.withLock { $0.level } }
        set { self.state.withLock { $0.level = newValue } }
    }

    /// Where entries go, at present.
    var target: LogTarget { self.writer.target }

    /// A logger that writes here.
    func logger(label: String) -> Logger {
        Logger(label: label) { _ in OutputLogHandler(output: self) }
    }

    /// Takes an entry: nothing here waits.
    func write(_ event: LogEvent, _ fields: Logger.Metadata) {
        let record = LogRecord(
            event.level, "\(event.message)", fields, at: self.time.wallTime(), file: event.file,
            function: event.function, line: event.line)
        guard let subject = LogLimiter.Subject(record) else { return self.sink.write(record) }
        let now = self.time.now()
        let (isWritten, begins, over) = self.state.withLock { state in
            let over = state.limiter.ended(at: now)
            let isWritten = state.limiter.admit(subject, record.level, at: now)
            let begins = !isWritten && !state.isAwaited
            if begins { state.isAwaited = true }
            return (isWritten, begins, over)
        }
        over.forEach(self.tell)
        if isWritten { self.sink.write(record) }
        if begins { self.awaitEnd() }
    }

    /// Tells what was held back, and waits until everything is out, but no longer than a second.
    func flush() {
        self.state.withLock { $0.limiter.close() }.forEach(self.tell)
        self.sink.flush()
    }

    /// Looks at the limiter again when its next interval ends, so that what it holds back is told although nothing follows.
    private func awaitEnd() {
        let now = self.time.now()
        let (over, wait) = self.state.withLock { state in
            let over = state.limiter.ended(at: now)
            let wait = state.limiter.nextEnd.map { $0 - now }
            state.isAwaited = wait != nil
            return (over, wait)
        }
        over.forEach(self.tell)
        if let wait { self.sink.after(wait) { [weak self] in self?.awaitEnd() } }
    }

    private func tell(_ held: LogLimiter.Held) {
        var fields: Logger.Metadata = [
            "event": "log_suppressed", "suppressed": "\(held.subject.event)", "count": "\(held.count)",
        ]
        for thing in held.subject.things { fields[thing.name] = "\(thing.value)" }
        self.sink.write(
            LogRecord(held.level, "the same was not written again", fields, at: self.time.wallTime()))
    }
}
