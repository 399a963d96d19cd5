import Logging
import ProxyCore

/// The form of a line.
struct LogLine: Sendable {
    let style: LogStyle

    /// Renders an entry.
    ///
    /// Control characters of values are escaped, so that no value can begin a line or move a cursor (A-005).
    func render(_ record: LogRecord) -> String {
        let time = record.time.rfc3339Milliseconds
        switch self.style {
        case .json:
            var json = JSONWriter(reservingCapacity: 256)
            json.raw(#"{"time":"#)
            json.string(time)
            json.raw(#","level":"#)
            json.string(record.level.rawValue)
            json.raw(#","message":"#)
            json.raw(LogText.literal(record.message))
            for (name, value) in record.fields {
                json.raw(",")
                json.raw(LogText.literal(name))
                json.raw(":")
                json.raw(LogText.literal(value))
            }
            json.raw("}")
            return String(decoding: json.bytes, as: UTF8.self)
        case .text:
            let data = record.fields.map { "\(LogText.line($0.name))=\(LogText.line($0.value))" }
            return ([time, record.level.rawValue.uppercased(), LogText.line(record.message)] + data)
                .joined(separator: " ")
        }
    }
}
