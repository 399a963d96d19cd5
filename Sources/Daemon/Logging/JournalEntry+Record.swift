import Logging
import SystemSupport

extension JournalEntry {
    /// An entry of the log with the fields of systemd.journal-fields(7), and each of its data as `KMI_` and its name, so that
    /// `journalctl KMI_KEY=alpha` finds what concerns a key.
    ///
    /// Values are spelled as in a line of text: the journal would keep any byte, but the catalog's texts, in which they
    /// occur, reach a terminal as they are.
    init(_ record: LogRecord) {
        self.init()
        self.add("MESSAGE", Self.message(of: record))
        self.add("PRIORITY", "\(record.level.syslogPriority)")
        self.add("SYSLOG_IDENTIFIER", "kmid")
        if let event = record.event { self.add("MESSAGE_ID", LogEventID.text(of: event)) }
        self.add("CODE_FILE", record.place.file)
        self.add("CODE_LINE", "\(record.place.line)")
        self.add("CODE_FUNC", record.place.function)
        // One field is kept free for the count of those that do not fit.
        let fitting = record.fields.prefix(Limit.fields - 1 - self.fields.count)
        for (name, value) in fitting { self.add("KMI_" + name, LogText.line(value)) }
        let leftOut = self.leftOut + record.fields.count - fitting.count
        if leftOut > 0 { self.add("KMI_FIELDS_LEFT_OUT", "\(leftOut)") }
    }

    /// What `journalctl` shows: the message with its data, as in a line of text, but for the event's name.
    private static func message(of record: LogRecord) -> String {
        let data = record.fields.filter { $0.name != "event" && !$0.value.isEmpty }
            .map { "\(LogText.line($0.name))=\(LogText.line($0.value))" }
        return ([LogText.line(record.message)] + data).joined(separator: " ")
    }
}
