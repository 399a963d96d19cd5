/// A header value with parameters behind semicolons (RFC 9110 §5.6.6).
///
/// It is read byte by byte: what a text makes of a letter with its accents does not matter here.
struct ParameterizedValue: Sendable {
    /// What stands before the first semicolon.
    let value: String
    private var parameters: [(name: String, value: String)] = []

    /// Reads a value; `nil` if its parameters are malformed or one is there twice.
    init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        let head = rest.prefix { $0 != 0x3B }
        self.value = String(decoding: Self.trimmed(head), as: UTF8.self)
        rest = rest[head.endIndex...]
        while !rest.isEmpty {
            rest = Self.trimmed(rest.dropFirst())
            if rest.isEmpty { break }
            guard let parameter = Self.parameter(&rest), self[parameter.name] == nil else { return nil }
            self.parameters.append(parameter)
            rest = Self.trimmed(rest)
            guard rest.isEmpty || rest.first == 0x3B else { return nil }
        }
    }

    /// The value of a parameter, quotes and escapes taken off.
    subscript(name: String) -> String? {
        self.parameters.first { $0.name.equalsIgnoringASCIICase(name) }?.value
    }

    private static func parameter(_ rest: inout ArraySlice<UInt8>) -> (name: String, value: String)? {
        let name = rest.prefix { $0 != 0x3D && $0 != 0x3B && $0 != 0x22 && $0 > 0x20 }
        guard !name.isEmpty, rest[name.endIndex...].first == 0x3D else { return nil }
        rest = rest[name.endIndex...].dropFirst()
        let value: [UInt8]
        if rest.first == 0x22 {
            guard let quoted = self.quoted(&rest) else { return nil }
            value = quoted
        } else {
            value = Array(rest.prefix { $0 != 0x3B && $0 != 0x22 && $0 > 0x20 })
            rest = rest.dropFirst(value.count)
        }
        return (String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
    }

    /// Takes a quoted string.
    private static func quoted(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        var value: [UInt8] = []
        rest = rest.dropFirst()
        while let byte = rest.popFirst() {
            switch byte {
            case 0x22: return value
            case 0x5C:
                guard let escaped = rest.popFirst() else { return nil }
                value.append(escaped)
            default: value.append(byte)
            }
        }
        return nil
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes
        while let byte = bytes.first, byte == 0x20 || byte == 0x09 { bytes.removeFirst() }
        while let byte = bytes.last, byte == 0x20 || byte == 0x09 { bytes.removeLast() }
        return bytes
    }
}
