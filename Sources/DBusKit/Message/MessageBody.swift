/// The arguments of a message, checked: they can be encoded, and whoever receives them finds nothing wrong.
///
/// libdbus ends the process when it is given what a message cannot carry.
struct MessageBody: Sendable {
    /// The arguments.
    let values: [BusValue]
    /// Their types, one after the other.
    let signature: Signature

    /// No arguments.
    static let empty = MessageBody(unchecked: [])

    /// Checks arguments; fails with `invalid` if they cannot be sent.
    init(_ values: [BusValue]) throws(BusError) {
        var check = BodyCheck()
        var types = ""
        for value in values { try check.add(value, types: &types, depth: 0) }
        guard LibDBus.isSignature(types), let signature = Signature(types) else {
            throw BusError(kind: .invalid, "these arguments have too many or too deeply nested types")
        }
        self.values = values
        self.signature = signature
    }

    /// One argument, a text that is known to be without U+0000.
    static func text(_ text: String) -> MessageBody {
        MessageBody(unchecked: [.string(text)], "s")
    }

    private init(unchecked values: [BusValue] = [], _ signature: Signature = "") {
        self.values = values
        self.signature = signature
    }
}

/// Goes through values as they are laid out in a message (D-Bus specification, "Marshaling").
private struct BodyCheck {
    private var size = 0
    private var descriptors = 0

    /// Adds a value behind the others, and its type to `types`.
    mutating func add(_ value: BusValue, types: inout String, depth: Int) throws(BusError) {
        switch value {
        case .byte: try self.add(bytes: 1, type: "y", to: &types)
        case .boolean: try self.add(bytes: 4, type: "b", to: &types)
        case .int16: try self.add(bytes: 2, type: "n", to: &types)
        case .uint16: try self.add(bytes: 2, type: "q", to: &types)
        case .int32: try self.add(bytes: 4, type: "i", to: &types)
        case .uint32: try self.add(bytes: 4, type: "u", to: &types)
        case .int64: try self.add(bytes: 8, type: "x", to: &types)
        case .uint64: try self.add(bytes: 8, type: "t", to: &types)
        case .double: try self.add(bytes: 8, type: "d", to: &types)
        case .string(let text):
            guard !text.utf8.contains(0) else { throw BusError(kind: .invalid, "a string contains U+0000") }
            try self.add(text: text, type: "s", to: &types)
        case .path(let path): try self.add(text: path.text, type: "o", to: &types)
        case .signature(let signature):
            try self.add(bytes: signature.text.utf8.count + 2, alignment: 1, type: "g", to: &types)
        case .descriptor:
            self.descriptors += 1
            guard self.descriptors <= MessageLimits.descriptors else {
                throw BusError(kind: .invalid, "a message carries at most \(MessageLimits.descriptors) descriptors")
            }
            try self.add(bytes: 4, type: "h", to: &types)
        case .array(let element, let values):
            try self.addArray(of: element.text, types: &types, depth: depth)
            for value in values { try self.add(value, declared: element.text, depth: depth + 1) }
        case .dictionary(let key, let value, let entries):
            try self.addDictionary(key.text, value.text, entries, types: &types, depth: depth)
        case .structure(let values):
            try self.open(alignment: 8, depth: depth)
            guard !values.isEmpty else { throw BusError(kind: .invalid, "a structure is empty") }
            types += "("
            for value in values { try self.add(value, types: &types, depth: depth + 1) }
            types += ")"
        case .variant(let value):
            try self.addVariant(value, types: &types, depth: depth)
        }
    }

    private mutating func addVariant(_ value: BusValue, types: inout String, depth: Int) throws(BusError) {
        types += "v"
        try self.open(alignment: 1, depth: depth)
        // The type comes first, but is known last: values are aligned from where they begin.
        let type = value.signature.text
        try self.grow(by: type.utf8.count + 2, alignment: 1)
        guard LibDBus.isSingleType(type) else { throw BusError(kind: .invalid, "a variant's type is not a valid one") }
        try self.add(value, declared: type, depth: depth + 1)
    }

    private mutating func addDictionary(
        _ key: String,
        _ value: String,
        _ entries: [BusEntry],
        types: inout String,
        depth: Int
    ) throws(BusError) {
        try self.addArray(of: "{\(key)\(value)}", types: &types, depth: depth)
        for entry in entries {
            try self.open(alignment: 8, depth: depth + 1)
            try self.add(entry.key, declared: key, depth: depth + 2)
            try self.add(entry.value, declared: value, depth: depth + 2)
        }
    }

    /// Adds the begin of an array, whose elements have to be of one complete type.
    private mutating func addArray(of element: String, types: inout String, depth: Int) throws(BusError) {
        guard LibDBus.isSingleType("a\(element)") else {
            throw BusError(kind: .invalid, "there are no arrays of type '\(element)'")
        }
        types += "a"
        types += element
        try self.open(alignment: 4, depth: depth)
        try self.grow(by: 4, alignment: 4)
        switch element.utf8.first {
        case UInt8(ascii: "x"), UInt8(ascii: "t"), UInt8(ascii: "d"), UInt8(ascii: "("), UInt8(ascii: "{"):
            try self.grow(by: 0, alignment: 8)
        default:
            break
        }
    }

    private mutating func add(_ value: BusValue, declared: String, depth: Int) throws(BusError) {
        var types = ""
        try self.add(value, types: &types, depth: depth)
        guard types == declared else {
            throw BusError(kind: .invalid, "a value of type '\(types)' is where one of type '\(declared)' belongs")
        }
    }

    private mutating func add(text: String, type: String, to types: inout String) throws(BusError) {
        try self.add(bytes: 4 + text.utf8.count + 1, alignment: 4, type: type, to: &types)
    }

    private mutating func add(bytes: Int, type: String, to types: inout String) throws(BusError) {
        try self.add(bytes: bytes, alignment: bytes, type: type, to: &types)
    }

    private mutating func add(bytes: Int, alignment: Int, type: String, to types: inout String) throws(BusError) {
        types += type
        try self.grow(by: bytes, alignment: alignment)
    }

    private mutating func open(alignment: Int, depth: Int) throws(BusError) {
        guard depth < MessageLimits.depth else {
            throw BusError(kind: .invalid, "more than \(MessageLimits.depth) containers are within one another")
        }
        try self.grow(by: 0, alignment: alignment)
    }

    private mutating func grow(by bytes: Int, alignment: Int) throws(BusError) {
        self.size = (self.size + alignment - 1) / alignment * alignment + bytes
        guard self.size <= MessageLimits.bodySize else {
            throw BusError(kind: .invalid, "a message takes at most \(MessageLimits.bodySize) bytes")
        }
    }
}
