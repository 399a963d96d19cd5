/// The rules that texts of messages have to keep (contract section 3).
///
/// A text that breaks one is never repeated in the message: it could be a secret that was given in the wrong place.
public enum ControlText {
    /// What a label, a provider's or a client's name has to be, in words.
    static let labelRule = "1 to 64 of A-Z a-z 0-9 . _ @ + -, the first a letter or digit"

    /// Refuses what is no label, provider's or client's name; `what` is the argument's name for the message.
    public static func checkLabel(_ text: String, _ what: String) throws(ControlFault) {
        guard Self.isLabel(text) else {
            throw ControlFault(.invalidArgument, "\(what): expected \(Self.labelRule)")
        }
    }

    /// Refuses what is no request id: 1 to 128 visible ASCII characters.
    public static func checkRequestID(_ text: String) throws(ControlFault) {
        guard Self.isVisibleASCII(text, maximum: 128) else {
            throw ControlFault(.invalidArgument, "id: expected 1 to 128 visible ASCII characters")
        }
    }

    /// Refuses what is no name of a model: visible ASCII characters, at most 256; none stand for a request that names none.
    static func checkModel(_ text: String) throws(ControlFault) {
        guard text.isEmpty || Self.isVisibleASCII(text, maximum: 256) else {
            throw ControlFault(.invalidArgument, "model: expected at most 256 visible ASCII characters")
        }
    }

    static func isLabel(_ text: String) -> Bool {
        let bytes = text.utf8
        guard (1...64).contains(bytes.count), let first = bytes.first, Self.isAlphanumeric(first) else { return false }
        return bytes.allSatisfy { Self.isAlphanumeric($0) || ".-_@+".utf8.contains($0) }
    }

    static func isVisibleASCII(_ text: String, maximum: Int) -> Bool {
        (1...maximum).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// Whether a text can be the name of a project or a process: something, but no control characters.
    static func isName(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    /// Whether a text can be the project that a client's requests count for: 1 to 256 printable ASCII characters, as a request
    /// can name one in a header field.
    public static func isProject(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count) && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }

    /// What a route of a client has to be, in words.
    public static let routeRule = "a path such as /v1/chat/completions, or /v1/* for all below one"

    /// Whether a text can be a route of a client.
    ///
    /// It has 1 to 1,024 visible ASCII characters that begin with a slash, no query, and `*` as its last segment only. The daemon has the same rule for its configuration.
    public static func isRoute(_ text: String) -> Bool {
        guard Self.isVisibleASCII(text, maximum: 1024), text.hasPrefix("/"), !text.utf8.contains(0x3F),
            !text.utf8.contains(0x23)
        else { return false }
        return text.hasSuffix("/*") ? !text.utf8.dropLast().contains(0x2A) : !text.utf8.contains(0x2A)
    }

    /// Whether a text can be an e-mail address in the common form, which is what the daemon takes and keeps: a dot-atom of at
    /// most 64 characters (RFC 5322 §3.2.3), `@` and a host name of at least two labels, 254 characters in all (RFC 5321
    /// §4.5.3.1).
    public static func isMailAddress(_ text: String) -> Bool {
        guard Self.isVisibleASCII(text, maximum: 254) else { return false }
        let parts = text.utf8.split(separator: 0x40, omittingEmptySubsequences: false)
        guard parts.count == 2, (1...64).contains(parts[0].count) else { return false }
        let atoms = parts[0].split(separator: 0x2E, omittingEmptySubsequences: false)
        let labels = parts[1].split(separator: 0x2E, omittingEmptySubsequences: false)
        return atoms.allSatisfy { atom in
            !atom.isEmpty
                && atom.allSatisfy { Self.isAlphanumeric($0) || "!#$%&'*+-/=?^_`{|}~".utf8.contains($0) }
        } && labels.count >= 2
            && labels.allSatisfy { label in
                (1...63).contains(label.count) && label.first != 0x2D && label.last != 0x2D
                    && label.allSatisfy { Self.isAlphanumeric($0) || $0 == 0x2D }
            }
    }

    static func isLowerSnake(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}
