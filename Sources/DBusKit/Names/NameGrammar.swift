/// The grammar of names in messages (D-Bus specification, section "Valid Names").
enum NameGrammar {
    /// The text of a literal in the program; one that breaks the rules is a bug of the program, and traps.
    static func literal(_ text: String, isValid: Bool, as what: StaticString) -> String {
        // Only literals of the program come here, so no peer and no file can trigger it; libdbus would end the process
        // later, and say less.
        guard isValid else { preconditionFailure("not a valid \(what): \(text)") }
        return text
    }

    /// The most bytes that a name or a signature may have.
    static let maximumLength = 255

    /// Names of interfaces and errors: at least two elements with dots between them.
    static func isInterface(_ text: String) -> Bool {
        guard text.utf8.count <= self.maximumLength else { return false }
        let elements = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return elements.count >= 2 && elements.allSatisfy { self.isElement($0) }
    }

    /// Names of members: one element.
    static func isMember(_ text: String) -> Bool {
        text.utf8.count <= self.maximumLength && self.isElement(text.utf8[...])
    }

    /// Names of connections, unique or well-known: at least two elements; hyphens are fine, and in unique names an
    /// element may begin with a digit.
    static func isBus(_ text: String) -> Bool {
        guard text.utf8.count <= self.maximumLength else { return false }
        let isUnique = text.utf8.first == UInt8(ascii: ":")
        let elements = (isUnique ? text.utf8.dropFirst() : text.utf8[...])
            .split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return elements.count >= 2
            && elements.allSatisfy { element in
                guard let first = element.first, isUnique || !self.isDigit(first) else { return false }
                return element.allSatisfy { self.isWord($0) || $0 == UInt8(ascii: "-") }
            }
    }

    /// Paths of objects: `/`, or elements each with a slash before it; of any length.
    static func isPath(_ text: String) -> Bool {
        guard text.utf8.first == UInt8(ascii: "/") else { return false }
        if text.utf8.count == 1 { return true }
        return text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .allSatisfy { !$0.isEmpty && $0.allSatisfy(self.isWord) }
    }

    static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        self.isLetter(byte) || self.isDigit(byte) || byte == UInt8(ascii: "_")
    }

    private static func isElement(_ element: Substring.UTF8View) -> Bool {
        guard let first = element.first, !self.isDigit(first) else { return false }
        return element.allSatisfy(self.isWord)
    }
}
