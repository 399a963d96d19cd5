import Logging
import Synchronization

/// A log that keeps its lines with an event.
final class RecordedEvents: Sendable {
    /// A line.
    struct Line: Sendable {
        let level: Logger.Level
        let fields: [String: String]
    }

    private let state = Mutex<[Line]>([])

    /// A logger that writes here, at all levels.
    var logger: Logger { Logger(label: "test") { _ in Handler(events: self) } }

    /// The lines of an event from a level on, in their order.
    func lines(_ event: String, from level: Logger.Level = .notice) -> [Line] {
        self.state.withLock { $0.filter { $0.fields["event"] == event && $0.level >= level } }
    }

    private struct Handler: LogHandler {
        let events: RecordedEvents
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = self.metadata.merging(event.metadata ?? [:]) { $1 }.mapValues { "\($0)" }
            self.events.state.withLock { $0.append(Line(level: event.level, fields: fields)) }
        }
    }
}
