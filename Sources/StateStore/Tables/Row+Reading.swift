internal import GRDB

// GRDB's own accessors end the process when a value has another type; these answer `nil`, so that a malformed row can
// be passed over (K-037).
extension Row {
    func text(_ column: String) -> String? {
        String.fromDatabaseValue(self[column] as DatabaseValue)
    }

    func integer(_ column: String) -> Int? {
        Int.fromDatabaseValue(self[column] as DatabaseValue)
    }

    func large(_ column: String) -> Int64? {
        Int64.fromDatabaseValue(self[column] as DatabaseValue)
    }

    func real(_ column: String) -> Double? {
        Double.fromDatabaseValue(self[column] as DatabaseValue)
    }

    func flag(_ column: String) -> Bool? {
        self.integer(column).flatMap { $0 == 0 ? false : $0 == 1 ? true : nil }
    }

    func bytes(_ column: String) -> [UInt8]? {
        guard case .blob(let data) = (self[column] as DatabaseValue).storage else { return nil }
        return [UInt8](data)
    }

    /// Whether there is nothing in a column.
    func isEmpty(_ column: String) -> Bool {
        (self[column] as DatabaseValue).isNull
    }

    /// A value that may be missing, in a form that may be malformed.
    ///
    /// The outer `nil` means malformed, the inner one missing.
    func optional<Value>(_ column: String, _ read: (String) -> Value?) -> Value?? {
        if self.isEmpty(column) { return .some(nil) }
        guard let text = self.text(column), let value = read(text) else { return .none }
        return .some(value)
    }

    /// A list of names that are separated by spaces; `nil` if one of them is malformed.
    func list<Value>(_ column: String, _ read: (String) -> Value?) -> [Value]? {
        guard let text = self.text(column) else { return nil }
        var values: [Value] = []
        for part in text.split(separator: " ") {
            guard let value = read(String(part)) else { return nil }
            values.append(value)
        }
        return values
    }
}
