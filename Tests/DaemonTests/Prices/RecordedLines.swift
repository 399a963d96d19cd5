import Logging
import Synchronization

/// Keeps what is logged.
final class RecordedLines: Sendable {
    private let kept = Mutex<[String]>([])

    /// The events in order.
    var events: [String] { self.kept.withLock(\.self) }

    /// A handler that keeps the events here.
    var handler: some LogHandler { Handler(lines: self) }

    private func add(_ event: String) { self.kept.withLock { $0.append(event) } }

    private struct Handler: LogHandler {
        let lines: RecordedLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            self.lines.add(event.metadata?["event"].map { "\($0)" } ?? "")
        }
    }
}
