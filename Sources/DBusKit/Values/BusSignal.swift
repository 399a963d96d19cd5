/// A signal that has come.
public struct BusSignal: Sendable, Equatable {
    /// The unique name of the connection that sent it.
    public var sender: BusName?
    /// The object that it speaks of.
    public var path: ObjectPath
    /// The interface that defines it.
    public var interface: InterfaceName
    /// Its name.
    public var member: MemberName
    /// What it tells.
    public var arguments: [BusValue]
    /// How many signals were lost just before it because nobody fetched them in time.
    public var missed: Int

    /// Makes a signal.
    public init(
        sender: BusName?,
        path: ObjectPath,
        interface: InterfaceName,
        member: MemberName,
        arguments: [BusValue],
        missed: Int = 0
    ) {
        self.sender = sender
        self.path = path
        self.interface = interface
        self.member = member
        self.arguments = arguments
        self.missed = missed
    }
}
