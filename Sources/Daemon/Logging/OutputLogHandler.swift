import Logging

/// Hands each entry to the output: a constant message, and its data as fields.
struct OutputLogHandler: LogHandler {
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
        var fields = event.metadata ?? [:]
        // The logger's own are few, those of the entry many.
        for (name, value) in self.metadata where fields[name] == nil { fields[name] = value }
        if let error = event.error, fields["error"] == nil { fields["error"] = "\(error)" }
        // Each error can be found by its event, also those that libraries tell of.
        if event.level >= .error, fields["event"] == nil { fields["event"] = "internal_error" }
        self.output.write(event, fields)
    }
}
