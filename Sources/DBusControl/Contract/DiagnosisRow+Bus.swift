public import DBusKit

extension DiagnosisRow {
    /// The names in the dictionary of a row, the same in messages and in `--json`.
    public enum Field: String, Sendable, CaseIterable {
        /// ``DiagnosisRow/check``.
        case check = "check"
        /// ``DiagnosisRow/subject``.
        case subject = "subject"
        /// ``DiagnosisRow/result``.
        case result = "result"
        /// ``DiagnosisRow/message``.
        case message = "message"
        /// ``DiagnosisRow/advice``.
        case advice = "advice"
    }

    /// The rows as `Diagnose` tells them, `aa{sv}`.
    public static func busValue(of rows: [DiagnosisRow]) -> BusValue {
        .array(of: "a{sv}", rows.map(\.busValue))
    }

    /// Reads the rows of `Diagnose`; what is missing keeps its default.
    ///
    /// Fails with `invalidArgument` if something is not of the contract's type.
    public static func rows(busValue: BusValue) throws(ControlFault) -> [DiagnosisRow] {
        try busValue.rows("a diagnosis") { (fields) throws(ControlFault) in
            let reader = FieldReader<Field>(fields)
            var row = DiagnosisRow()
            try reader.read(.check, into: &row.check, \.asString)
            try reader.read(.subject, into: &row.subject, \.asString)
            try reader.read(.result, into: &row.result, \.asString)
            try reader.read(.message, into: &row.message, \.asString)
            try reader.read(.advice, into: &row.advice, \.asString)
            return row
        }
    }

    private var busValue: BusValue {
        .variants([
            Field.check.rawValue: .text(self.check), Field.subject.rawValue: .text(self.subject),
            Field.result.rawValue: .text(self.result), Field.message.rawValue: .text(self.message),
            Field.advice.rawValue: .text(self.advice),
        ])
    }
}

/// How thorough a diagnosis is.
public struct DiagnosisOptions: Sendable, Equatable {
    /// The options of `Diagnose`.
    private enum Option: String, ControlOption {
        case isOffline = "offline"
    }

    /// Whether providers are left alone.
    public var isOffline = false

    /// Looks at everything.
    public init() {}

    /// The options as messages carry them, `a{sv}`; what is not asked for is left out.
    public var busValue: BusValue {
        .variants(self.isOffline ? [Option.isOffline.rawValue: .boolean(true)] : [:])
    }

    /// Reads the options strictly; fails with `invalidArgument`, naming the option and what is expected.
    public init(busValue: BusValue) throws(ControlFault) {
        self.init()
        let reader = try OptionReader<Option>(busValue)
        self.isOffline = try reader.value(.isOffline, expected: "b", \.asBoolean) ?? false
    }
}
