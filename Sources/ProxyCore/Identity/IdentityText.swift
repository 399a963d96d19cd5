/// The rules that names have to keep (contract section 3).
enum IdentityText {
    /// Whether `text` is a label: 1–64 of `[A-Za-z0-9._@+-]`, the first a letter or digit.
    static func isLabel(_ text: String) -> Bool {
        let bytes = text.utf8
        guard (1...64).contains(bytes.count), let first = bytes.first, Self.isAlphanumeric(first) else { return false }
        return bytes.allSatisfy { Self.isAlphanumeric($0) || ".-_@+".utf8.contains($0) }
    }

    /// Whether `text` is 1 to `maximum` visible ASCII characters (0x21–0x7E).
    static func isVisibleASCII(_ text: String, maximum: Int) -> Bool {
        (1...maximum).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte.asciiLowercased)
    }
}
