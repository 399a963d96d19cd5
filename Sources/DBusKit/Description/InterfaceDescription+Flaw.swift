extension InterfaceDescription {
    /// What is wrong with the description, `nil` if nothing is: names that occur twice, types that are not single ones.
    var flaw: String? {
        self.repeatedName.map { "\(self.name) describes \($0) twice" }
            ?? self.wrongType.map { "\(self.name).\($0) has a type that no value can have" }
    }

    private var repeatedName: MemberName? {
        Self.repeated(self.methods.map(\.name)) ?? Self.repeated(self.properties.map(\.name))
            ?? Self.repeated(self.signals.map(\.name))
    }

    private var wrongType: MemberName? {
        self.methods.first { !Self.areValid($0.input) || !Self.areValid($0.output) }?.name
            ?? self.properties.first { !$0.signature.isSingle }?.name
            ?? self.signals.first { !Self.areValid($0.arguments) }?.name
    }

    private static func repeated(_ names: [MemberName]) -> MemberName? {
        var seen: Set<MemberName> = []
        return names.first { !seen.insert($0).inserted }
    }

    private static func areValid(_ arguments: [ArgumentDescription]) -> Bool {
        arguments.allSatisfy(\.signature.isSingle) && Signature(joining: arguments.map(\.signature)).isValid
    }
}
