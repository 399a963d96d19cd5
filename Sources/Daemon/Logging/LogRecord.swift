import Logging
import ProxyCore

/// An entry of the log, whatever it will look like.
struct LogRecord: Sendable, Equatable {
    /// Where in the sources it was written.
    struct Place: Sendable, Equatable {
        let file: String
        let function: String
        let line: UInt
    }

    /// How urgent it is.
    let level: Logger.Level
    /// What happened, in constant words.
    let message: String
    /// Its data, in the order of their names.
    let fields: [(name: String, value: String)]
    /// When.
    let time: WallTime
    /// Where in the sources.
    let place: Place

    init(
        _ level: Logger.Level, _ message: String, _ fields: Logger.Metadata, at time: WallTime,
        file: String = #fileID, function: String = #function, line: UInt = #line
    ) {
        self.level = level
        self.message = message
        self.fields = fields.sorted { $0.key < $1.key }.map { name, value in
            // Nearly all are texts already.
            if case .string(let text) = value { (name, text) } else { (name, "\(value)") }
        }
        self.time = time
        self.place = Place(file: file, function: function, line: line)
    }

    /// The value of a field.
    subscript(name: String) -> String? { self.fields.first { $0.name == name }?.value }

    /// The word for programs that tells what happened.
    var event: String? { self["event"] }

    /// About how many bytes it keeps while it waits.
    var size: Int {
        self.fields.reduce(256 + self.message.utf8.count) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    }

    static func == (left: LogRecord, right: LogRecord) -> Bool {
        left.level == right.level && left.message == right.message && left.time == right.time
            && left.place == right.place && left.fields.elementsEqual(right.fields, by: ==)
    }
}
