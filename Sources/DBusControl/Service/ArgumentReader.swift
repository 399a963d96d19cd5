import DBusKit

/// Takes the arguments of a call one after the other.
///
/// Their types were checked against the interface's description before; what does not fit all the same is refused.
struct ArgumentReader {
    private var rest: ArraySlice<BusValue>

    init(_ call: BusCall) {
        self.rest = call.arguments[...]
    }

    /// The next argument as it is.
    mutating func value() throws(ControlFault) -> BusValue {
        guard let value = self.rest.popFirst() else { throw ControlFault(.invalidArgument, "an argument is missing") }
        return value
    }

    /// The next argument, a text.
    mutating func string() throws(ControlFault) -> String {
        guard let text = try self.value().asString else { throw ControlFault(.invalidArgument, "expected a text") }
        return text
    }

    /// The next argument: a label, or a provider's or client's name.
    ///
    /// `name` is the argument's own name, for the refusal.
    mutating func label(_ name: String) throws(ControlFault) -> String {
        let text = try self.string()
        try ControlText.checkLabel(text, name)
        return text
    }

    /// The next argument, a descriptor.
    mutating func descriptor() throws(ControlFault) -> OwnedDescriptor {
        guard let descriptor = try self.value().asDescriptor else {
            throw ControlFault(.invalidArgument, "expected a descriptor")
        }
        return descriptor
    }
}

extension BusError {
    /// The error reply for a refusal.
    init(_ fault: ControlFault) {
        self.init(fault.code.errorName, fault.message)
    }
}
