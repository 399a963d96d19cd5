/// A signal of an interface.
public struct SignalDescription: Sendable, Hashable {
    /// Its name.
    public var name: MemberName
    /// What it tells.
    public var arguments: [ArgumentDescription]

    /// Describes a signal.
    public init(name: MemberName, arguments: [ArgumentDescription]) {
        self.name = name
        self.arguments = arguments
    }
}
