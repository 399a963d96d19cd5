/// Finds what looks like a credential in one layer of a text.
///
/// One walk from the beginning to the end. Looking ahead stops at what is found, which is then passed over, or after a
/// bounded number of bytes; runs that could be looked at again are remembered.
struct CredentialPatterns {
    /// From how many bytes on a text with a digit or an inner capital is taken for a credential where one is expected.
    static let shortestBytes = 8
    /// From how many bytes on any word is.
    static let surelyBytes = 16
    /// How many blanks may stand between the word `Bearer` and what it announces.
    static let mostSpaces = 64
    /// The beginning of the keys of most services.
    private static let commonPrefix = Array("sk-".utf8)
    /// From how many bytes on a text with that beginning is taken for a key, if it is not made of words.
    private static let shortestCommonBytes = 12

    let text: [UInt8]
    let isCut: Bool
    private var found: [Range<Int>] = []
    /// The last run of token characters whose end was looked for.
    private var run = 0..<0

    private init(_ text: [UInt8], isCut: Bool) {
        self.text = text
        self.isCut = isCut
    }

    /// Where credentials stand in a text; the ranges are not empty.
    static func ranges(in text: [UInt8], isCut: Bool) -> [Range<Int>] {
        var patterns = CredentialPatterns(text, isCut: isCut)
        patterns.walk()
        return patterns.found
    }

    private mutating func walk() {
        var place = 0
        while place < self.text.count {
            let range: Range<Int>? =
                switch self.text[place] {
                case 0x3A: self.namedValue(after: place) ?? self.password(inAddressAt: place)
                case 0x3D: self.namedValue(after: place)
                case 0x2D: self.privateKey(at: place)
                case 0x41...0x5A, 0x61...0x7A: self.isWordStart(place) ? self.word(at: place) : nil
                default: nil
                }
            if let range, !range.isEmpty {
                self.found.append(range)
                place = range.upperBound
            } else {
                place += 1
            }
        }
    }

    // MARK: Words

    /// A kind of token that its beginning gives away.
    private struct Prefix {
        var bytes: [UInt8]
        /// Whether `-` and `_` may follow.
        var hasDashes: Bool

        init(_ text: String, dashes: Bool) {
            self.bytes = Array(text.utf8)
            self.hasDashes = dashes
        }
    }

    /// By their first bytes.
    private static let prefixes: [UInt8: [Prefix]] = Dictionary(
        grouping: [
            // The tokens of this proxy's own clients.
            Prefix("kmi_", dashes: true),
            // OpenAI, Anthropic, DeepSeek, Moonshot, OpenRouter and others; Stripe.
            Prefix("sk-", dashes: true), Prefix("sk_live_", dashes: false), Prefix("sk_test_", dashes: false),
            // Google; Amazon.
            Prefix("AIza", dashes: true), Prefix("ya29.", dashes: true), Prefix("AKIA", dashes: false),
            // GitHub; GitLab; Slack.
            Prefix("ghp_", dashes: false), Prefix("gho_", dashes: false), Prefix("ghu_", dashes: false),
            Prefix("ghs_", dashes: false), Prefix("ghr_", dashes: false), Prefix("github_pat_", dashes: true),
            Prefix("glpat-", dashes: true), Prefix("xoxa-", dashes: true), Prefix("xoxb-", dashes: true),
            Prefix("xoxe-", dashes: true), Prefix("xoxp-", dashes: true), Prefix("xoxr-", dashes: true),
            Prefix("xoxs-", dashes: true), Prefix("xoxe.", dashes: true), Prefix("xapp-", dashes: true),
            // Groq; xAI; Perplexity; Hugging Face; Replicate; NVIDIA; npm.
            Prefix("gsk_", dashes: false), Prefix("xai-", dashes: false), Prefix("pplx-", dashes: false),
            Prefix("hf_", dashes: false), Prefix("r8_", dashes: false), Prefix("nvapi-", dashes: true),
            Prefix("npm_", dashes: false),
        ],
        by: { $0.bytes[0] }
    )

    /// Whether a word may begin here: behind anything but a letter or a digit, or behind a percent-encoded byte.
    private func isWordStart(_ place: Int) -> Bool {
        guard place > 0, Self.isAlphanumeric(self.text[place - 1]) else { return true }
        return place > 2 && self.text[place - 3] == 0x25
    }

    private mutating func word(at place: Int) -> Range<Int>? {
        for prefix in Self.prefixes[self.text[place]] ?? [] where self.text[place...].starts(with: prefix.bytes) {
            var end = place + prefix.bytes.count
            while end < self.text.count,
                prefix.hasDashes ? Self.isTokenByte(self.text[end]) : Self.isAlphanumeric(self.text[end])
            {
                end += 1
            }
            if self.isLongEnough(place..<end, behind: prefix) { return place..<end }
        }
        return self.bearer(at: place) ?? self.webToken(at: place)
    }

