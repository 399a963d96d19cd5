/// The name of a member, a header field, a variable or a parameter whose value is a credential.
struct CredentialName: Equatable {
    /// How much the name says.
    enum Kind: Equatable {
        /// Whatever has this name is a credential.
        case certain
        /// It may be one, if it looks like one.
        case likely
        /// It is one in the query of a URL only.
        case parameter
        /// It is a header field with cookies, which hold sessions.
        case cookie
    }

    /// Longer names are none of these.
    static let maximumBytes = 64

    private static let certain = [
        "apikey", "authorization", "password", "passwd", "passphrase", "secret", "secretkey", "privatekey",
        "accesskey", "accesstoken", "refreshtoken", "authtoken", "sessiontoken", "idtoken",
    ]
    private static let likely = ["token"]
    /// What all of these end with: most names are told apart by it.
    private static let lastLetters: [UInt8] = Array("dentye".utf8)

    /// How much the name says.
    let kind: Kind
    /// Whether it stands in quotes.
    let isQuoted: Bool
    /// Whether it stands behind `?` or `&`, as in a URL.
    let isParameter: Bool
    /// Whether it is a header field that begins with a scheme (RFC 9110 section 11.6.2).
    let isAuthorization: Bool

    /// The name that stands before a `:` or `=`; `nil` if there is none of these.
    init?(before delimiter: Int, in text: [UInt8]) {
        var end = delimiter
        while end > 0, delimiter - end < 8, text[end - 1] == 0x20 { end -= 1 }
        let quote = end > 0 && (text[end - 1] == 0x22 || text[end - 1] == 0x27) ? text[end - 1] : nil
        if quote != nil { end -= 1 }
        guard end > 0, let last = Self.letter(text[end - 1]), Self.lastLetters.contains(last) else { return nil }
        var start = end
        var letters: [UInt8] = []
        while start > 0, end - start <= Self.maximumBytes, let letter = Self.letter(text[start - 1]) {
            if letter != 0 { letters.append(letter) }
            start -= 1
        }
        guard !letters.isEmpty, end - start <= Self.maximumBytes else { return nil }
        letters.reverse()
        let before = start > 0 ? text[start - 1] : nil
        if quote != nil, before != quote { return nil }
        self.isQuoted = quote != nil
        self.isParameter = quote == nil && (before == 0x3F || before == 0x26)
        self.isAuthorization = letters.suffix(13).elementsEqual("authorization".utf8)
        if letters.elementsEqual("token".utf8) || Self.certain.contains(where: { Self.ends(letters, with: $0) }) {
            self.kind = .certain
        } else if Self.likely.contains(where: { Self.ends(letters, with: $0) }) {
            self.kind = .likely
        } else if letters.elementsEqual("key".utf8), self.isParameter {
            self.kind = .parameter
        } else if letters.elementsEqual("cookie".utf8) || letters.elementsEqual("setcookie".utf8) {
            self.kind = .cookie
        } else {
            return nil
        }
    }

    private static func ends(_ letters: [UInt8], with name: String) -> Bool {
        letters.suffix(name.utf8.count).elementsEqual(name.utf8)
    }

    /// A letter in lower case or a digit; 0 for `-` and `_`, which do not count; `nil` for what ends a name.
    private static func letter(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39, 0x61...0x7A: byte
        case 0x41...0x5A: byte | 0x20
        case 0x2D, 0x5F: 0
        default: nil
        }
    }
}
