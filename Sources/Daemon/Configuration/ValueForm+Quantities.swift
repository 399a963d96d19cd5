import ProxyCore

extension ValueForm where Value == Bool {
    /// `true` or `false`.
    static var boolean: ValueForm {
        ValueForm(
            "true or false",
            shape: .boolean,
            samples: FormSamples(accepted: ["true", "false"], refused: ["1", "\"true\"", "[]"])
        ) { (node) throws(ConfigurationValueError) in
            guard case .boolean(let value) = node else { throw .wrongKind("true or false", node) }
            return value
        }
    }
}

extension ValueForm where Value == Int {
    /// A whole number within bounds.
    static func integer(_ range: ClosedRange<Int>) -> ValueForm {
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        let samples = FormSamples(
            accepted: ["\(range.lowerBound)", "\(range.upperBound)"],
            refused: ["\(range.lowerBound - 1)", "\(range.upperBound + 1)", "1.5", "\"1\"", "true"]
        )
        return ValueForm(expected, shape: .number, samples: samples) { (node) throws(ConfigurationValueError) in
            guard case .integer(let value) = node else { throw .wrongKind(expected, node) }
            guard range.contains(value) else { throw .notInRange("\(expected); found \(value)") }
            return value
        }
    }

    /// A size of at least `minimum` bytes.
    static func size(atLeast minimum: Int) -> ValueForm {
        let expected = "a size of at least \(minimum) bytes, such as \"64KiB\" or \"32MiB\", or a number of bytes"
        let samples = FormSamples(
            accepted: ["\(minimum)", "\"64KiB\"", "\"1GiB\""],
            refused: ["\(minimum - 1)", "-1", "\"64KB\"", "\"\"", "\"-1KiB\"", "1.5", "true"]
        )
        return ValueForm(expected, shape: .number, samples: samples) { (node) throws(ConfigurationValueError) in
            let size: Int
            switch node {
            case .integer(let bytes): size = bytes
            case .text(let text): size = try ByteSize.parse(text)
            default: throw .wrongKind(expected, node)
            }
            guard size >= minimum, size <= ByteSize.largest else { throw .notInRange(expected) }
            return size
        }
    }
}

extension ValueForm where Value == Int? {
    /// A whole number, where 0 means no limit.
    static var limit: ValueForm {
        ValueForm<Int>.integer(0...1_000_000_000).noLimitAtZero()
    }

    /// A size, where 0 means no limit.
    static var sizeLimit: ValueForm {
        ValueForm<Int>.size(atLeast: 0).noLimitAtZero()
    }
}

extension ValueForm where Value == Int {
    /// The same form, where 0 means no limit.
    func noLimitAtZero() -> ValueForm<Int?> {
        var form = self.map { $0 == 0 ? nil : $0 }
        form.expected += "; 0 means no limit"
        return form
    }
}

extension ValueForm where Value == Double {
    /// A number within bounds, with or without a fraction.
    static func number(_ range: ClosedRange<Double>) -> ValueForm {
        let expected = "a number from \(Self.short(range.lowerBound)) to \(Self.short(range.upperBound))"
        let samples = FormSamples(
            accepted: [Self.short(range.lowerBound), "0.5", Self.short(range.upperBound)],
            refused: ["-0.5", Self.short(range.upperBound + 1), "\"0.5\"", "nan", "inf", "true"]
        )
        return ValueForm(expected, shape: .number, samples: samples) { (node) throws(ConfigurationValueError) in
            let value: Double
            switch node {
            case .integer(let whole): value = Double(whole)
            case .number(let number): value = number
            default: throw .wrongKind(expected, node)
            }
            guard range.contains(value) else { throw .notInRange(expected) }
            return value
        }
    }

    private static func short(_ number: Double) -> String {
        number == number.rounded() ? String(Int(number)) : String(number)
    }

    /// The same form, where 0 means no limit.
    func noLimitAtZero() -> ValueForm<Double?> {
        var form = self.map { $0 == 0 ? nil : $0 }
        form.expected += "; 0 means no limit"
        return form
    }
}

extension ValueForm where Value == Duration {
    /// A duration within bounds.
    static func duration(
        _ minimum: Duration = .milliseconds(1),
        atMost maximum: Duration = .seconds(36_500 * 86_400)
    ) -> ValueForm {
        let bounds = "\(minimum.configurationText) to \(maximum.configurationText)"
        let expected = "a duration of \(bounds), such as \"250ms\", \"30s\" or \"5m\", or a number of seconds"
        let samples = FormSamples(
            accepted: ["\"\(minimum.configurationText)\"", "30", "1.5", "\"5s\"", "\"1m\""],
            refused: ["-1", "\"-5s\"", "\"30\"", "\"5 minutes\"", "\"\"", "true", "\"99999999d\"", "nan"]
                + (minimum > .zero ? ["0"] : [])
                + (maximum < .seconds(86_400) ? ["\"2d\""] : [])
        )
        return ValueForm(expected, shape: .number, samples: samples) { (node) throws(ConfigurationValueError) in
            let value: Duration
            switch node {
            case .integer(let seconds): value = try Duration(configurationSeconds: Double(seconds))
            case .number(let seconds): value = try Duration(configurationSeconds: seconds)
            case .text(let text): value = try Duration(configurationText: text)
            default: throw .wrongKind(expected, node)
            }
            guard value >= minimum, value <= maximum else { throw .notInRange(expected) }
            return value
        }
    }
}

extension ValueForm where Value == Duration? {
    /// A duration, where 0 means no limit, or whatever `meaning` says; any other one is at least `minimum`.
    static func durationOrZero(_ meaning: String = "no limit", from minimum: Duration = .zero) -> ValueForm {
        var form = ValueForm<Duration>.duration(.zero).map { $0 == .zero ? nil : max($0, minimum) }
        form.expected += "; 0 means \(meaning)"
        if minimum > .zero { form.expected += ", and less than \(minimum.configurationText) counts as that" }
        return form
    }
}
