import CDBus

/// What libdbus itself has to say, apart from any connection.
enum LibDBus {
    /// Makes libdbus ready to be used by several threads, once.
    ///
    /// It only fails for lack of memory, which does not come to pass on Linux.
    static let isReady: Bool = {
        // Otherwise libdbus has the process ignore SIGPIPE. It does not need it: it sends with MSG_NOSIGNAL.
        dbus_connection_set_change_sigpipe(0)
        return dbus_threads_init_default() != 0
    }()

    /// Whether a text is one complete type.
    static func isSingleType(_ text: String) -> Bool { dbus_signature_validate_single(text, nil) != 0 }

    /// Whether a text is a signature: any number of complete types.
    static func isSignature(_ text: String) -> Bool { dbus_signature_validate(text, nil) != 0 }

    /// Whether a text is a path of an object.
    static func isPath(_ text: String) -> Bool { dbus_validate_path(text, nil) != 0 }

    /// Whether a text is a name of an interface.
    static func isInterface(_ text: String) -> Bool { dbus_validate_interface(text, nil) != 0 }

    /// Whether a text is a name of a method or signal.
    static func isMember(_ text: String) -> Bool { dbus_validate_member(text, nil) != 0 }

    /// Whether a text is a name of an error.
    static func isErrorName(_ text: String) -> Bool { dbus_validate_error_name(text, nil) != 0 }

    /// Whether a text is a name of a connection, unique or well-known.
    static func isBusName(_ text: String) -> Bool { dbus_validate_bus_name(text, nil) != 0 }
}
