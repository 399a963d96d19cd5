import Foundation
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
    let sink: LogSink
    let style: LogStyle
    /// Where lines go.
    let target: LogTarget
    private let level: Mutex<Logger.Level>

    init(style: LogStyle, level: Logger.Level, target: LogTarget = .console) {
        self.style = style
        self.target = target
        self.level = Mutex(level)
        self.sink = LogSink { dropped in
            LogLine(style: style).render(
                level: .warning, message: "log lines dropped", fields: ["count": "\(dropped)"], at: Date())
        }
    }

    /// The least severe level that is written.
    var minimumLevel: Logger.Level {
        get { self.level.withLock { $0 } }
        set { self.level.withLock { $0 = newValue } }
    }

    /// A logger that writes here.
    func logger(label: String) -> Logger {
        Logger(label: label) { _ in LineLogHandler(output: self) }
    }
}

/// Writes each entry as one line: a constant message, and its data as fields.
struct LineLogHandler: LogHandler {
    let output: LogOutput
    var metadata: Logger.Metadata = [:]

    var logLevel: Logger.Level {
        get { self.output.minimumLevel }
        set { self.output.minimumLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = event.metadata.map { self.metadata.merging($0) { $1 } } ?? self.metadata
        let line = LogLine(style: self.output.style).render(
            level: event.level, message: "\(event.message)", fields: fields, at: Date())
        self.output.sink.write(line)
    }
}

/// The form of a line.
struct LogLine: Sendable {
    let style: LogStyle

    /// Renders an entry.
    ///
    /// Control characters of values are escaped, so that no value can begin a line or move a cursor (A-005).
    func render(level: Logger.Level, message: String, fields: Logger.Metadata, at date: Date) -> String {
        let time = WallTime(microseconds: Int64(date.timeIntervalSince1970 * 1_000_000)).rfc3339Milliseconds
        switch self.style {
        case .json:
            var json = JSONWriter(reservingCapacity: 256)
            json.raw(#"{"time":"#)
            json.string(time)
            json.raw(#","level":"#)
            json.string(level.rawValue)
            json.raw(#","message":"#)
            json.raw(LogText.literal(message))
            for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
                json.raw(",")
                json.raw(LogText.literal(name))
                json.raw(":")
                json.raw(LogText.literal("\(value)"))
            }
            json.raw("}")
            return String(decoding: json.bytes, as: UTF8.self)
        case .text:
            let data = fields.sorted { $0.key < $1.key }.map { name, value in
                "\(LogText.line(name))=\(LogText.line("\(value)"))"
            }
            return ([time, level.rawValue.uppercased(), LogText.line(message)] + data).joined(separator: " ")
        }
    }
}
