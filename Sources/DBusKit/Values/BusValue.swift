/// A value in a message (D-Bus specification, section "Type System").
public indirect enum BusValue: Sendable, Equatable {
    /// `y`
    case byte(UInt8)
    /// `b`
    case boolean(Bool)
    /// `n`
    case int16(Int16)
    /// `q`
    case uint16(UInt16)
    /// `i`
    case int32(Int32)
    /// `u`
    case uint32(UInt32)
    /// `x`
    case int64(Int64)
    /// `t`
    case uint64(UInt64)
    /// `d`
    case double(Double)
    /// `s`; without U+0000, which no message can carry.
    case string(String)
    /// `o`
    case path(ObjectPath)
    /// `g`
    case signature(Signature)
    /// `h`; equal to itself alone.
    case descriptor(OwnedDescriptor)
    /// `a…`: elements of one single complete type.
    case array(of: Signature, [BusValue])
    /// `a{…}`: entries of two single complete types, the first one without parts.
    case dictionary(key: Signature, value: Signature, [BusEntry])
    /// `(…)`; never empty.
    case structure([BusValue])
    /// `v`: a value of any type.
    case variant(BusValue)

    /// The type; one that no message can carry if the value is such a one.
    public var signature: Signature {
        switch self {
        case .byte: "y"
        case .boolean: "b"
        case .int16: "n"
        case .uint16: "q"
        case .int32: "i"
        case .uint32: "u"
        case .int64: "x"
        case .uint64: "t"
        case .double: "d"
        case .string: "s"
        case .path: "o"
        case .signature: "g"
        case .descriptor: "h"
        case .array(let element, _): Signature(unchecked: "a\(element)")
        case .dictionary(let key, let value, _): Signature(unchecked: "a{\(key)\(value)}")
        case .structure(let fields): Signature(unchecked: "(\(Signature(joining: fields.map(\.signature))))")
        case .variant: "v"
        }
    }

    /// An `a{sv}`, sorted by key.
    public static func variants(_ dictionary: [String: BusValue]) -> BusValue {
        .dictionary(key: "s", value: "v", BusEntry.sorted(dictionary) { .variant($0) })
    }

    /// An `as`.
    public static func strings(_ list: [String]) -> BusValue {
        .array(of: "s", list.map { .string($0) })
    }

    /// An `a{st}`, sorted by key.
    public static func counts(_ dictionary: [String: UInt64]) -> BusValue {
        .dictionary(key: "s", value: "t", BusEntry.sorted(dictionary) { .uint64($0) })
    }
}

/// A key of a dictionary with its value.
public struct BusEntry: Sendable, Equatable {
    /// The key, of a type without parts.
    public var key: BusValue
    /// The value.
    public var value: BusValue

    /// Makes an entry.
    public init(key: BusValue, value: BusValue) {
        self.key = key
        self.value = value
    }

    /// The entries of a dictionary with texts as keys, sorted by key.
    static func sorted<Value>(_ dictionary: [String: Value], _ convert: (Value) -> BusValue) -> [BusEntry] {
        dictionary.sorted { $0.key < $1.key }.map { BusEntry(key: .string($0.key), value: convert($0.value)) }
    }
}
