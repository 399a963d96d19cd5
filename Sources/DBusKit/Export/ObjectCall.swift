/// A call of an object, and what it is held against.
struct ObjectCall: Sendable {
    /// The call, with its interface.
    let call: BusCall
    /// The types of its arguments.
    let signature: Signature
    /// The object; `nil` where there is an object manager alone, or nothing.
    let exported: ExportedObject?
    /// Whether there is nothing at the path that can be called: who may know is told so.
    let isVacant: Bool
    /// Everything that can be called at the path.
    let interfaces: [InterfaceDescription]
    /// Who has to allow the call.
    let authorisers: [any BusObject]

    /// Takes up a call; `nil` if there is nothing at its path, and nobody above it who decides about it.
    init?(_ call: IncomingCall, in tree: ObjectTree) {
        let exported = tree.object(at: call.path)
        let isManager = tree.isManager(call.path)
        let keeper = tree.keeper(of: call.path)
        guard keeper != nil || isManager else { return nil }
        let interfaces = tree.interfaces(at: call.path)
        // Callers who name no interface mean the first one that has the member.
        let interface =
            call.interface ?? interfaces.first { $0.method(call.member) != nil }?.name ?? interfaces.first?.name
            ?? StandardInterface.properties.name
        self.call = BusCall(
            sender: call.sender,
            path: call.path,
            interface: interface,
            member: call.member,
            arguments: call.arguments,
            allowsInteraction: call.allowsInteraction
        )
        self.signature = call.signature
        self.exported = exported
        self.interfaces = interfaces
        let isIntrospection = interface == StandardInterface.introspectable.name
        self.isVacant = exported == nil && !isManager && !(isIntrospection && tree.isKnown(call.path))
        // Without an object of its own, a manager tells what each of its objects lets the caller see.
        self.authorisers = keeper.map { [$0.object] } ?? tree.objects(below: call.path).map(\.object)
    }

    /// Asks whether the caller may do this.
    func authorise() async throws(BusError) {
        for object in self.authorisers { try await object.authorise(self.call) }
    }

    /// The method that is called, if there is one and the arguments are what it takes.
    func checkedMethod() throws(BusError) -> MethodDescription {
        guard let interface = self.interfaces.first(where: { $0.name == self.call.interface }) else {
            throw BusError(.unknownInterface, "the object has no interface \(self.call.interface)")
        }
        return try Self.checkedMethod(self.call.member, self.signature, of: interface)
    }

    /// A method of an interface, if there is one and the arguments are what it takes.
    static func checkedMethod(
        _ member: MemberName, _ signature: Signature, of interface: InterfaceDescription
    ) throws(BusError) -> MethodDescription {
        guard let method = interface.method(member) else {
            throw BusError(.unknownMethod, "\(interface.name) has no method \(member)")
        }
        guard signature == method.inputSignature else {
            let expected = method.input.map { "\($0.name): \($0.signature)" }.joined(separator: ", ")
            throw BusError(.invalidArgs, "\(member) takes (\(expected)), and got (\(signature))")
        }
        return method
    }

    /// Runs one of the object's own methods.
    func perform(_ method: MethodDescription, of exported: ExportedObject) async throws(BusError) -> [BusValue] {
        let values = try await exported.object.call(self.call)
        let type = Signature(joining: values.map(\.signature))
        guard type == method.outputSignature else {
            throw BusError(
                .failed, "\(self.call.interface).\(method.name) answers (\(type)) and not (\(method.outputSignature))")
        }
        return values
    }

    // MARK: - Properties

    /// The property that the first two arguments name: of the first interface that has it, if they name none.
    func property() throws(BusError) -> (interface: InterfaceName, property: PropertyDescription) {
        let wanted = try self.wantedInterfaces()
        guard self.call.arguments.count >= 2, let name = self.call.arguments[1].asString else {
            throw BusError(.invalidArgs, "expected the name of a property")
        }
        for interface in wanted {
            if let property = interface.property(name) { return (interface.name, property) }
        }
        throw BusError(.unknownProperty, "there is no such property")
    }

    /// The interfaces that the first argument means: the one it names, or all if it is empty.
    func wantedInterfaces() throws(BusError) -> [InterfaceDescription] {
        guard let name = self.call.arguments.first?.asString else {
            throw BusError(.invalidArgs, "expected the name of an interface")
        }
        if name.isEmpty { return self.interfaces }
        guard let interface = self.interfaces.first(where: { $0.name.text == name }) else {
            throw BusError(.unknownInterface, "the object has no such interface")
        }
        return [interface]
    }

    /// Sets the property that the arguments name.
    func setProperty() async throws(BusError) {
        let (interface, property) = try self.property()
        guard property.access == .readWrite else {
            throw BusError(.propertyReadOnly, "\(interface).\(property.name) cannot be set")
        }
        guard self.call.arguments.count == 3, let value = self.call.arguments[2].asVariant else {
            throw BusError(.invalidArgs, "expected a value")
        }
        let type = value.signature
        guard type == property.signature else {
            throw BusError(.invalidArgs, "\(property.name) is of type \(property.signature), and got \(type)")
        }
        // Only an object's own interfaces have properties.
        try await self.exported?.object.setProperty(property.name, of: interface, to: value, by: self.call.sender)
    }
}
