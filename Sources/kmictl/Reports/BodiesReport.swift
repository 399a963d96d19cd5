import DBusControl

/// What `kmictl request --bodies` shows.
struct BodiesReport: Report {
    let row: RequestRow

    var json: JSONValue { self.row.json }
    var names: [String] { [self.row.id] }

    func text(_ style: TextStyle) -> String {
        let bodies = [("request", self.row.requestBody), ("answer", self.row.answerBody)]
        return bodies.compactMap { name, body in body.map { "\(name):\n\(SafeText.lines(Self.withoutLineEnd($0)))" } }
            .joined(separator: "\n\n")
    }

    private static func withoutLineEnd(_ text: String) -> String {
        text.unicodeScalars.last == "\n" ? String(String.UnicodeScalarView(text.unicodeScalars.dropLast())) : text
    }
}
