/// A method of an interface.
public struct MethodDescription: Sendable, Hashable {
    /// Its name.
    public var name: MemberName
    /// What it takes.
    public var input: [ArgumentDescription]
    /// What it answers.
    public var output: [ArgumentDescription]

    /// Describes a method.
    public init(name: MemberName, input: [ArgumentDescription], output: [ArgumentDescription]) {
        self.name = name
        self.input = input
        self.output = output
    }

    /// The types of what it takes.
    var inputSignature: Signature { Signature(joining: self.input.map(\.signature)) }
    /// The types of what it answers.
    var outputSignature: Signature { Signature(joining: self.output.map(\.signature)) }
}
