public import DBusKit

extension ConfigurationRow {
    /// The names in the dictionary of a row, the same in messages and in `--json`.
    public enum Field: String, Sendable, CaseIterable {
        /// ``ConfigurationRow/key``.
        case key = "key"
        /// ``ConfigurationRow/value``.
        case value = "value"
        /// ``ConfigurationRow/source``.
        case source = "source"
        /// ``ConfigurationRow/origin``.
        case origin = "origin"
        /// ``ConfigurationRow/applies``.
        case applies = "applies"
    }

    /// The rows as `GetConfig` tells them, `aa{sv}`.
    public static func busValue(of rows: [ConfigurationRow]) -> BusValue {
        .array(of: "a{sv}", rows.map(\.busValue))
    }

    /// Reads the rows of `GetConfig`; what is missing keeps its default.
    ///
    /// Fails with `invalidArgument` if something is not of the contract's type.
    public static func rows(busValue: BusValue) throws(ControlFault) -> [ConfigurationRow] {
        try busValue.rows("the configuration") { (fields) throws(ControlFault) in
            let reader = FieldReader<Field>(fields)
            var row = ConfigurationRow()
            try reader.read(.key, into: &row.key, \.asString)
            try reader.read(.value, into: &row.value, \.asString)
            try reader.read(.source, into: &row.source, \.asString)
            try reader.read(.origin, into: &row.origin, \.asString)
            try reader.read(.applies, into: &row.applies, \.asString)
            return row
        }
    }

    private var busValue: BusValue {
        .variants([
            Field.key.rawValue: .text(self.key), Field.value.rawValue: .text(self.value),
            Field.source.rawValue: .text(self.source), Field.origin.rawValue: .text(self.origin),
            Field.applies.rawValue: .text(self.applies),
        ])
    }
}
