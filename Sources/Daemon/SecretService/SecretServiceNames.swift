import DBusKit

/// The names of the Secret Service specification of freedesktop.org, version 0.2.
enum SecretServiceNames {
    /// The service on the session bus.
    static let bus: BusName = "org.freedesktop.secrets"
    /// The service itself.
    static let path: ObjectPath = "/org/freedesktop/secrets"
    /// What stands for no object.
    static let nothing: ObjectPath = "/"

    /// The service's interface.
    static let service: InterfaceName = "org.freedesktop.Secret.Service"
    /// That of a collection of entries, which is locked and unlocked as a whole.
    static let collection: InterfaceName = "org.freedesktop.Secret.Collection"
    /// That of an entry.
    static let item: InterfaceName = "org.freedesktop.Secret.Item"
    /// That of a question to a person.
    static let prompt: InterfaceName = "org.freedesktop.Secret.Prompt"

    static let openSession: MemberName = "OpenSession"
    static let readAlias: MemberName = "ReadAlias"
    static let searchItems: MemberName = "SearchItems"
    static let createItem: MemberName = "CreateItem"
    static let getSecret: MemberName = "GetSecret"
    static let delete: MemberName = "Delete"
    static let dismiss: MemberName = "Dismiss"

    /// The alias of the collection that new entries go to.
    static let defaultAlias = "default"
    /// The property of a collection that says whether it is locked.
    static let locked = "Locked"
    /// The property of an entry that people read.
    static let itemLabel = "org.freedesktop.Secret.Item.Label"
    /// The property of an entry that programs find it by.
    static let itemAttributes = "org.freedesktop.Secret.Item.Attributes"

    /// Only a person can let this be done.
    static let isLocked: ErrorName = "org.freedesktop.Secret.Error.IsLocked"
    /// The object is not there any more.
    static let noSuchObject: ErrorName = "org.freedesktop.Secret.Error.NoSuchObject"
    /// The way of agreeing on a key is not known.
    static let notSupported: ErrorName = "org.freedesktop.DBus.Error.NotSupported"

    static let properties: InterfaceName = "org.freedesktop.DBus.Properties"
    static let get: MemberName = "Get"

    /// The bus, which knows who has a name.
    static let messageBus: BusName = "org.freedesktop.DBus"
    static let messageBusPath: ObjectPath = "/org/freedesktop/DBus"
    static let messageBusInterface: InterfaceName = "org.freedesktop.DBus"
    static let getNameOwner: MemberName = "GetNameOwner"
    static let nameOwnerChanged: MemberName = "NameOwnerChanged"
}
