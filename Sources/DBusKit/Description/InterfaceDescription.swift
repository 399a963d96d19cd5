/// An interface of an object: what can be called, read, set and heard.
public struct InterfaceDescription: Sendable, Hashable {
    /// Its name.
    public var name: InterfaceName
    /// Its methods.
    public var methods: [MethodDescription]
    /// Its properties.
    public var properties: [PropertyDescription]
    /// Its signals.
    public var signals: [SignalDescription]
    /// What it is for; for people, no message carries it.
    public var documentation: String?

    /// Describes an interface.
    public init(
        name: InterfaceName,
        methods: [MethodDescription] = [],
        properties: [PropertyDescription] = [],
        signals: [SignalDescription] = [],
        documentation: String? = nil
    ) {
        self.name = name
        self.methods = methods
        self.properties = properties
        self.signals = signals
        self.documentation = documentation
    }

    /// The method of a name.
    func method(_ name: MemberName) -> MethodDescription? { self.methods.first { $0.name == name } }

    /// The property of a name.
    func property(_ name: String) -> PropertyDescription? { self.properties.first { $0.name.text == name } }
}
