import TOMLKit

/// A value of a configuration document, as plain Swift.
indirect enum ConfigurationNode: Sendable, Equatable {
    case text(String)
    case integer(Int)
    case number(Double)
    case boolean(Bool)
    /// A date, a time or both, as it stands in the document.
    case time(String)
    case list([ConfigurationNode])
    case table([String: ConfigurationNode])

    /// What the value is, for messages.
    var kind: String {
        switch self {
        case .text: "a text"
        case .integer: "a whole number"
        case .number: "a number with a fraction"
        case .boolean: "true or false without quotes"
        case .time: "a date or time"
        case .list: "a list"
        case .table: "a table"
        }
    }

    /// Copies a table of the parser.
    init(_ table: TOMLTable) {
        var members: [String: ConfigurationNode] = [:]
        for key in table.keys {
            if let value = table[key] { members[key] = ConfigurationNode(value) }
        }
        self = .table(members)
    }

    /// Copies a value of the parser.
    init(_ value: any TOMLValueConvertible) {
        switch value.type {
        case .string: self = .text(value.string ?? "")
        case .int: self = .integer(value.int ?? 0)
        case .double: self = .number(value.double ?? 0)
        case .bool: self = .boolean(value.bool ?? false)
        case .date, .time, .dateTime: self = .time(value.debugDescription)
        case .array: self = .list((value.array ?? TOMLArray()).map { ConfigurationNode($0) })
        case .table: self = ConfigurationNode(value.table ?? TOMLTable())
        }
    }
}
