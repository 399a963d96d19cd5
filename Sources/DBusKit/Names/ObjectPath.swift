/// The path of an object, such as `/org/freedesktop/DBus`.
///
/// A literal that breaks the rules is a bug and traps; text from elsewhere goes through `init(_:)`. Given a literal, Swift
/// takes that as one too: `ObjectPath("…")` traps as well.
public struct ObjectPath: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The path as messages carry it.
    public let text: String

    /// The path if `text` keeps the rules of the D-Bus specification, else `nil`.
    public init?(_ text: String) {
        guard NameGrammar.isPath(text) else { return nil }
        self.text = text
    }

    /// The path; traps if `value` breaks the rules.
    public init(stringLiteral value: String) {
        self.text = NameGrammar.literal(value, isValid: NameGrammar.isPath(value), as: "object path")
    }

    /// A path that is known to keep the rules.
    init(unchecked text: String) {
        self.text = text
    }

    /// The path as messages carry it.
    public var description: String { self.text }
}
