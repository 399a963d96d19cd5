/// Tells whether a text is an e-mail address in the common form: what an account is called, never where mail is sent.
public enum EmailAddress {
    /// Whether it is `LOCAL@DOMAIN`: a dot-atom of at most 64 characters (RFC 5322 §3.2.3) and a host name of at least two
    /// labels, 254 characters in all (RFC 5321 §4.5.3.1).
    public static func isValid(_ text: String) -> Bool {
        guard text.utf8.count <= 254 else { return false }
        let parts = text.utf8.split(separator: 0x40, omittingEmptySubsequences: false)
        guard parts.count == 2, (1...64).contains(parts[0].count) else { return false }
        let atoms = parts[0].split(separator: 0x2E, omittingEmptySubsequences: false)
        guard atoms.allSatisfy({ !$0.isEmpty && $0.allSatisfy(self.isAtomText) }) else { return false }
        let labels = parts[1].split(separator: 0x2E, omittingEmptySubsequences: false)
        return labels.count >= 2
            && labels.allSatisfy { label in
                (1...63).contains(label.count) && label.first != 0x2D && label.last != 0x2D
                    && label.allSatisfy { self.isAlphanumeric($0) || $0 == 0x2D }
            }
    }

    private static func isAtomText(_ byte: UInt8) -> Bool {
        self.isAlphanumeric(byte) || "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte.asciiLowercased)
    }
}
