/// A method call as it came off the wire.
struct IncomingCall: Sendable {
    /// The unique name of the caller's connection.
    let sender: BusName?
    /// The object that is called.
    let path: ObjectPath
    /// The interface, which callers may leave out.
    let interface: InterfaceName?
    /// The method.
    let member: MemberName
    /// The types of the arguments.
    let signature: Signature
    /// The arguments.
    let arguments: [BusValue]
    /// Whether the caller waits for an answer.
    let expectsReply: Bool
    /// Whether the caller lets a person be asked for permission.
    var allowsInteraction = false
}

/// How a call ended.
enum CallOutcome: Sendable, Equatable {
    /// With an answer.
    case values([BusValue])
    /// With an error.
    case failure(BusError)
}
