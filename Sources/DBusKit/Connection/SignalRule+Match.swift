extension SignalRule {
    /// The rule for the bus (D-Bus specification, "Match Rules").
    var text: String {
        var parts = ["type='signal'"]
        if let sender = self.sender { parts.append("sender=\(Self.quoted(sender.text))") }
        if let path = self.path { parts.append("path=\(Self.quoted(path.text))") }
        if let interface = self.interface { parts.append("interface=\(Self.quoted(interface.text))") }
        if let member = self.member { parts.append("member=\(Self.quoted(member.text))") }
        if let argument0 = self.argument0 { parts.append("arg0=\(Self.quoted(argument0))") }
        return parts.joined(separator: ",")
    }

    /// Within apostrophes everything stands for itself but the apostrophe, which is escaped outside of them.
    private static func quoted(_ value: String) -> String {
        "'\(value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#))'"
    }

    /// Whether a signal is wanted, the sender apart.
    func accepts(path: ObjectPath, interface: InterfaceName, member: MemberName) -> Bool {
        self.path.map { $0 == path } ?? true && self.interface.map { $0 == interface } ?? true
            && self.member.map { $0 == member } ?? true
    }

    /// Whether a signal's first argument is the wanted one.
    func accepts(_ arguments: [BusValue]) -> Bool {
        guard let wanted = self.argument0 else { return true }
        // By bytes, as the bus compares: equal strings of Swift may have different ones.
        guard case .string(let text) = arguments.first else { return false }
        return text.utf8.elementsEqual(wanted.utf8)
    }
}
