/// What a name or an address before it tells to be a credential.
extension CredentialPatterns {
    /// How many bytes of a value are looked at to tell whether it is a credential.
    private static let judgedBytes = 1_024
    /// The longest name of a cookie that is looked for, and the longest user of an address.
    private static let longestName = 128

    /// The value behind a `:` or `=` whose name says that it is a credential.
    func namedValue(after delimiter: Int) -> Range<Int>? {
        guard let name = CredentialName(before: delimiter, in: self.text) else { return nil }
        let isColon = self.text[delimiter] == 0x3A
        let start = self.end(from: delimiter + 1) {
            $0 == 0x20 || (isColon && ($0 == 0x0A || $0 == 0x0D || $0 == 0x09))
        }
        guard start < self.text.count else { return nil }
        let quote = self.text[start]
        guard quote == 0x22 || quote == 0x27 else {
            // In JSON and its like an unquoted value is a number, a list or a word of the language.
            return name.isQuoted ? nil : self.bareValue(at: start, name: name, isColon: isColon)
        }
        guard name.kind != .parameter else { return nil }
        let value = start + 1..<self.endOfString(from: start + 1, quote: quote)
        if name.kind == .cookie { return self.holdsCookie(at: start + 1) ? value : nil }
        // A sentence may say `the secret: "…"`; a member of an object and an assignment do not.
        let isSure = name.kind == .certain && (name.isQuoted || !isColon)
        return isSure || self.looksLikeCredential(value) ? value : nil
    }

    private func bareValue(at start: Int, name: CredentialName, isColon: Bool) -> Range<Int>? {
        if !isColon, name.isParameter {
            return start..<self.end(from: start, while: Self.isParameterByte)
        }
        guard name.kind != .parameter else { return nil }
        // Its first line alone would look like a credential.
        if let key = self.privateKey(at: start) { return key }
        if name.kind == .cookie {
            return isColon && self.holdsCookie(at: start) ? start..<self.endOfCookies(from: start) : nil
        }
        if name.isAuthorization, let first = self.placeBehindScheme(at: start) {
            return first < self.text.count && self.isPlaceholder(at: first)
                ? nil : first..<self.endOfValue(from: first)
        }
        let judged = start..<self.endOfValue(from: start, atMost: Self.judgedBytes)
        return self.looksAssigned(judged, isColon: isColon) ? start..<self.endOfValue(from: start) : nil
    }

    /// Where the credential behind `Basic` and its like begins (RFC 9110 section 11.4); `nil` if there is no such word.
    private func placeBehindScheme(at start: Int) -> Int? {
        let word = self.end(from: start, atMost: 16, while: Self.isAlphanumeric)
        let isScheme = ["bearer", "basic", "token", "digest", "apikey"].contains { scheme in
            scheme.utf8.count == word - start && self.matches(scheme, at: start)
        }
        let first = self.end(from: word, atMost: Self.mostSpaces) { $0 == 0x20 || $0 == 0x09 }
        return isScheme && first > word ? first : nil
    }

    // MARK: What a value looks like

    /// Whether what stands behind a name without quotes can hardly be an ordinary word, a path or a piece of a program.
    ///
    /// Behind a colon it may be a sentence, so that a slash between words says nothing there.
    private func looksAssigned(_ value: Range<Int>, isColon: Bool) -> Bool {
        guard value.count >= Self.shortestBytes, !self.isPlaceholder(at: value.lowerBound),
            self.text[value.lowerBound] != 0x3D
        else { return false }
        let bytes = self.text[value]
        // What is called or asked for an element is a piece of a program, unless what stands before is a credential.
        if let bracket = bytes.firstIndex(where: { $0 == 0x28 || $0 == 0x5B || $0 == 0x7B || $0 == 0x3C }) {
            let head = value.lowerBound..<bracket
            return !self.text[head].contains(0x2E) && self.looksLikeCredential(head)
        }
        guard !self.isPath(bytes), !self.isAddress(bytes) else { return false }
        let isMixed = value.dropFirst().dropLast().contains { self.isMark(at: $0, isColon: isColon) }
        if isMixed || [value.lowerBound, value.upperBound - 1].contains(where: { Self.isDigit(self.text[$0]) }) {
            return true
        }
        let isWhole = !isColon || bytes.allSatisfy(Self.isTokenByte)
        return (isWhole && value.count >= Self.surelyBytes) || self.isCutOff(value.upperBound)
    }

    /// Whether a byte within a value is one that words do not have there.
    private func isMark(at place: Int, isColon: Bool) -> Bool {
        switch self.text[place] {
        case 0x30...0x39: true
        case 0x41...0x5A: Self.isAlphanumeric(self.text[place - 1])
        case 0x21, 0x23, 0x24, 0x25, 0x2B, 0x40, 0x5E, 0x7E: true
        case 0x2F: !isColon
        default: false
        }
    }

