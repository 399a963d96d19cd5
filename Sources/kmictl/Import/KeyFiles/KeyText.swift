import DBusControl

/// The values of key files, whatever the format.
enum KeyText {
    /// The most that the daemon takes.
    static let longestSecret = 65_536

    /// The secret, if it can be one: visible ASCII, since it goes into a header.
    static func secret(_ text: SecretText, at place: String) throws(KeyFileError) -> SecretText {
        let isVisible = text.withBytes { $0.allSatisfy { (0x21...0x7E).contains($0) } }
        guard isVisible, (1...Self.longestSecret).contains(text.count) else {
            throw KeyFileError(place, "expected a key of visible ASCII characters without blanks")
        }
        return text
    }

    /// The address of a provider.
    static func base(_ text: String, at place: String) throws(KeyFileError) -> BaseAddress {
        do throws(KeyFileError) {
            return try KnownProvider.completed(try BaseAddress(text))
        } catch {
            throw KeyFileError(place, error.message)
        }
    }

    /// Sets the account to the first field that holds an e-mail address; a field of that name that holds something else is
    /// remarked (K-036).
    static func setAccount(of key: inout FoundKey, _ fields: [(name: String, value: SecretText)]) {
        for field in fields {
            let text = field.value.plain
            if EmailText.isValid(text) {
                key.account = text
                return
            }
            if field.name.lowercased().hasSuffix("email"), !text.isEmpty {
                key.remarks.append("\(field.name) is no e-mail address and is left out")
            }
        }
    }
}
