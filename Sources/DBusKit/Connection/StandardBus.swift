/// The bus itself, as one of the connections on it (D-Bus specification, "Message Bus Specification").
enum StandardBus {
    static let name: BusName = "org.freedesktop.DBus"
    static let path: ObjectPath = "/org/freedesktop/DBus"
    static let interface: InterfaceName = "org.freedesktop.DBus"
    /// The interface of what libdbus itself tells of a connection.
    static let localInterface: InterfaceName = "org.freedesktop.DBus.Local"

    static let hello: MemberName = "Hello"
    static let addMatch: MemberName = "AddMatch"
    static let removeMatch: MemberName = "RemoveMatch"
    static let requestName: MemberName = "RequestName"
    static let releaseName: MemberName = "ReleaseName"
    static let nameHasOwner: MemberName = "NameHasOwner"
    static let getNameOwner: MemberName = "GetNameOwner"
    static let getConnectionUnixUser: MemberName = "GetConnectionUnixUser"
    static let nameLost: MemberName = "NameLost"
    static let nameOwnerChanged: MemberName = "NameOwnerChanged"

    /// The flag of `RequestName`: rather no name than to wait for it.
    static let doNotQueue: UInt32 = 4

    /// Whether the answer of `RequestName` says that the name is this connection's: now, or already.
    static func grantsName(_ answer: [BusValue]) -> Bool {
        answer == [.uint32(1)] || answer == [.uint32(4)]
    }

    /// The rule that tells of the owners of a name.
    static func ownerRule(of name: BusName) -> SignalRule {
        SignalRule(
            sender: self.name,
            path: self.path,
            interface: self.interface,
            member: self.nameOwnerChanged,
            argument0: name.text
        )
    }
}
