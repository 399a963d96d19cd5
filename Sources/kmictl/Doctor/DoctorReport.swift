import DBusControl

/// What `kmictl doctor` shows.
struct DoctorReport: Report {
    let rows: [DiagnosisRow]

    var json: JSONValue { .array(self.rows.map(\.json)) }

    /// What is not in order.
    var names: [String] {
        self.rows.filter { $0.result != "ok" }.map { $0.subject.isEmpty ? $0.check : "\($0.check) \($0.subject)" }
    }

    /// Whether something has to be done.
    var hasFailures: Bool { self.rows.contains { $0.result == "fail" } }

    /// How many lines there are of each kind.
    var summary: String {
        let counts = ["ok", "warn", "fail"].map { result in "\(self.rows.count { $0.result == result }) \(result)" }
        return counts.joined(separator: ", ") + "."
    }

    /// One line for each row, and below it what to do.
    func text(_ style: TextStyle) -> String {
        let results = self.rows.map { DisplayWidth.of(SafeText.line($0.result)) }.max() ?? 0
        let checks = self.rows.map { DisplayWidth.of(SafeText.line($0.check)) }.max() ?? 0
        let indent = results + checks + 4
        let room = style.width.map { max(24, $0 - indent) }
        var lines: [String] = []
        for row in self.rows {
            let (result, check) = (SafeText.line(row.result), SafeText.line(row.check))
            let head =
                style.painted(result, Self.colour(row.result)) + Self.blanks(results - DisplayWidth.of(result) + 2)
                + check
                + Self.blanks(checks - DisplayWidth.of(check) + 2)
            let subject = row.subject.isEmpty ? "" : "\(row.subject): "
            let message = FieldList.wrapped(SafeText.line(subject + row.message), to: room)
            lines.append(head + (message.first ?? ""))
            lines += message.dropFirst().map { Self.blanks(indent) + $0 }
            guard !row.advice.isEmpty else { continue }
            let advice = FieldList.wrapped(SafeText.line(row.advice), to: room.map { $0 - 3 })
            for (number, line) in advice.enumerated() {
                let mark = number > 0 ? "   " : style.isUTF8 ? "→  " : "-> "
                lines.append(Self.blanks(indent) + mark + line)
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func blanks(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }

    private static func colour(_ result: String) -> TextStyle.Colour? {
        switch result {
        case "ok": .good
        case "fail": .bad
        default: .resting
        }
    }
}

extension DiagnosisRow {
    /// The row as an object.
    var json: JSONValue {
        .object(
            Field.allCases.reduce(into: [:]) { members, field in
                members[field.rawValue] =
                    switch field {
                    case .check: .string(self.check)
                    case .subject: .string(self.subject)
                    case .result: .string(self.result)
                    case .message: .string(self.message)
                    case .advice: .string(self.advice)
                    }
            })
    }

    /// Makes a row of what the client sees by itself.
    init(_ check: String, _ subject: String, _ result: String, _ message: String, advice: String = "") {
        self.init()
        self.check = check
        self.subject = subject
        self.result = result
        self.message = message
        self.advice = advice
    }
}
