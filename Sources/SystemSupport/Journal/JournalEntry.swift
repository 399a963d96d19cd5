/// An entry of the systemd journal: fields with values, in the form that its socket takes ("Native Journal Protocol" of
/// systemd's documentation).
///
/// However long or odd what it is made of, an entry stays within bounds and never breaks its own form: a value may hold any
/// byte, line ends included, and a name is made fit.
public struct JournalEntry: Sendable, Equatable {
    /// Bounds of an entry.
    public enum Limit {
        /// So many fields; the journal itself allows 1,024.
        public static let fields = 128
        /// So many bytes of a value; what is longer is cut, with `…` at its end.
        public static let valueBytes = 64 << 10
        /// So many bytes of all names and values.
        public static let bytes = 1 << 20
        /// So many characters of a name; the journal allows no more.
        public static let nameCharacters = 64
    }

    /// A field.
    public struct Field: Sendable, Equatable {
        /// Its name: 1 to 64 of `A`-`Z`, `0`-`9` and `_`, the first a letter.
        public let name: String
        /// Its value.
        public let value: [UInt8]
    }

    /// The fields, in the order in which they were added; names may occur more than once.
    public private(set) var fields: [Field] = []
    /// How many fields were left out, because they did not fit.
    public private(set) var leftOut = 0
    private var size = 0

    /// Makes an entry without fields.
    public init() {}

    /// Adds a field.
    ///
    /// Of the name, letters become capitals, and what else may not stand in a name becomes `_`. A field that does not fit in
    /// the entry is left out and counted.
    public mutating func add(_ name: String, _ value: String) {
        self.add(name, bytes: Self.cut(value))
    }

    /// Adds a field with a value that need not be text; what is too long is cut.
    public mutating func add(_ name: String, bytes: [UInt8]) {
        guard let name = Self.fitName(name) else {
            self.leftOut += 1
            return
        }
        let value = bytes.count <= Limit.valueBytes ? bytes : Array(bytes.prefix(Limit.valueBytes))
        let size = name.utf8.count + value.count
        guard self.fields.count < Limit.fields, self.size + size <= Limit.bytes else {
            self.leftOut += 1
            return
        }
        self.size += size
        self.fields.append(Field(name: name, value: value))
    }

    /// What the socket takes.
    ///
    /// A value without line ends is `NAME=value` and a line end; any other one follows its name and a line end as a number of
    /// eight bytes, little-endian, that tells its length, its bytes, and a line end.
    public var serialized: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(self.size + self.fields.count * 12)
        for field in self.fields {
            bytes += field.name.utf8
            if field.value.contains(0x0A) {
                bytes.append(0x0A)
                withUnsafeBytes(of: UInt64(field.value.count).littleEndian) { bytes += $0 }
            } else {
                bytes.append(0x3D)
            }
            bytes += field.value
            bytes.append(0x0A)
        }
        return bytes
    }

    /// The name as the journal takes it; `nil` if nothing of it does.
    ///
    /// Names that begin with `_` are the journal's own, and those that begin with a digit are none.
    static func fitName(_ name: String) -> String? {
        let fit = name.utf8.lazy.map { byte -> UInt8 in
            switch byte {
            case 0x61...0x7A: byte - 0x20
            case 0x41...0x5A, 0x30...0x39: byte
            default: 0x5F
            }
        }
        let rest = fit.drop { !(0x41...0x5A).contains($0) }
        guard !rest.isEmpty else { return nil }
        return String(decoding: rest.prefix(Limit.nameCharacters), as: UTF8.self)
    }

    /// The bytes of a text, no more than a value may have, cut between two characters.
    private static func cut(_ text: String) -> [UInt8] {
        guard text.utf8.count > Limit.valueBytes else { return Array(text.utf8) }
        let mark = Array("…".utf8)
        var bytes = Array(text.utf8.prefix(Limit.valueBytes - mark.count + 1))
        // The last one is looked at only: if it continues a character, that character is not whole.
        while let last = bytes.popLast(), last & 0xC0 == 0x80 {}
        return bytes + mark
    }
}
