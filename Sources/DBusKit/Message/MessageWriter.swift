import CDBus
import Glibc

/// Appends checked values to a message.
enum MessageWriter {
    private typealias Iterator = UnsafeMutablePointer<DBusMessageIter>

    /// Appends the arguments to a message that has none yet.
    static func append(_ body: MessageBody, to message: OpaquePointer) throws(BusError) {
        guard !body.values.isEmpty else { return }
        var iterator = DBusMessageIter()
        dbus_message_iter_init_append(message, &iterator)
        for value in body.values { try Self.append(value, &iterator) }
    }

    private static func append(_ value: BusValue, _ iterator: Iterator) throws(BusError) {
        switch value {
        case .byte(let number): try Self.appendBasic(number, TypeCode.byte, iterator)
        // libdbus ends the process for any other number than these two.
        case .boolean(let flag): try Self.appendBasic(dbus_bool_t(flag ? 1 : 0), TypeCode.boolean, iterator)
        case .int16(let number): try Self.appendBasic(number, TypeCode.int16, iterator)
        case .uint16(let number): try Self.appendBasic(number, TypeCode.uint16, iterator)
        case .int32(let number): try Self.appendBasic(number, TypeCode.int32, iterator)
        case .uint32(let number): try Self.appendBasic(number, TypeCode.uint32, iterator)
        case .int64(let number): try Self.appendBasic(number, TypeCode.int64, iterator)
        case .uint64(let number): try Self.appendBasic(number, TypeCode.uint64, iterator)
        case .double(let number): try Self.appendBasic(number, TypeCode.double, iterator)
        case .string(let text): try Self.appendText(text, TypeCode.string, iterator)
        case .path(let path):
            guard LibDBus.isPath(path.text) else { throw BusError(kind: .invalid, "libdbus does not accept a path") }
            try Self.appendText(path.text, TypeCode.path, iterator)
        case .signature(let signature):
            guard LibDBus.isSignature(signature.text) else {
                throw BusError(kind: .invalid, "libdbus does not accept a signature")
            }
            try Self.appendText(signature.text, TypeCode.signature, iterator)
        case .descriptor(let descriptor): try Self.append(descriptor, iterator)
        case .array(let element, let values):
            try Self.append(iterator, TypeCode.array, of: element.text) { content throws(BusError) in
                for value in values { try Self.append(value, content) }
            }
        case .dictionary(let key, let value, let entries):
            try Self.append(iterator, TypeCode.array, of: "{\(key.text)\(value.text)}") { content throws(BusError) in
                for entry in entries {
                    try Self.append(content, TypeCode.entry, of: nil) { content throws(BusError) in
                        try Self.append(entry.key, content)
                        try Self.append(entry.value, content)
                    }
                }
            }
        case .structure(let values):
            try Self.append(iterator, TypeCode.structure, of: nil) { content throws(BusError) in
                for value in values { try Self.append(value, content) }
            }
        case .variant(let value):
            try Self.append(iterator, TypeCode.variant, of: value.signature.text) { content throws(BusError) in
                try Self.append(value, content)
            }
        }
    }

    private static func append(
        _ iterator: Iterator,
        _ type: CInt,
        of contained: String?,
        _ fill: (Iterator) throws(BusError) -> Void
    ) throws(BusError) {
        var content = DBusMessageIter()
        guard dbus_message_iter_open_container(iterator, type, contained, &content) != 0 else { throw Self.noMemory }
        do {
            try fill(&content)
        } catch {
            dbus_message_iter_abandon_container(iterator, &content)
            throw error
        }
        guard dbus_message_iter_close_container(iterator, &content) != 0 else { throw Self.noMemory }
    }

    private static func appendBasic<Number: BitwiseCopyable>(
        _ number: Number,
        _ type: CInt,
        _ iterator: Iterator
    ) throws(BusError) {
        let isAppended = withUnsafePointer(to: number) { dbus_message_iter_append_basic(iterator, type, $0) }
        guard isAppended != 0 else { throw Self.noMemory }
    }

    private static func appendText(_ text: String, _ type: CInt, _ iterator: Iterator) throws(BusError) {
        let isAppended = text.withCString { characters in
            withUnsafePointer(to: characters) { dbus_message_iter_append_basic(iterator, type, $0) }
        }
        guard isAppended != 0 else { throw Self.noMemory }
    }

    // libdbus puts a copy of the descriptor into the message.
    private static func append(_ descriptor: OwnedDescriptor, _ iterator: Iterator) throws(BusError) {
        let isAppended = descriptor.withDescriptor { number in
            guard number >= 0, fcntl(number, F_GETFD) >= 0 else { return dbus_bool_t(0) }
            return withUnsafePointer(to: number) {
                dbus_message_iter_append_basic(iterator, TypeCode.descriptor, $0)
            }
        }
        guard isAppended != 0 else { throw BusError(kind: .invalid, "a descriptor is closed, or there are too many") }
    }

    private static var noMemory: BusError { BusError(kind: .limit, "libdbus has no memory for a message") }
}