    /// Whether a value that is filled in later begins here: `$NAME`, `${NAME}`, `{name}`, `<name>`, `%NAME%`, `[name]`.
    private func isPlaceholder(at start: Int) -> Bool {
        switch self.text[start] {
        case 0x28, 0x3C, 0x5B, 0x7B: return true
        case 0x24, 0x25:
            let next = start + 1 < self.text.count ? self.text[start + 1] : 0
            if next == 0x7B || next == 0x28 { return true }
            let end = self.end(from: start + 1, atMost: Self.longestName) { Self.isAlphanumeric($0) || $0 == 0x5F }
            let last = end < self.text.count && self.text[end] == 0x25 ? end + 1 : end
            return last == self.endOfValue(from: start, atMost: Self.judgedBytes)
        default: return false
        }
    }

    /// Whether this is the path of a file, or names that are joined by points as in a program.
    private func isPath(_ bytes: ArraySlice<UInt8>) -> Bool {
        let beginnings = ["/", "./", "../", "~/"]
        if beginnings.contains(where: { bytes.starts(with: $0.utf8) }) {
            return !bytes.contains { (0x41...0x5A).contains($0) || $0 == 0x2B || $0 == 0x3D }
        }
        return bytes.contains(0x2E)
            && bytes.allSatisfy { Self.isAlphanumeric($0) && !Self.isDigit($0) || $0 == 0x5F || $0 == 0x2E }
    }

    /// Whether this has the `://` of a URL, whose password is found by itself.
    private func isAddress(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.indices.contains { self.text[$0] == 0x3A && self.matches("//", at: $0 + 1) }
    }

    // MARK: Cookies and addresses

    /// Whether `NAME=` and a value stand here (RFC 6265 section 4.1.1).
    private func holdsCookie(at start: Int) -> Bool {
        let end = self.end(from: start, atMost: Self.longestName) { Self.isTokenByte($0) || $0 == 0x2E || $0 == 0x24 }
        return end > start && end + 1 < self.text.count && self.text[end] == 0x3D && self.text[end + 1] > 0x20
    }

    /// Where a header field with cookies ends: with its line, or the quotes that it stands in.
    private func endOfCookies(from start: Int) -> Int {
        var place = start
        while place < self.text.count {
            let byte = self.text[place]
            if byte == 0x22, place > start, self.text[place - 1] == 0x3D {
                // A value in quotes of its own.
                place = self.endOfString(from: place + 1, quote: byte) + 1
            } else if byte == 0x0A || byte == 0x0D || Self.isQuote(byte) || self.isEscape(at: place) {
                break
            } else {
                place += 1
            }
        }
        return min(place, self.text.count)
    }

    /// The password in `scheme://user:password@host` (RFC 3986 section 3.2.1), by the colon behind the scheme.
    func password(inAddressAt colon: Int) -> Range<Int>? {
        guard colon > 0, Self.isAlphanumeric(self.text[colon - 1]), self.matches("//", at: colon + 1) else {
            return nil
        }
        let user = self.end(from: colon + 3, atMost: Self.longestName) {
            Self.isAddressByte($0) && $0 != 0x3A && $0 != 0x40
        }
        guard user < self.text.count, self.text[user] == 0x3A else { return nil }
        let end = self.end(from: user + 1, while: Self.isAddressByte)
        let bytes = self.text[(user + 1)..<end]
        if let at = bytes.lastIndex(of: 0x40) { return user + 1..<at }
        // Without the host behind it only a number is known to be none: it is a port.
        return self.isCutOff(end) && !bytes.allSatisfy(Self.isDigit) ? user + 1..<end : nil
    }

    // MARK: Ends

    /// Where a value without quotes ends: at white space, a quote, `&`, `;` or `,`.
    ///
    /// An escape ends it as well. What that means is seen once it is resolved.
    private func endOfValue(from start: Int, atMost limit: Int = .max) -> Int {
        var place = start
        while place < self.text.count, place - start < limit {
            let byte = self.text[place]
            if byte <= 0x20 || byte == 0x7F || Self.isQuote(byte) { break }
            if byte == 0x26 || byte == 0x2C || byte == 0x3B || self.isEscape(at: place) { break }
            place += 1
        }
        return place
    }

    /// Where a string ends: at its quote, at the end of the line or at that of the text.
    private func endOfString(from start: Int, quote: UInt8) -> Int {
        var place = start
        while place < self.text.count, self.text[place] != quote, self.text[place] != 0x0A {
            place += self.text[place] == 0x5C ? 2 : 1
        }
        return min(place, self.text.count)
    }

    /// Whether an escape of a string begins here.
    private func isEscape(at place: Int) -> Bool {
        guard self.text[place] == 0x5C else { return false }
        guard place + 1 < self.text.count else { return true }
        return "\"'/\\bfnrtu".utf8.contains(self.text[place + 1])
    }

    private static func isQuote(_ byte: UInt8) -> Bool { byte == 0x22 || byte == 0x27 || byte == 0x60 }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// What may stand in the part of a URL before its path.
    private static func isAddressByte(_ byte: UInt8) -> Bool {
        guard byte > 0x20, byte != 0x7F, !self.isQuote(byte) else { return false }
        return byte != 0x2F && byte != 0x3F && byte != 0x23 && byte != 0x3C && byte != 0x3E && byte != 0x5C
    }
}
