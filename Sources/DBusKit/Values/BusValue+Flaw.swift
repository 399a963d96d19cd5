extension BusValue {
    /// How deep containers may be within one another, variants included (D-Bus specification, section "Message Format").
    private static let maximumDepth = 64

    /// Why no message can carry the value, `nil` if one can.
    ///
    /// What libdbus is given is held against this before: it ends the process on some values that break the rules.
    var flaw: String? {
        guard self.signature.isValid else { return "its type is no valid one" }
        return self.flaw(depth: 0)
    }

    private func flaw(depth: Int) -> String? {
        guard depth <= Self.maximumDepth else { return "it is nested too deep" }
        switch self {
        case .byte, .boolean, .int16, .uint16, .int32, .uint32, .int64, .uint64, .double, .path, .signature: return nil
        case .string(let text): return text.utf8.contains(0) ? "a text holds U+0000" : nil
        case .descriptor(let descriptor): return descriptor.isTaken ? "a descriptor was taken out" : nil
        case .array(let type, let elements):
            guard type.isSingle else { return "an array of no single type" }
            for element in elements {
                guard element.signature == type else { return "an array of \(type) holds \(element.signature)" }
                if let flaw = element.flaw(depth: depth + 1) { return flaw }
            }
            return nil
        case .dictionary(let key, let value, let entries):
            guard key.isBasic, value.isSingle else { return "a dictionary of no single types" }
            for entry in entries {
                guard entry.key.signature == key, entry.value.signature == value else {
                    return
                        "a dictionary of \(key) and \(value) holds \(entry.key.signature) and \(entry.value.signature)"
                }
                // An entry is a container in the array that the dictionary is.
                if let flaw = entry.key.flaw(depth: depth + 2) ?? entry.value.flaw(depth: depth + 2) { return flaw }
            }
            return nil
        case .structure(let fields):
            if fields.isEmpty { return "a structure without fields" }
            for field in fields {
                if let flaw = field.flaw(depth: depth + 1) { return flaw }
            }
            return nil
        case .variant(let value):
            guard value.signature.isValid else { return "the type of a variant is no valid one" }
            return value.flaw(depth: depth + 1)
        }
    }
}
