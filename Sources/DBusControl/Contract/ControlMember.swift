public import DBusKit

/// A name that occurs in messages: a method, a property or a signal of one of the interfaces.
///
/// Each interface lists its members as cases of an enumeration, so that whoever decides something about all of them
/// does not compile when one is forgotten.
public protocol ControlMember: RawRepresentable<String>, CaseIterable, Hashable, Sendable {}

extension ControlMember {
    /// The name as messages carry it.
    public var member: MemberName {
        // Raw values are literals in this folder; one that is no member name is a bug of ours and traps in the first test.
        MemberName(stringLiteral: self.rawValue)
    }
}
