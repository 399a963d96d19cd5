/// Which signals are wanted: those that agree with everything that is not `nil`.
public struct SignalRule: Sendable, Hashable {
    /// The connection that sends; a well-known name stands for whoever owns it at the time.
    public var sender: BusName?
    /// The object that is spoken of.
    public var path: ObjectPath?
    /// The interface that defines the signal.
    public var interface: InterfaceName?
    /// The signal's name.
    public var member: MemberName?
    /// The first argument, a text.
    public var argument0: String?

    /// Makes a rule.
    public init(
        sender: BusName? = nil,
        path: ObjectPath? = nil,
        interface: InterfaceName? = nil,
        member: MemberName? = nil,
        argument0: String? = nil
    ) {
        self.sender = sender
        self.path = path
        self.interface = interface
        self.member = member
        self.argument0 = argument0
    }
}
