/// A property of an interface.
public struct PropertyDescription: Sendable, Hashable {
    /// What callers may do with a property; the raw values are those of introspection.
    public enum Access: String, Sendable, Hashable, CaseIterable {
        /// They may read it.
        case read = "read"
        /// They may read and set it.
        case readWrite = "readwrite"
    }

    /// How changes of a property are announced.
    ///
    /// The raw values are those of the annotation `org.freedesktop.DBus.Property.EmitsChangedSignal`.
    public enum Change: String, Sendable, Hashable, CaseIterable {
        /// With the new value.
        case announced = "true"
        /// Without it.
        case invalidates = "invalidates"
        /// It never changes.
        case const = "const"
        /// Not at all.
        case silent = "false"
    }

    /// Its name.
    public var name: MemberName
    /// Its type, a single complete one.
    public var signature: Signature
    /// What callers may do with it.
    public var access: Access
    /// How its changes are announced.
    public var change: Change

    /// Describes a property.
    public init(name: MemberName, signature: Signature, access: Access = .read, change: Change = .announced) {
        self.name = name
        self.signature = signature
        self.access = access
        self.change = change
    }
}
