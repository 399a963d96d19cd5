import CDBus

/// One message of libdbus and its only owner.
///
/// Not Sendable: messages are made, sent and read on the thread of a connection.
final class BusMessage {
    /// What a message is.
    enum Kind {
        /// A call of a method.
        case call
        /// The values with which a method returned.
        case reply
        /// The error with which a method ended.
        case failure
        /// A signal.
        case signal
    }

    /// The message itself, owned by this object.
    let pointer: OpaquePointer

    /// Takes over a reference to a message.
    private init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    /// Shares a message that somebody else owns, such as one that a filter is given.
    init(sharing pointer: OpaquePointer) {
        self.pointer = dbus_message_ref(pointer)
    }

    deinit {
        dbus_message_unref(self.pointer)
    }

    // MARK: - What is sent

    /// Makes a call.
    static func call(_ call: OutgoingCall) throws(BusError) -> BusMessage {
        guard LibDBus.isBusName(call.destination.text), LibDBus.isPath(call.path.text),
            LibDBus.isMember(call.member.text), LibDBus.isInterface(call.interface.text)
        else { throw Self.invalidName }
        let made = dbus_message_new_method_call(
            call.destination.text,
            call.path.text,
            call.interface.text,
            call.member.text
        )
        let message = try Self.filled(made, call.body)
        dbus_message_set_auto_start(message.pointer, call.autoStart ? 1 : 0)
        dbus_message_set_allow_interactive_authorization(message.pointer, call.allowsInteraction ? 1 : 0)
        return message
    }

    /// Makes a signal.
    static func signal(_ signal: OutgoingSignal) throws(BusError) -> BusMessage {
        guard LibDBus.isPath(signal.path.text), LibDBus.isMember(signal.member.text),
            LibDBus.isInterface(signal.interface.text)
        else { throw Self.invalidName }
        let body = try MessageBody(signal.arguments)
        let made = dbus_message_new_signal(signal.path.text, signal.interface.text, signal.member.text)
        let message = try Self.filled(made, body)
        if let destination = signal.destination { try message.setDestination(destination) }
        return message
    }

    /// Makes the answer to a call: the values or the error that it ended with.
    static func answer(_ outcome: CallOutcome, to call: CallReference) throws(BusError) -> BusMessage {
        let message: BusMessage
        switch outcome {
        case .values(let values):
            let body = try MessageBody(values)
            message = try Self.filled(dbus_message_new(DBUS_MESSAGE_TYPE_METHOD_RETURN), body)
        case .failure(let error):
            guard LibDBus.isErrorName(error.name.text) else { throw Self.invalidName }
            // A message for people, of which nothing essential lies behind so many characters.
            let text = String(error.message.unicodeScalars.lazy.filter { $0 != "\0" }.prefix(8_192).map(Character.init))
            let body = try MessageBody([.string(text)])
            message = try Self.filled(dbus_message_new(DBUS_MESSAGE_TYPE_ERROR), body)
            guard dbus_message_set_error_name(message.pointer, error.name.text) != 0 else { throw Self.noMemory }
        }
        guard dbus_message_set_reply_serial(message.pointer, call.serial) != 0 else { throw Self.noMemory }
        dbus_message_set_no_reply(message.pointer, 1)
        if let caller = call.caller { try message.setDestination(caller) }
        return message
    }

    private func setDestination(_ name: BusName) throws(BusError) {
        guard LibDBus.isBusName(name.text) else { throw Self.invalidName }
        guard dbus_message_set_destination(self.pointer, name.text) != 0 else { throw Self.noMemory }
    }

    private static func filled(_ made: OpaquePointer?, _ body: MessageBody) throws(BusError) -> BusMessage {
        guard let made else { throw Self.noMemory }
        let message = BusMessage(owning: made)
        try MessageWriter.append(body, to: message.pointer)
        return message
    }

    private static var invalidName: BusError {
        BusError(kind: .invalid, "libdbus does not accept a name in the message")
    }
    private static var noMemory: BusError { BusError(kind: .limit, "libdbus has no memory for a message") }

    // MARK: - What is received

    /// What the message is; `nil` for kinds to come, which are to be ignored.
    var kind: Kind? {
        switch dbus_message_get_type(self.pointer) {
        case DBUS_MESSAGE_TYPE_METHOD_CALL: .call
        case DBUS_MESSAGE_TYPE_METHOD_RETURN: .reply
        case DBUS_MESSAGE_TYPE_ERROR: .failure
        case DBUS_MESSAGE_TYPE_SIGNAL: .signal
        default: nil
        }
    }

    /// The connection that sent it; the bus sees to it that this is true.
    var sender: BusName? { Self.text(dbus_message_get_sender(self.pointer)).flatMap { BusName($0) } }
    /// The object that is called, or that emits.
    var path: ObjectPath? { Self.text(dbus_message_get_path(self.pointer)).flatMap { ObjectPath($0) } }
    /// The interface of the method or signal.
    var interface: InterfaceName? { Self.text(dbus_message_get_interface(self.pointer)).flatMap { InterfaceName($0) } }
    /// The method or signal.
    var member: MemberName? { Self.text(dbus_message_get_member(self.pointer)).flatMap { MemberName($0) } }
    /// The name of an error.
    var errorName: ErrorName? { Self.text(dbus_message_get_error_name(self.pointer)).flatMap { ErrorName($0) } }
    /// The types of the arguments.
    var signature: Signature? { Self.text(dbus_message_get_signature(self.pointer)).flatMap { Signature($0) } }
    /// The number that an answer refers to.
    var serial: UInt32 { dbus_message_get_serial(self.pointer) }
    /// The number of the call that this is the answer to.
    var replySerial: UInt32 { dbus_message_get_reply_serial(self.pointer) }
    /// Whether the sender waits for an answer.
    var expectsReply: Bool { dbus_message_get_no_reply(self.pointer) == 0 }
    /// Whether the sender lets a person be asked for permission.
    var allowsInteraction: Bool { dbus_message_get_allow_interactive_authorization(self.pointer) != 0 }

    /// Reads the arguments; fails with `invalid` if they are too many or this library cannot hold them.
    func arguments() throws(BusError) -> [BusValue] {
        try MessageReader.arguments(of: self.pointer)
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String? {
        pointer.map { String(cString: $0) }
    }
}

@available(*, unavailable)
extension BusMessage: Sendable {}

/// What the answer to a call needs to know of it.
struct CallReference: Sendable {
    /// Who called.
    let caller: BusName?
    /// The caller's number of the call.
    let serial: UInt32
}
