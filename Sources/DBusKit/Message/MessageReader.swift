import CDBus

/// Reads the values of a received message, which libdbus has checked.
struct MessageReader {
    private var remaining = MessageLimits.values

    /// Reads all arguments; fails with `invalid` if they are too many or this library cannot hold them.
    static func arguments(of message: OpaquePointer) throws(BusError) -> [BusValue] {
        var iterator = DBusMessageIter()
        guard dbus_message_iter_init(message, &iterator) != 0 else { return [] }
        var reader = MessageReader()
        return try reader.values(&iterator)
    }

    private mutating func values(_ iterator: inout DBusMessageIter) throws(BusError) -> [BusValue] {
        var values: [BusValue] = []
        while dbus_message_iter_get_arg_type(&iterator) != TypeCode.end {
            values.append(try self.value(&iterator))
            _ = dbus_message_iter_next(&iterator)
        }
        return values
    }

    private mutating func value(_ iterator: inout DBusMessageIter) throws(BusError) -> BusValue {
        self.remaining -= 1
        guard self.remaining >= 0 else {
            throw BusError(kind: .invalid, "a message has more than \(MessageLimits.values) values")
        }
        switch dbus_message_iter_get_arg_type(&iterator) {
        case TypeCode.byte: return .byte(Self.number(&iterator, 0))
        case TypeCode.boolean: return .boolean(Self.number(&iterator, dbus_bool_t(0)) != 0)
        case TypeCode.int16: return .int16(Self.number(&iterator, 0))
        case TypeCode.uint16: return .uint16(Self.number(&iterator, 0))
        case TypeCode.int32: return .int32(Self.number(&iterator, 0))
        case TypeCode.uint32: return .uint32(Self.number(&iterator, 0))
        case TypeCode.int64: return .int64(Self.number(&iterator, 0))
        case TypeCode.uint64: return .uint64(Self.number(&iterator, 0))
        case TypeCode.double: return .double(Self.number(&iterator, 0))
        case TypeCode.string: return .string(Self.text(&iterator))
        case TypeCode.path:
            guard let path = ObjectPath(Self.text(&iterator)) else { throw Self.unknown("path") }
            return .path(path)
        case TypeCode.signature: return .signature(try Self.signature(Self.text(&iterator)))
        case TypeCode.descriptor:
            // libdbus makes a copy for each reading, which belongs to the reader; none if there are too many.
            let descriptor = Self.number(&iterator, CInt(-1))
            guard descriptor >= 0 else { throw BusError(kind: .invalid, "a descriptor cannot be taken over") }
            return .descriptor(OwnedDescriptor(owning: descriptor))
        case TypeCode.array:
            let isDictionary = dbus_message_iter_get_element_type(&iterator) == TypeCode.entry
            return isDictionary ? try self.dictionary(&iterator) : try self.array(&iterator)
        case TypeCode.structure:
            var content = DBusMessageIter()
            dbus_message_iter_recurse(&iterator, &content)
            return .structure(try self.values(&content))
        case TypeCode.variant:
            var content = DBusMessageIter()
            dbus_message_iter_recurse(&iterator, &content)
            return .variant(try self.value(&content))
        case let code:
            throw Self.unknown("type \(code)")
        }
    }

    private mutating func array(_ iterator: inout DBusMessageIter) throws(BusError) -> BusValue {
        let type = try Self.type(&iterator)
        var content = DBusMessageIter()
        dbus_message_iter_recurse(&iterator, &content)
        return .array(of: try Self.signature(type.dropFirst()), try self.values(&content))
    }

    private mutating func dictionary(_ iterator: inout DBusMessageIter) throws(BusError) -> BusValue {
        // "a{", a key of one character, the value's type, "}".
        let type = try Self.type(&iterator)
        let key = try Self.signature(type.dropFirst(2).prefix(1))
        let value = try Self.signature(type.dropFirst(3).dropLast())
        var entries: [BusEntry] = []
        var content = DBusMessageIter()
        dbus_message_iter_recurse(&iterator, &content)
        while dbus_message_iter_get_arg_type(&content) != TypeCode.end {
            var entry = DBusMessageIter()
            dbus_message_iter_recurse(&content, &entry)
            let first = try self.value(&entry)
            _ = dbus_message_iter_next(&entry)
            entries.append(BusEntry(key: first, value: try self.value(&entry)))
            _ = dbus_message_iter_next(&content)
        }
        return .dictionary(key: key, value: value, entries)
    }

    /// The type of the value that is next.
    private static func type(_ iterator: inout DBusMessageIter) throws(BusError) -> String {
        guard let text = dbus_message_iter_get_signature(&iterator) else {
            throw BusError(kind: .limit, "libdbus has no memory to read a message")
        }
        defer { dbus_free(text) }
        return String(cString: text)
    }

    /// `Number` is the type that libdbus writes for the type of the value that is next.
    private static func number<Number: BitwiseCopyable>(_ iterator: inout DBusMessageIter, _ zero: Number) -> Number {
        var number = zero
        dbus_message_iter_get_basic(&iterator, &number)
        return number
    }

    private static func text(_ iterator: inout DBusMessageIter) -> String {
        var characters: UnsafePointer<CChar>?
        dbus_message_iter_get_basic(&iterator, &characters)
        return characters.map { String(cString: $0) } ?? ""
    }

    private static func signature(_ text: some StringProtocol) throws(BusError) -> Signature {
        guard let signature = Signature(String(text)) else { throw Self.unknown("signature") }
        return signature
    }

    private static func unknown(_ what: String) -> BusError {
        BusError(kind: .invalid, "a message holds a \(what) that this library does not know")
    }
}
