/// A JSON document in the making.
enum JSONValue: Equatable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case unsigned(UInt64)
    /// What is not finite is written as `null`, since JSON has no word for it.
    case number(Double)
    case string(String)
    case array([JSONValue])
    /// Written with its keys sorted.
    case object([String: JSONValue])

    /// A moment in microseconds since the epoch as RFC 3339; `null` for 0, which stands for "none" on the bus.
    static func moment(_ moment: UInt64) -> JSONValue {
        moment == 0 ? .null : Timestamp.text(moment).map { .string($0) } ?? .null
    }

    /// An array of texts.
    static func strings(_ list: [String]) -> JSONValue { .array(list.map { .string($0) }) }

    /// An object of counts.
    static func counts(_ counts: [String: UInt64]) -> JSONValue { .object(counts.mapValues { .unsigned($0) }) }
}

/// How a JSON document is laid out.
enum JSONLayout: String {
    /// Indented by two blanks.
    case pretty
    /// In one line without blanks.
    case short
}

extension JSONValue {
    /// The document as text, without a line end after it.
    ///
    /// Whatever could do something to a terminal is escaped, which every reader of JSON undoes.
    func text(_ layout: JSONLayout) -> String {
        var text = ""
        self.write(to: &text, indent: layout == .pretty ? 0 : nil)
        return text
    }

    private func write(to text: inout String, indent: Int?) {
        switch self {
        case .null: text += "null"
        case .boolean(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .unsigned(let value): text += String(value)
        case .number(let value): text += value.isFinite ? "\(value)" : "null"
        case .string(let value): Self.write(value, to: &text)
        case .array(let values):
            Self.write(values, between: "[", and: "]", to: &text, indent: indent) { value, inner, text in
                value.write(to: &text, indent: inner)
            }
        case .object(let members):
            let sorted = members.sorted { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }
            Self.write(sorted, between: "{", and: "}", to: &text, indent: indent) { member, inner, text in
                Self.write(member.key, to: &text)
                text += inner == nil ? ":" : ": "
                member.value.write(to: &text, indent: inner)
            }
        }
    }

    /// Writes elements between brackets, each on a line of its own if there is an indent.
    private static func write<Element>(
        _ elements: [Element],
        between opening: String,
        and closing: String,
        to text: inout String,
        indent: Int?,
        _ body: (Element, Int?, inout String) -> Void
    ) {
        text += opening
        let inner = indent.map { $0 + 1 }
        for (position, element) in elements.enumerated() {
            if position > 0 { text += "," }
            if let inner { text += "\n" + String(repeating: "  ", count: inner) }
            body(element, inner, &text)
        }
        if let indent, !elements.isEmpty { text += "\n" + String(repeating: "  ", count: indent) }
        text += closing
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where SafeText.isUnsafe(scalar):
                for unit in String(scalar).utf16 { text += "\\u" + Self.hexadecimal(unit) }
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }

    private static func hexadecimal(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
