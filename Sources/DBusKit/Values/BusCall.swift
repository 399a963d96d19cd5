/// A call of a method of an exported object.
public struct BusCall: Sendable, Equatable {
    /// The unique name of the caller's connection; `nil` where there is no bus in between.
    public var sender: BusName?
    /// The object that is called.
    public var path: ObjectPath
    /// The interface, found out if the caller named none.
    public var interface: InterfaceName
    /// The method.
    public var member: MemberName
    /// The arguments.
    public var arguments: [BusValue]
    /// Whether the caller lets a person be asked for permission, and waits for that (the message's flag
    /// ALLOW_INTERACTIVE_AUTHORIZATION).
    public var allowsInteraction: Bool

    /// Makes a call.
    public init(
        sender: BusName?,
        path: ObjectPath,
        interface: InterfaceName,
        member: MemberName,
        arguments: [BusValue],
        allowsInteraction: Bool = false
    ) {
        self.sender = sender
        self.path = path
        self.interface = interface
        self.member = member
        self.arguments = arguments
        self.allowsInteraction = allowsInteraction
    }
}
