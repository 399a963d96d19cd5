/// The bounds of one message and of what waits to be sent.
enum MessageLimits {
    /// The most bytes that the arguments of a message of ours may take.
    static let bodySize = 3 << 20
    /// The largest message that is received: a larger one ends the connection.
    ///
    /// A system bus passes on messages of up to so many bytes (`max_message_size` of dbus-daemon(1)), so that no user of
    /// it can end the connections of others.
    static let messageSize = 32 << 20
    /// The most bytes of received messages that wait to be looked at before no more is read.
    static let receivedSize = 16 << 20
    /// The most descriptors in one message.
    static let descriptors = 16
    /// The most descriptors in received messages that wait to be looked at before no more is read.
    static let receivedDescriptors = 256
    /// The most values, those in containers included, that are read out of one message.
    ///
    /// A value takes far more memory than its byte in the message.
    static let values = 1 << 18
    /// The most containers within one another (D-Bus specification, "Valid Signatures": 32 arrays and 32 structures;
    /// variants count here as well, as libdbus counts them).
    static let depth = 64
    /// How many bytes may wait to be sent before signals are dropped and calls refused, and no more calls are read.
    static let outgoingSize = 16 << 20
}
