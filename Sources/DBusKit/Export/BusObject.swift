/// An object that other connections can call.
///
/// Its interfaces are asked for once, when it is exported. The standard interfaces (`Peer`, `Introspectable`,
/// `Properties`, `ObjectManager`) are served for it. Calls run beside one another.
public protocol BusObject: Sendable {
    /// What the object can do, the standard interfaces left out.
    var interfaces: [InterfaceDescription] { get }

    /// Runs one of the object's own methods; its arguments have the types that the description names, and so must have
    /// the answer.
    func call(_ call: BusCall) async throws(BusError) -> [BusValue]

    /// The values of all properties of one of the object's interfaces, by name and of the types described.
    func properties(of interface: InterfaceName) async throws(BusError) -> [String: BusValue]

    /// Sets a property that can be set, to a value of its type.
    func setProperty(
        _ name: MemberName, of interface: InterfaceName, to value: BusValue, by sender: BusName?
    ) async throws(BusError)

    /// Fails, with the error that the caller gets, if the caller may not do this.
    ///
    /// Asked before anything else about a call, so that `call` may name a member that does not exist, and its arguments
    /// are as they came. Calls of the standard interfaces are asked about too and then name those; only `Peer`, which
    /// tells nothing that is worth hiding, is free. An object is also asked about what is below it and is no object
    /// itself: `Introspect` tells the names of the objects there, and an error whether there is one.
    func authorise(_ call: BusCall) async throws(BusError)
}

extension BusObject {
    /// No values.
    public func properties(of interface: InterfaceName) async throws(BusError) -> [String: BusValue] { [:] }

    /// Refuses: nothing can be set.
    public func setProperty(
        _ name: MemberName, of interface: InterfaceName, to value: BusValue, by sender: BusName?
    ) async throws(BusError) {
        throw BusError(.propertyReadOnly, "\(name) cannot be set")
    }

    /// Allows everything to everybody.
    public func authorise(_ call: BusCall) async throws(BusError) {}
}