    private func isLongEnough(_ token: Range<Int>, behind prefix: Prefix) -> Bool {
        if token.count >= (self.isCutOff(token.upperBound) ? Self.shortestBytes : Self.surelyBytes) { return true }
        guard prefix.bytes == Self.commonPrefix, token.count >= Self.shortestCommonBytes else { return false }
        // Words that are joined by dashes are none: `sk-learn-based`.
        let rest = self.text[(token.lowerBound + prefix.bytes.count)..<token.upperBound]
        return !rest.contains(0x2D) || rest.contains { !(0x61...0x7A).contains($0) && $0 != 0x2D && $0 != 0x5F }
    }

    /// `Bearer` and a token (RFC 6750 section 2.1), but not the word in a sentence.
    private func bearer(at place: Int) -> Range<Int>? {
        guard self.matches("bearer", at: place) else { return nil }
        var start = self.end(from: place + 6, atMost: Self.mostSpaces) { $0 == 0x20 || $0 == 0x09 || $0 == 0x2B }
        if start == place + 6 {
            guard self.matches("%20", at: start) else { return nil }
            start += 3
        }
        let value = start..<self.end(from: start, while: Self.isCredentialByte)
        return self.looksLikeCredential(value) ? value : nil
    }

    /// A JSON Web Token (RFC 7519): `{"…` in base64 twice, then a signature.
    private mutating func webToken(at place: Int) -> Range<Int>? {
        guard self.matches("eyJ", at: place) else { return nil }
        if !self.run.contains(place) {
            self.run = place..<self.end(from: place, while: Self.isTokenByte)
        }
        let head = self.run.upperBound
        if self.isCutOff(head), head - place >= Self.surelyBytes { return place..<head }
        guard head - place >= Self.shortestBytes, self.matches(".eyJ", at: head) else { return nil }
        let claims = self.end(from: head + 1, while: Self.isTokenByte)
        guard claims < self.text.count, self.text[claims] == 0x2E else { return place..<claims }
        return place..<self.end(from: claims + 1, while: Self.isTokenByte)
    }

    // MARK: Private keys

    /// A private key in PEM (RFC 7468), to its end or that of the text.
    func privateKey(at place: Int) -> Range<Int>? {
        guard self.matches("-----BEGIN ", at: place) else { return nil }
        let label = self.end(from: place + 11, atMost: 40) { $0 == 0x20 || Self.isAlphanumeric($0) }
        guard self.matches("PRIVATE KEY", at: label - 11) || self.matches("PRIVATE KEY BLOCK", at: label - 17) else {
            return nil
        }
        var end = label
        while end < self.text.count {
            end += 1
            guard self.matches("-----END ", at: end) else { continue }
            let last = self.end(from: end + 9, atMost: 40) { $0 == 0x20 || Self.isAlphanumeric($0) }
            return place..<self.end(from: last, atMost: 5) { $0 == 0x2D }
        }
        return place..<self.text.count
    }

    // MARK: Bytes

    /// Whether a value can hardly be an ordinary word.
    func looksLikeCredential(_ range: Range<Int>) -> Bool {
        guard range.count >= Self.shortestBytes else { return false }
        var isMixed = false
        for place in range {
            let byte = self.text[place]
            guard Self.isCredentialByte(byte) else { return false }
            if (0x30...0x39).contains(byte) || (place > range.lowerBound && (0x41...0x5A).contains(byte)) {
                isMixed = true
            }
        }
        return isMixed || range.count >= Self.surelyBytes || self.isCutOff(range.upperBound)
    }

    func isCutOff(_ end: Int) -> Bool { self.isCut && end == self.text.count }

    /// The first place from `start` on whose byte does not belong.
    func end(from start: Int, atMost limit: Int = .max, while belongs: (UInt8) -> Bool) -> Int {
        var place = start
        while place < self.text.count, place - start < limit, belongs(self.text[place]) { place += 1 }
        return place
    }

    /// Whether a text stands here; letters match whatever their case if the text has them in lower case.
    func matches(_ expected: String, at place: Int) -> Bool {
        let bytes = expected.utf8
        guard place >= 0, place + bytes.count <= self.text.count else { return false }
        return zip(bytes, self.text[place...]).allSatisfy { expected, byte in
            expected == byte || ((0x61...0x7A).contains(expected) && byte | 0x20 == expected && byte >= 0x41)
        }
    }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    /// Letters, digits, `-` and `_`.
    static func isTokenByte(_ byte: UInt8) -> Bool {
        self.isAlphanumeric(byte) || byte == 0x2D || byte == 0x5F
    }

    /// What RFC 6750 allows in a token (`b64token`).
    static func isCredentialByte(_ byte: UInt8) -> Bool {
        self.isTokenByte(byte) || byte == 0x2E || byte == 0x7E || byte == 0x2B || byte == 0x2F || byte == 0x3D
    }

    /// What does not end the value of a parameter of a URL, wherever that may stand.
    static func isParameterByte(_ byte: UInt8) -> Bool {
        self.isCredentialByte(byte) || byte == 0x25 || byte == 0x3A || byte == 0x40 || byte == 0x21 || byte == 0x2A
    }
}
