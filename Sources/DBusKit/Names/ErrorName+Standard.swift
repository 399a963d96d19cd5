/// The errors that the specification and the reference implementation name.
extension ErrorName {
    /// Something went wrong for which there is no better name.
    public static let failed: ErrorName = "org.freedesktop.DBus.Error.Failed"
    /// The interface has no such method.
    public static let unknownMethod: ErrorName = "org.freedesktop.DBus.Error.UnknownMethod"
    /// There is no object at the path.
    public static let unknownObject: ErrorName = "org.freedesktop.DBus.Error.UnknownObject"
    /// The object has no such interface.
    public static let unknownInterface: ErrorName = "org.freedesktop.DBus.Error.UnknownInterface"
    /// The interface has no such property.
    public static let unknownProperty: ErrorName = "org.freedesktop.DBus.Error.UnknownProperty"
    /// The property cannot be set.
    public static let propertyReadOnly: ErrorName = "org.freedesktop.DBus.Error.PropertyReadOnly"
    /// The arguments are not what was expected.
    public static let invalidArgs: ErrorName = "org.freedesktop.DBus.Error.InvalidArgs"
    /// The caller may not do this.
    public static let accessDenied: ErrorName = "org.freedesktop.DBus.Error.AccessDenied"
    /// The caller may not do this unless a person agrees, whom the message did not allow to be asked.
    public static let interactionRequired: ErrorName = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"
    /// The other side has gone, or said nothing in time.
    public static let noReply: ErrorName = "org.freedesktop.DBus.Error.NoReply"
    /// Nobody has the name, and nobody can be started for it.
    public static let serviceUnknown: ErrorName = "org.freedesktop.DBus.Error.ServiceUnknown"
    /// Nobody has the name.
    public static let nameHasNoOwner: ErrorName = "org.freedesktop.DBus.Error.NameHasNoOwner"
    /// The time for something is over.
    public static let timeout: ErrorName = "org.freedesktop.DBus.Error.Timeout"
    /// The connection has ended.
    public static let disconnected: ErrorName = "org.freedesktop.DBus.Error.Disconnected"
    /// There are too many of something.
    public static let limitsExceeded: ErrorName = "org.freedesktop.DBus.Error.LimitsExceeded"
    /// Another object is at the path.
    public static let objectPathInUse: ErrorName = "org.freedesktop.DBus.Error.ObjectPathInUse"
}
