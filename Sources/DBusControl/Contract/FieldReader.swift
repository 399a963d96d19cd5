import DBusKit

/// Reads what the daemon tells, properties or rows: wrong types are refused, what is missing keeps its default, and
/// what is unknown is passed over, because another version of the daemon may know less or more.
struct FieldReader<Field: RawRepresentable<String>> {
    private let values: [String: BusValue]

    init(_ values: [String: BusValue]) {
        self.values = values
    }

    /// Sets `target` to what `field` holds, if it is there.
    func read<Value>(
        _ field: Field, into target: inout Value, _ convert: (BusValue) -> Value?
    ) throws(ControlFault) {
        guard let value = self.values[field.rawValue] else { return }
        guard let converted = convert(value) else {
            throw ControlFault(.invalidArgument, "\(field.rawValue): not of the contract's type")
        }
        target = converted
    }
}

extension BusValue {
    /// The rows of an `aa{sv}`, each made from its fields; `what` is named where it is something else.
    func rows<Row>(
        _ what: String, _ make: ([String: BusValue]) throws(ControlFault) -> Row
    ) throws(ControlFault) -> [Row] {
        guard let list = self.asList(\.asDictionary) else {
            throw ControlFault(.invalidArgument, "\(what) is not of the contract's type")
        }
        var rows: [Row] = []
        rows.reserveCapacity(list.count)
        for fields in list { rows.append(try make(fields)) }
        return rows
    }

    /// A text from outside: a NUL, which no message can carry, shows as U+FFFD.
    static func text(_ text: String) -> BusValue {
        guard text.utf8.contains(0) else { return .string(text) }
        return .string(String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 })))
    }

    /// Texts from outside.
    static func texts(_ list: [String]) -> BusValue {
        .array(of: "s", list.map { .text($0) })
    }

    /// The elements of an `as`.
    var asStrings: [String]? { self.asList(\.asString) }

    /// Texts from outside by name, `a{ss}`, in the order of their names.
    static func textsByName(_ dictionary: [String: String]) -> BusValue {
        .dictionary(
            key: "s", value: "s",
            dictionary.sorted { $0.key < $1.key }.map { BusEntry(key: .text($0.key), value: .text($0.value)) })
    }

    /// The texts of an `a{ss}`.
    var asTextsByName: [String: String]? {
        guard let dictionary = self.asDictionary else { return nil }
        var texts: [String: String] = [:]
        for (name, value) in dictionary {
            guard let text = value.asString else { return nil }
            texts[name] = text
        }
        return texts
    }

    /// The counts of an `a{st}`.
    var asCounts: [String: UInt64]? {
        guard let dictionary = self.asDictionary else { return nil }
        var counts: [String: UInt64] = [:]
        for (name, value) in dictionary {
            guard let count = value.asUInt64 else { return nil }
            counts[name] = count
        }
        return counts
    }

    /// The elements of an array, if every one can be converted.
    func asList<Element>(_ convert: (BusValue) -> Element?) -> [Element]? {
        guard let values = self.asArray else { return nil }
        var elements: [Element] = []
        elements.reserveCapacity(values.count)
        for value in values {
            guard let element = convert(value) else { return nil }
            elements.append(element)
        }
        return elements
    }
}
