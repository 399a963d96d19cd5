/// An argument of a method or a signal.
public struct ArgumentDescription: Sendable, Hashable {
    /// Its name, `lower_snake` by custom.
    public var name: String
    /// Its type, a single complete one.
    public var signature: Signature

    /// Describes an argument.
    public init(name: String, signature: Signature) {
        self.name = name
        self.signature = signature
    }
}
