/// The name of a connection on a bus: unique (`:1.42`) or well-known (`org.freedesktop.DBus`).
///
/// A literal that breaks the rules is a bug and traps; text from elsewhere goes through `init(_:)`. Given a literal, Swift
/// takes that as one too: `BusName("…")` traps as well.
public struct BusName: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The name as messages carry it.
    public let text: String

    /// The name if `text` keeps the rules of the D-Bus specification, else `nil`.
    public init?(_ text: String) {
        guard NameGrammar.isBus(text) else { return nil }
        self.text = text
    }

    /// The name; traps if `value` breaks the rules.
    public init(stringLiteral value: String) {
        self.text = NameGrammar.literal(value, isValid: NameGrammar.isBus(value), as: "bus name")
    }

    /// The name as messages carry it.
    public var description: String { self.text }

    /// Whether the bus has given the name to one connection, for ever.
    public var isUnique: Bool { self.text.utf8.first == UInt8(ascii: ":") }
}
