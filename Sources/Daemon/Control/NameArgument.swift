import DBusControl

/// Names that callers of the control surface give.
enum NameArgument {
    /// Reads a name; the fault says what it cannot be.
    static func read<Name>(
        _ text: String?, _ what: String, _ read: (String) -> Name?
    ) throws(ControlFault) -> Name? {
        guard let text else { return nil }
        guard let name = read(text) else {
            throw ControlFault(.invalidArgument, "\"\(text.printable)\" can be no \(what).")
        }
        return name
    }
}
