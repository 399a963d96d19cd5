import Logging
import ProxyCore

/// The form of a line.
struct LogLine: Sendable {
    let style: LogStyle

    /// Renders an entry.
    ///
    /// Control characters of values are escaped, so that no value can begin a line or move a cursor (A-005).
    func render(_ record: LogRecord) -> [UInt8] {
        let time = record.time.rfc3339Milliseconds
        switch self.style {
        case .json:
            var json = JSONWriter(reservingCapacity: 1_024)
            json.raw(#"{"time":"#)
            json.string(time)
            json.raw(#","level":"#)
            json.string(record.level.rawValue)
            json.raw(#","message":"#)
            LogText.write(literal: record.message, to: &json)
            for (name, value) in record.fields {
                json.raw(",")
                LogText.write(literal: name, to: &json)
                json.raw(":")
                LogText.write(literal: value, to: &json)
            }
            json.raw("}")
            return json.bytes
        case .text:
            let data = record.fields.map { "\(LogText.line($0.name))=\(LogText.line($0.value))" }
            let line = ([time, record.level.rawValue.uppercased(), LogText.line(record.message)] + data)
                .joined(separator: " ")
            return Array(line.utf8)
        }
    }
}
