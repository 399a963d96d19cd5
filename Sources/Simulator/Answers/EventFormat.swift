import NIOCore

/// How server-sent events are written (WHATWG HTML, section 9.2).
struct EventFormat: Sendable, Equatable {
    /// What ends a line: LF, as providers do, or CR LF.
    var lineEnding = "\n"

    /// An event with its data, and its name where the dialect names events.
    func event(_ data: String, name: String? = nil) -> ByteBuffer {
        var buffer = ByteBuffer()
        if let name { buffer.writeString("event: \(name)\(self.lineEnding)") }
        buffer.writeString("data: \(data)\(self.lineEnding)\(self.lineEnding)")
        return buffer
    }

    /// An event with JSON data.
    func event(_ value: JSONValue, name: String? = nil) -> ByteBuffer {
        self.event(value.text, name: name)
    }

    /// A comment, which keeps a connection alive and means nothing.
    func comment(_ text: String) -> ByteBuffer {
        ByteBuffer(string: ": \(text)\(self.lineEnding)\(self.lineEnding)")
    }

    /// A template of an event whose JSON data holds the markers of `PieceTemplate`.
    func template(_ value: JSONValue, name: String? = nil) -> PieceTemplate {
        let start = name.map { "event: \($0)\(self.lineEnding)data: " } ?? "data: "
        return PieceTemplate(value, before: start, after: self.lineEnding + self.lineEnding)
    }
}
