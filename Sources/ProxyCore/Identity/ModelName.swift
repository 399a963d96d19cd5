/// The name of a model or an alias, as callers and providers spell it.
///
/// 1–256 visible ASCII characters; dots, slashes and colons are common.
public struct ModelName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The name as it was given.
    public let text: String

    /// Takes a name; `nil` if it does not keep the rules.
    public init?(_ text: String) {
        guard IdentityText.isVisibleASCII(text, maximum: 256) else { return nil }
        self.text = text
    }

    /// The name as it was given.
    public var description: String { self.text }

    /// Orders by the bytes of the names.
    public static func < (left: Self, right: Self) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}
