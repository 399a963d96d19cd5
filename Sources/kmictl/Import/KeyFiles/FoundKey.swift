import DBusControl

/// A key that a file holds.
struct FoundKey: Sendable {
    /// The secret.
    var secret: SecretText
    /// What it is to be called, as the file has it: any text.
    var label: String
    /// Where its provider is.
    var base: BaseAddress
    /// The kind of its provider, should the daemon not know that yet.
    var kind: String
    /// The provider's name in the file; `nil` where it has none.
    var entry: String?
    /// Higher ones are chosen first.
    var priority: Int32 = 0
    /// Whether it is to take part at once.
    var isEnabled = true
    /// The e-mail address of an explicit field.
    var account: String?
    /// What a person should know beside.
    var remarks: [String] = []
}

/// What was found at one place of a file.
enum KeyFinding: Sendable {
    /// A key.
    case key(FoundKey)
    /// Nothing to import, why, and what to do about it (empty for nothing).
    case passed(reason: String, advice: String)
}
