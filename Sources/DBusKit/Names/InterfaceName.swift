/// The name of an interface, such as `org.freedesktop.DBus.Peer`: at most 255 bytes.
///
/// A literal that breaks the rules is a bug and traps; text from elsewhere goes through `init(_:)`. Given a literal, Swift
/// takes that as one too: `InterfaceName("…")` traps as well.
public struct InterfaceName: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The name as messages carry it.
    public let text: String

    /// The name if `text` keeps the rules of the D-Bus specification, else `nil`.
    public init?(_ text: String) {
        guard NameGrammar.isInterface(text) else { return nil }
        self.text = text
    }

    /// The name; traps if `value` breaks the rules.
    public init(stringLiteral value: String) {
        self.text = NameGrammar.literal(value, isValid: NameGrammar.isInterface(value), as: "interface name")
    }

    /// The name as messages carry it.
    public var description: String { self.text }
}
