/// The name of a client of the proxy, under which its requests are accounted.
///
/// 1–64 of `[A-Za-z0-9._@+-]`, the first a letter or digit.
public struct ClientName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The name as it was given.
    public let text: String

    /// Takes a name; `nil` if it does not keep the rules.
    public init?(_ text: String) {
        guard IdentityText.isLabel(text) else { return nil }
        self.text = text
    }

    /// The name as it was given.
    public var description: String { self.text }

    /// Orders by the bytes of the names.
    public static func < (left: Self, right: Self) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}
