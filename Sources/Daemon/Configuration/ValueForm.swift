import ProxyCore

/// How the values of a key are written: what a document may hold there and what becomes of it.
struct ValueForm<Value: Sendable>: Sendable {
    typealias Reader = @Sendable (ConfigurationNode) throws(ConfigurationValueError) -> Value

    /// The expected form in words, for messages and for the documentation.
    var expected: String
    /// How an environment variable is taken apart.
    var shape: EnvironmentShape
    /// Values that are accepted and refused, as TOML, for the tests that every key has.
    var samples: FormSamples
    /// Takes a value.
    var read: Reader

    init(_ expected: String, shape: EnvironmentShape = .text, samples: FormSamples, read: @escaping Reader) {
        self.expected = expected
        self.shape = shape
        self.samples = samples
        self.read = read
    }

    /// The same form with something else made of its values.
    func map<Other>(_ transform: @escaping @Sendable (Value) -> Other) -> ValueForm<Other> {
        let read = self.read
        return ValueForm<Other>(self.expected, shape: self.shape, samples: self.samples) {
            (node) throws(ConfigurationValueError) in transform(try read(node))
        }
    }

    /// The same form for a key that must be there, whose value is missing until it is read.
    var required: ValueForm<Value?> { self.map { $0 } }

    /// The same form, where the empty text stands for none.
    func orEmpty(_ meaning: String) -> ValueForm<Value?> {
        let read = self.read
        var samples = self.samples
        samples.accepted.append("\"\"")
        samples.refused.removeAll { $0 == "\"\"" }
        return ValueForm<Value?>("\(self.expected), or \"\" for \(meaning)", shape: self.shape, samples: samples) {
            (node) throws(ConfigurationValueError) in
            if case .text("") = node { return nil }
            return try read(node)
        }
    }

    /// A list of such values.
    func list(atLeast minimum: Int = 0) -> ValueForm<[Value]> {
        let read = self.read
        let maximum = 1024
        let expected = minimum == 0 ? "list of: \(self.expected)" : "list of at least \(minimum): \(self.expected)"
        let accepted = self.samples.accepted.prefix(2)
        let samples = FormSamples(
            accepted: ["[\(accepted.joined(separator: ", "))]"] + (minimum == 0 ? ["[]"] : []),
            refused: ["{}", "3"] + self.samples.refused.map { "[\($0)]" } + (minimum == 0 ? [] : ["[]"])
        )
        return ValueForm<[Value]>(expected, shape: .list(self.shape), samples: samples) {
            (node) throws(ConfigurationValueError) in
            guard case .list(let elements) = node else { throw .wrongKind(expected, node) }
            guard elements.count >= minimum, elements.count <= maximum else {
                throw ConfigurationValueError("expected a list of \(minimum) to \(maximum) values")
            }
            var values: [Value] = []
            for (index, element) in elements.enumerated() {
                do throws(ConfigurationValueError) {
                    values.append(try read(element))
                } catch {
                    throw ConfigurationValueError("value \(index + 1): \(error.reason)")
                }
            }
            return values
        }
    }
}

/// How the text of an environment variable is taken apart.
indirect enum EnvironmentShape: Sendable, Equatable {
    /// The text itself.
    case text
    /// `true` or `false`.
    case boolean
    /// A number, else the text itself.
    case number
    /// Comma-separated values; the empty text is the empty list.
    case list(EnvironmentShape)

    /// The value that a text stands for.
    func node(_ text: String) -> ConfigurationNode {
        switch self {
        case .text: return .text(text)
        case .boolean: return text == "true" ? .boolean(true) : text == "false" ? .boolean(false) : .text(text)
        case .number:
            return Int(text).map { .integer($0) } ?? Double(text).map { .number($0) } ?? .text(text)
        case .list(let element):
            guard !text.isEmpty else { return .list([]) }
            return .list(
                text.split(separator: ",", omittingEmptySubsequences: false)
                    .map { element.node(String($0.trimmingHTTPWhitespace())) })
        }
    }
}

/// Values of a form as they stand in a document.
struct FormSamples: Sendable, Equatable {
    var accepted: [String]
    var refused: [String]
}

extension ConfigurationValueError {
    /// The value is of another type.
    static func wrongKind(_ expected: String, _ node: ConfigurationNode) -> ConfigurationValueError {
        ConfigurationValueError("expected \(expected); found \(node.kind)")
    }

    /// The value is of the right type but not in range.
    static func notInRange(_ expected: String) -> ConfigurationValueError {
        ConfigurationValueError("expected \(expected)")
    }
}
