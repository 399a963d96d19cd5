import CDBus

/// The library that carries the messages.
public enum BusLibrary {
    /// The version of libdbus-1 that is in use, such as `1.14.10`.
    public static var version: String {
        var (major, minor, micro): (CInt, CInt, CInt) = (0, 0, 0)
        dbus_get_version(&major, &minor, &micro)
        return "\(major).\(minor).\(micro)"
    }
}
