import ProxyCore

extension ValueForm where Value == String {
    /// A text of printable characters without further rules.
    static func text(_ expected: String = "a text", example: String = "name") -> ValueForm {
        .parsed(expected, accepted: ["\"\(example)\""], refused: ["\"\"", "\"a\\u0007b\""]) {
            (text) throws(ConfigurationValueError) in
            guard !text.isEmpty, text.utf8.count <= 4096, text.unicodeScalars.allSatisfy({ $0.value >= 0x20 }) else {
                throw .notInRange("\(expected), of 1 to 4096 printable characters")
            }
            return text
        }
    }

    /// The name of a project, as a request can say it in a header field.
    static var project: ValueForm {
        let expected = "a project, of 1 to \(GroupingName.longest) printable ASCII characters"
        return .parsed(expected, accepted: ["\"thesis\"", "\"a b\""], refused: ["\"\"", "\"ä\"", "\"a\\u0007b\""]) {
            (text) throws(ConfigurationValueError) in
            guard GroupingName.isValid(text) else { throw .notInRange(expected) }
            return text
        }
    }
}

extension ValueForm {
    /// A text that is made into a value.
    ///
    /// What `parse` throws has to stand by itself behind the key's name.
    static func parsed(
        _ expected: String,
        accepted: [String],
        refused: [String],
        _ parse: @escaping @Sendable (String) throws(ConfigurationValueError) -> Value
    ) -> ValueForm {
        let samples = FormSamples(accepted: accepted, refused: refused + ["17", "true", "{}"])
        return ValueForm(expected, samples: samples) { (node) throws(ConfigurationValueError) in
            guard case .text(let text) = node else { throw .wrongKind(expected, node) }
            return try parse(text)
        }
    }

    /// A text that is a name, or none.
    static func name(
        _ expected: String,
        accepted: [String],
        refused: [String],
        _ make: @escaping @Sendable (String) -> Value?
    ) -> ValueForm {
        .parsed(expected, accepted: accepted, refused: refused) { (text) throws(ConfigurationValueError) in
            guard let value = make(text) else { throw .notInRange(expected) }
            return value
        }
    }
}

extension ValueForm where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of the words of an enumeration.
    static var choice: ValueForm {
        let words = Value.allCases.map(\.rawValue)
        let expected = "one of " + words.map { "\"\($0)\"" }.joined(separator: ", ")
        let accepted = words.map { "\"\($0)\"" }
        return .parsed(expected, accepted: accepted, refused: ["\"\"", "\"no-such-word\""]) {
            (text) throws(ConfigurationValueError) in
            guard let value = Value(rawValue: text) else {
                throw .notInRange(expected + Suggestion.phrase(for: text, among: words))
            }
            return value
        }
    }
}

private enum NameText {
    static let label = "1 to 64 of A-Z a-z 0-9 . _ @ + -, the first a letter or digit"
    static let accepted = ["\"alpha\"", "\"a@b.example\"", "\"0+1_2-3\""]
    static let refused = ["\"\"", "\"-a\"", "\"a b\"", "\"\(String(repeating: "a", count: 65))\""]
}

extension ValueForm where Value == KeyLabel {
    static var label: ValueForm {
        ValueForm.name(NameText.label, accepted: NameText.accepted, refused: NameText.refused) {
            KeyLabel($0)
        }
    }
}

extension ValueForm where Value == ClientName {
    static var client: ValueForm {
        ValueForm.name(NameText.label, accepted: NameText.accepted, refused: NameText.refused) {
            ClientName($0)
        }
    }
}

extension ValueForm where Value == ProviderName {
    static var provider: ValueForm {
        ValueForm.name(NameText.label, accepted: NameText.accepted, refused: NameText.refused) {
            ProviderName($0)
        }
    }
}

extension ValueForm where Value == ModelName {
    static var model: ValueForm {
        ValueForm.name(
            "a model name of 1 to 256 visible ASCII characters",
            accepted: ["\"kimi-for-coding\"", "\"a/b:c.d\""],
            refused: ["\"\"", "\"a b\"", "\"\(String(repeating: "m", count: 257))\""]
        ) { ModelName($0) }
    }
}

extension ValueForm where Value == SecretReference {
    static var secret: ValueForm {
        ValueForm.parsed(
            "a secret reference: \(SecretReference.expectedForms)",
            accepted: ["\"file:alpha.key\"", "\"credential:alpha\"", "\"env:ALPHA\"", "\"store:alpha\""],
            refused: ["\"\"", "\"sk-a-secret-itself\"", "\"file:\"", "\"env:1A\"", "\"credential:a/b\"", "\"vault:x\""]
        ) { (text) throws(ConfigurationValueError) in try SecretReference(parsing: text) }
    }
}

extension ValueForm where Value == WallTime {
    static var time: ValueForm {
        ValueForm(
            "a time of RFC 3339, such as \"2027-01-31T00:00:00Z\"",
            samples: FormSamples(
                accepted: ["\"2027-01-31T00:00:00Z\"", "\"2027-01-31T00:00:00+01:00\"", "2027-01-31T00:00:00Z"],
                refused: ["\"2027-02-30T00:00:00Z\"", "\"tomorrow\"", "2027-01-31", "17", "true"]
            )
        ) { (node) throws(ConfigurationValueError) in
            let expected = "a time of RFC 3339 with its zone, such as \"2027-01-31T00:00:00Z\""
            switch node {
            case .text(let text), .time(let text):
                guard let time = WallTime(rfc3339: text) else { throw .notInRange(expected) }
                return time
            default: throw .wrongKind(expected, node)
            }
        }
    }
}
