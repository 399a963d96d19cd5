import DBusKit

/// The names of the options that a dictionary of a call may hold.
protocol ControlOption: RawRepresentable<String>, CaseIterable, Hashable, Sendable {}

/// Reads the options of a call (`a{sv}`) strictly: each one known, given once, of the right type and within its range.
///
/// Every refusal names the option and what is expected.
struct OptionReader<Option: ControlOption> {
    private var values: [Option: BusValue] = [:]

    init(_ dictionary: BusValue) throws(ControlFault) {
        guard case .dictionary(_, _, let entries) = dictionary else {
            throw ControlFault(.invalidArgument, "options: expected a{sv}")
        }
        for entry in entries {
            let name = entry.key.asString ?? ""
            guard let option = Option(rawValue: name) else { throw Self.unknown(name) }
            guard self.values.updateValue(entry.value.asVariant ?? entry.value, forKey: option) == nil else {
                throw ControlFault(.invalidArgument, "option \(name): given twice")
            }
        }
    }

    /// The value of an option, `nil` if it was not given; `read` answers `nil` for what is not as `expected`.
    func value<Value>(
        _ option: Option, expected: String, _ read: (BusValue) -> Value?
    ) throws(ControlFault) -> Value? {
        guard let value = self.values[option] else { return nil }
        guard let result = read(value) else {
            throw ControlFault(.invalidArgument, "option \(option.rawValue): expected \(expected)")
        }
        return result
    }

    /// A label, or a provider's or client's name.
    func label(_ option: Option) throws(ControlFault) -> String? {
        try self.value(option, expected: "s, \(ControlText.labelRule)") {
            $0.asString.flatMap { ControlText.isLabel($0) ? $0 : nil }
        }
    }

    /// A moment in microseconds since the epoch.
    func moment(_ option: Option) throws(ControlFault) -> UInt64? {
        try self.value(option, expected: "t, microseconds since 1970-01-01T00:00:00Z", \.asUInt64)
    }

    /// The number of rows of a page.
    func pageLimit(_ option: Option) throws(ControlFault) -> UInt32? {
        let maximum = RequestFilter.maximumLimit
        return try self.value(option, expected: "u, from 1 to \(maximum)") {
            $0.asUInt32.flatMap { (1...maximum).contains($0) ? $0 : nil }
        }
    }

    /// Where a page begins.
    func cursor(_ option: Option) throws(ControlFault) -> String? {
        try self.value(option, expected: "s, a cursor of an earlier reply, or nothing") {
            $0.asString.flatMap { $0.isEmpty || ControlText.isVisibleASCII($0, maximum: 1024) ? $0 : nil }
        }
    }

    /// Names of models.
    func models(_ option: Option) throws(ControlFault) -> [String]? {
        try self.value(option, expected: "as, at most 1000 model names of 1 to 256 visible ASCII characters") {
            guard let models = $0.asStrings, models.count <= 1000 else { return nil }
            return models.allSatisfy { ControlText.isVisibleASCII($0, maximum: 256) } ? models : nil
        }
    }

    private static func unknown(_ name: String) -> ControlFault {
        let known = Option.allCases.map(\.rawValue).sorted().joined(separator: ", ")
        let expected = known.isEmpty ? "none is known" : "expected \(known)"
        // What does not look like an option's name may be anything, a secret among them, and is not repeated.
        let subject = ControlText.isLowerSnake(name) ? "unknown option \(name)" : "unknown option"
        return ControlFault(.invalidArgument, "\(subject): \(expected)")
    }
}

/// The options of a method that knows none yet.
enum NoOption: ControlOption {
    var rawValue: String { switch self {} }

    init?(rawValue: String) { nil }
}
