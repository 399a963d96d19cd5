/// The types of values in a message: any number of single complete types, such as `sa{sv}` (at most 255 bytes).
///
/// D-Bus specification, section "Type System"; at most 32 arrays and 32 structures within one another, where an entry
/// of a dictionary counts as a structure.
///
/// A literal that breaks the rules is a bug and traps; text from elsewhere goes through `init(_:)`. Given a literal, Swift
/// takes that as one too: `Signature("…")` traps as well.
public struct Signature: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The signature as messages carry it.
    public let text: String

    /// The signature if `text` keeps the rules of the D-Bus specification, else `nil`.
    public init?(_ text: String) {
        guard SignatureReader.ends(of: text) != nil else { return nil }
        self.text = text
    }

    /// The signature; traps if `value` breaks the rules.
    public init(stringLiteral value: String) {
        self.text = NameGrammar.literal(value, isValid: SignatureReader.ends(of: value) != nil, as: "signature")
    }

    /// A signature that keeps the rules if the values it describes do.
    init(unchecked text: String) {
        self.text = text
    }

    /// The signatures of several values in a row.
    init(joining signatures: some Sequence<Signature>) {
        self.text = signatures.map(\.text).joined()
    }

    /// The signature as messages carry it.
    public var description: String { self.text }

    /// The single complete types, in their order.
    public var types: [Signature] {
        let bytes = Array(self.text.utf8)
        var begin = 0
        return (SignatureReader.ends(of: self.text) ?? []).map { end in
            defer { begin = end }
            return Signature(unchecked: String(decoding: bytes[begin..<end], as: UTF8.self))
        }
    }

    /// Whether this is one single complete type, as each value has it.
    public var isSingle: Bool { SignatureReader.ends(of: self.text)?.count == 1 }

    /// Whether this is one type without parts, as keys of dictionaries have it.
    public var isBasic: Bool {
        guard let code = self.text.utf8.first, self.text.utf8.count == 1 else { return false }
        return SignatureReader.isBasic(code)
    }

    /// Whether this keeps the rules, for one that was put together without a check.
    var isValid: Bool { SignatureReader.ends(of: self.text) != nil }
}
