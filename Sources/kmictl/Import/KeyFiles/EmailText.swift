/// Tells whether a text is an e-mail address: what an account is called, never where mail is sent (K-036).
enum EmailText {
    /// Whether it is `LOCAL@DOMAIN`: a dot-atom of at most 64 characters (RFC 5322 section 3.2.3) and a host name of at
    /// least two labels, 254 characters in all (RFC 5321 section 4.5.3.1).
    static func isValid(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: 0x40, omittingEmptySubsequences: false)
        guard text.utf8.count <= 254, parts.count == 2, (1...64).contains(parts[0].count) else { return false }
        let atoms = parts[0].split(separator: 0x2E, omittingEmptySubsequences: false)
        let labels = parts[1].split(separator: 0x2E, omittingEmptySubsequences: false)
        return atoms.allSatisfy { !$0.isEmpty && $0.allSatisfy(Self.isAtomText) } && labels.count >= 2
            && labels.allSatisfy { label in
                (1...63).contains(label.count) && label.first != 0x2D && label.last != 0x2D
                    && label.allSatisfy { Self.isAlphanumeric($0) || $0 == 0x2D }
            }
    }

    private static func isAtomText(_ byte: UInt8) -> Bool {
        Self.isAlphanumeric(byte) || "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}
