/// An ordered list of HTTP header fields: names compare without regard to case, repeated fields stay repeated and in
/// order, values stay as they came.
public struct HeaderFields: Sendable, Equatable {
    /// One field as it stands on the wire, without the colon and the white space around the value.
    public struct Field: Sendable, Equatable {
        /// The name in the sender's own spelling.
        public var name: String
        /// The value without leading and trailing white space.
        public var value: String

        /// Makes a field.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    private var fields: [Field]

    /// Makes a list from pairs of name and value, in their order.
    public init(_ pairs: [(String, String)] = []) {
        self.fields = pairs.map { Field(name: $0.0, value: $0.1) }
    }

    /// Makes a list from fields, in their order.
    public init(fields: [Field]) {
        self.fields = fields
    }

    /// Reserves room for `count` fields.
    public mutating func reserveCapacity(_ count: Int) {
        self.fields.reserveCapacity(count)
    }

    /// Appends a field; an existing one of the same name stays.
    public mutating func add(name: String, value: String) {
        self.fields.append(Field(name: name, value: value))
    }

    /// Puts one field in the place of all fields of that name.
    public mutating func replace(name: String, value: String) {
        self.remove(name)
        self.add(name: name, value: value)
    }

    /// Removes every field of that name.
    public mutating func remove(_ name: String) {
        self.fields.removeAll { $0.name.equalsIgnoringASCIICase(name) }
    }

    /// The value of the first field of that name.
    public func first(_ name: String) -> String? {
        self.fields.first { $0.name.equalsIgnoringASCIICase(name) }?.value
    }

    /// The values of all fields of that name, in order.
    public func all(_ name: String) -> [String] {
        self.fields.compactMap { $0.name.equalsIgnoringASCIICase(name) ? $0.value : nil }
    }

    /// Whether there is a field of that name.
    public func contains(_ name: String) -> Bool {
        self.fields.contains { $0.name.equalsIgnoringASCIICase(name) }
    }

    /// The members of a comma-separated list that may be spread over several fields (RFC 9110 §5.6.1), trimmed, the
    /// empty ones left out.
    ///
    /// Not for fields whose values may hold quoted commas.
    public func listMembers(_ name: String) -> [Substring] {
        self.all(name).flatMap { value in
            value.split(separator: ",").map { $0.trimmingHTTPWhitespace() }.filter { !$0.isEmpty }
        }
    }
}

extension HeaderFields: RandomAccessCollection {
    /// The index of the first field.
    public var startIndex: Int { self.fields.startIndex }
    /// One past the last field.
    public var endIndex: Int { self.fields.endIndex }
    /// The field at an index.
    public subscript(position: Int) -> Field { self.fields[position] }
}

extension HeaderFields: ExpressibleByDictionaryLiteral {
    /// Makes a list from a literal; repeated names stay repeated.
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements)
    }
}

extension String {
    /// Whether two texts are the same but for the case of ASCII letters.
    ///
    /// The form for whole strings, which nearly all names of fields are compared by: it goes over the bytes where they lie.
    public func equalsIgnoringASCIICase(_ other: String) -> Bool {
        guard self.utf8.count == other.utf8.count else { return false }
        let isEqual = self.utf8.withContiguousStorageIfAvailable { left in
            other.utf8.withContiguousStorageIfAvailable { right in
                for index in left.indices where left[index] != right[index] {
                    if left[index].asciiLowercased != right[index].asciiLowercased { return false }
                }
                return true
            }
        }
        return (isEqual ?? nil) ?? self[...].equalsIgnoringASCIICase(other[...])
    }

    /// The media type that the text names, without its parameters (RFC 9110 section 8.3.1).
    public var mediaType: Substring {
        Substring(self.utf8.prefix { $0 != UInt8(ascii: ";") }).trimmingHTTPWhitespace()
    }

    /// Whether the text is that media type, whatever its parameters.
    public func isMediaType(_ type: String) -> Bool {
        self.mediaType.equalsIgnoringASCIICase(type)
    }
}

extension StringProtocol {
    /// Whether two texts are the same but for the case of ASCII letters.
    ///
    /// No copy is made.
    public func equalsIgnoringASCIICase(_ other: some StringProtocol) -> Bool {
        let left = self.utf8
        let right = other.utf8
        return left.count == right.count && left.elementsEqual(right) { $0.asciiLowercased == $1.asciiLowercased }
    }

    /// Whether this text begins with `prefix`, but for the case of ASCII letters.
    public func hasPrefixIgnoringASCIICase(_ prefix: some StringProtocol) -> Bool {
        self.utf8.count >= prefix.utf8.count
            && zip(self.utf8, prefix.utf8).allSatisfy { $0.asciiLowercased == $1.asciiLowercased }
    }
}

extension StringProtocol {
    /// Whether this text ends with `suffix`, but for the case of ASCII letters.
    public func hasSuffixIgnoringASCIICase(_ suffix: some StringProtocol) -> Bool {
        self.utf8.count >= suffix.utf8.count
            && zip(self.utf8.reversed(), suffix.utf8.reversed()).allSatisfy { $0.asciiLowercased == $1.asciiLowercased }
    }
}

extension Substring {
    /// Without the spaces and tabs at both ends (OWS of RFC 9110 §5.6.3).
    public func trimmingHTTPWhitespace() -> Substring {
        var text = self
        while let byte = text.utf8.first, byte == 0x20 || byte == 0x09 { text = text.dropFirst() }
        while let byte = text.utf8.last, byte == 0x20 || byte == 0x09 { text = text.dropLast() }
        return text
    }
}

extension UInt8 {
    /// The byte, an upper-case ASCII letter made lower-case.
    @inlinable
    public var asciiLowercased: UInt8 {
        self >= 0x41 && self <= 0x5A ? self | 0x20 : self
    }
}
