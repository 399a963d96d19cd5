extension ObjectPath {
    /// Any text as one element of a path, the way sd_bus_path_encode(3) does it.
    ///
    /// ASCII letters stay, and digits except in the first place; every other byte of the UTF-8 becomes `_` and two
    /// hexadecimal digits; nothing at all becomes `_`.
    public static func escape(_ element: String) -> String {
        if element.isEmpty { return "_" }
        var bytes: [UInt8] = []
        for byte in element.utf8 {
            if NameGrammar.isLetter(byte) || (NameGrammar.isDigit(byte) && !bytes.isEmpty) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "_"), self.digits[Int(byte >> 4)], self.digits[Int(byte & 0xF)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text that ``escape(_:)`` has made this element of, `nil` if there is none; no two elements give the same.
    public static func unescape(_ element: String) -> String? {
        if element == "_" { return "" }
        var bytes: [UInt8] = []
        var rest = element.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "_") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(self.digits.firstIndex(of:)),
                let low = rest.popFirst().flatMap(self.digits.firstIndex(of:))
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        // Other spellings of the same text would make one object appear at several paths.
        guard let text = String(validating: bytes, as: UTF8.self), self.escape(text) == element else { return nil }
        return text
    }

    /// The path of something below this one; any text will do, it is escaped.
    public func appending(_ element: String) -> ObjectPath {
        ObjectPath(unchecked: self.prefix + Self.escape(element))
    }

    /// What is behind the last slash, as it stands; nothing for `/`.
    public var lastElement: String {
        self.text.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(self.text[$0...].dropFirst()) } ?? ""
    }

    /// Whether the path is below another one, directly or not; none is below itself.
    public func isChild(of other: ObjectPath) -> Bool {
        self.text.utf8.count > other.prefix.utf8.count && self.text.hasPrefix(other.prefix)
    }

    /// The elements below another path, `nil` if this one is not below it.
    func elements(below other: ObjectPath) -> [Substring]? {
        guard self.isChild(of: other) else { return nil }
        return self.text.dropFirst(other.prefix.count).split(separator: "/")
    }

    /// What the paths of everything below begin with.
    private var prefix: String { self.text == "/" ? "/" : self.text + "/" }

    private static let digits = Array("0123456789abcdef".utf8)
}
