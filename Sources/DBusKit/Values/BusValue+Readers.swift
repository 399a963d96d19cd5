extension BusValue {
    /// The byte, `nil` for values of other types.
    public var asByte: UInt8? { if case .byte(let value) = self { value } else { nil } }
    /// The truth value, `nil` for values of other types.
    public var asBoolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
    /// The number, `nil` for values of other types.
    public var asInt32: Int32? { if case .int32(let value) = self { value } else { nil } }
    /// The number, `nil` for values of other types.
    public var asUInt32: UInt32? { if case .uint32(let value) = self { value } else { nil } }
    /// The number, `nil` for values of other types.
    public var asInt64: Int64? { if case .int64(let value) = self { value } else { nil } }
    /// The number, `nil` for values of other types.
    public var asUInt64: UInt64? { if case .uint64(let value) = self { value } else { nil } }
    /// The number, `nil` for values of other types.
    public var asDouble: Double? { if case .double(let value) = self { value } else { nil } }
    /// The text, `nil` for values of other types.
    public var asString: String? { if case .string(let value) = self { value } else { nil } }
    /// The path, `nil` for values of other types.
    public var asPath: ObjectPath? { if case .path(let value) = self { value } else { nil } }
    /// The descriptor, `nil` for values of other types.
    public var asDescriptor: OwnedDescriptor? { if case .descriptor(let value) = self { value } else { nil } }
    /// The elements of an array that is no dictionary, `nil` for values of other types.
    public var asArray: [BusValue]? { if case .array(_, let elements) = self { elements } else { nil } }
    /// The fields of a structure, `nil` for values of other types.
    public var asStructure: [BusValue]? { if case .structure(let fields) = self { fields } else { nil } }
    /// The value inside a variant, `nil` for values of other types.
    public var asVariant: BusValue? { if case .variant(let value) = self { value } else { nil } }

    /// A dictionary whose keys are texts, `nil` for values of other types.
    ///
    /// The values of an `a{sv}` come without their variants. Of entries with the same key the last one counts.
    public var asDictionary: [String: BusValue]? {
        guard case .dictionary(let key, _, let entries) = self, key == "s" else { return nil }
        var dictionary: [String: BusValue] = [:]
        dictionary.reserveCapacity(entries.count)
        for entry in entries {
            guard let name = entry.key.asString else { return nil }
            dictionary[name] = entry.value.asVariant ?? entry.value
        }
        return dictionary
    }
}
