import CDBus

/// A connection of libdbus and its only owner.
///
/// Not Sendable: it belongs to one thread, from its opening to its end. None of its functions waits but ``wait(until:)``.
final class BusLink {
    /// Hears of every message that arrives, from within ``dispatch()``.
    var onMessage: (BusMessage) -> Void = { _ in }

    private let connection: OpaquePointer
    private let watches: WatchSet

    /// How many messages are handed on before other work gets its turn.
    private static let maximumMessages = 64

    /// Connects to an address; authentication follows, by and by.
    init(_ address: String, wakeDescriptor: CInt) throws(BusError) {
        var error = DBusError()
        dbus_error_init(&error)
        defer { dbus_error_free(&error) }
        guard let connection = dbus_connection_open_private(address, &error) else {
            let reason = error.message.map { String(cString: $0) } ?? "no reason given"
            throw BusError(kind: .unreachable, "no connection to \(address): \(reason)")
        }
        self.connection = connection
        self.watches = WatchSet(wakeDescriptor: wakeDescriptor)
        // libdbus would end the process with the connection.
        dbus_connection_set_exit_on_disconnect(connection, 0)
        dbus_connection_set_max_message_size(connection, MessageLimits.messageSize)
        dbus_connection_set_max_message_unix_fds(connection, MessageLimits.descriptors)
        dbus_connection_set_max_received_size(connection, MessageLimits.receivedSize)
        dbus_connection_set_max_received_unix_fds(connection, MessageLimits.receivedDescriptors)
        let isFiltered = dbus_connection_add_filter(
            connection,
            { _, message, data in
                guard let message, let data else { return DBUS_HANDLER_RESULT_NOT_YET_HANDLED }
                let link = Unmanaged<BusLink>.fromOpaque(data).takeUnretainedValue()
                link.onMessage(BusMessage(sharing: message))
                // Nothing is left to libdbus, which would answer calls by itself.
                return DBUS_HANDLER_RESULT_HANDLED
            },
            // This object closes the connection before it goes.
            Unmanaged.passUnretained(self).toOpaque(),
            nil
        )
        guard isFiltered != 0, self.watches.attach(to: connection) else {
            throw BusError(kind: .limit, "libdbus has no memory for a connection")
        }
    }

    deinit {
        self.onMessage = { _ in }
        dbus_connection_close(self.connection)
        // Lets go of the message with which libdbus tells itself of the end.
        while dbus_connection_dispatch(self.connection) == DBUS_DISPATCH_DATA_REMAINS {}
        dbus_connection_unref(self.connection)
    }

    /// Whether the other side is still there.
    var isConnected: Bool { dbus_connection_get_is_connected(self.connection) != 0 }

    /// Whether something is still to be sent.
    var hasMessagesToSend: Bool { dbus_connection_has_messages_to_send(self.connection) != 0 }

    /// How many bytes are still to be sent.
    var outgoingSize: Int { dbus_connection_get_outgoing_size(self.connection) }

    /// Queues a message and gives its number.
    func send(_ message: BusMessage) throws(BusError) -> UInt32 {
        var serial: dbus_uint32_t = 0
        guard dbus_connection_send(self.connection, message.pointer, &serial) != 0 else {
            throw BusError(kind: .invalid, "the message cannot be sent: the bus passes no descriptors")
        }
        return serial
    }

    /// Hands on messages that have arrived; whether there are more.
    func dispatch() -> Bool {
        for _ in 0..<Self.maximumMessages {
            if dbus_connection_dispatch(self.connection) == DBUS_DISPATCH_COMPLETE { return false }
        }
        return true
    }

    /// Waits until there is something to read, to write or to do, or `deadline` comes.
    func wait(until deadline: ContinuousClock.Instant?, isReading: Bool) {
        self.watches.wait(until: deadline, isReading: isReading)
    }
}

@available(*, unavailable)
extension BusLink: Sendable {}
