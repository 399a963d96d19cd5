import DBusControl
import Glibc

/// Reads JSON strictly as RFC 8259 has it; beyond that, no name may stand twice in an object.
///
/// What it reads stays in buffers that are zeroed.
struct JSONDocument {
    /// Values are nested at most so deep.
    static let deepest = 64

    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private var line = 1

    /// Parses a document whose top is an object; the error names the line.
    static func parse(_ contents: SecretText) throws(KeyFileError) -> DocumentTable {
        try contents.withBytes { (bytes) throws(KeyFileError) in
            try UTF8Check.check(bytes)
            var parser = JSONDocument(bytes: bytes)
            return try parser.document()
        }
    }

    private init(bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    private mutating func document() throws(KeyFileError) -> DocumentTable {
        // RFC 8259 section 8.1 lets a reader pass over a byte order mark.
        if self.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { self.position = 3 }
        self.skipSpace()
        guard self.peek == UInt8(ascii: "{") else { throw self.unexpected("a JSON object, { … }") }
        let value = try self.value(depth: 0)
        self.skipSpace()
        guard self.peek == nil else { throw self.unexpected("nothing behind the object") }
        return value.asTable ?? DocumentTable()
    }

    private mutating func value(depth: Int) throws(KeyFileError) -> DocumentNode {
        guard depth < Self.deepest else {
            throw KeyFileError(line: self.line, "is nested deeper than \(Self.deepest) levels")
        }
        switch self.peek {
        case UInt8(ascii: "{"): return .table(try self.object(depth: depth))
        case UInt8(ascii: "["): return .list(try self.array(depth: depth))
        case UInt8(ascii: "\""): return .text(try self.string())
        case UInt8(ascii: "t"): return try self.word("true", "true or false")
        case UInt8(ascii: "f"): return try self.word("false", "true or false")
        case UInt8(ascii: "n"): return try self.word("null", "null")
        case let byte? where byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte): return try self.number()
        default: throw self.unexpected("a value")
        }
    }

    private mutating func object(depth: Int) throws(KeyFileError) -> DocumentTable {
        var table = DocumentTable()
        self.position += 1
        self.skipSpace()
        if self.take("}") { return table }
        while true {
            self.skipSpace()
            guard self.peek == UInt8(ascii: "\"") else { throw self.unexpected("a name in double quotes") }
            let nameLine = self.line
            let name = try self.string().plain
            self.skipSpace()
            guard self.take(":") else { throw self.unexpected("a colon behind a name") }
            self.skipSpace()
            guard table.add(name, try self.value(depth: depth + 1)) else {
                throw KeyFileError(line: nameLine, "the same name stands twice in one object")
            }
            self.skipSpace()
            if self.take("}") { return table }
            guard self.take(",") else { throw self.unexpected("a comma or }") }
        }
    }

    private mutating func array(depth: Int) throws(KeyFileError) -> [DocumentNode] {
        var list: [DocumentNode] = []
        self.position += 1
        self.skipSpace()
        if self.take("]") { return list }
        while true {
            self.skipSpace()
            list.append(try self.value(depth: depth + 1))
            self.skipSpace()
            if self.take("]") { return list }
            guard self.take(",") else { throw self.unexpected("a comma or ]") }
        }
    }

    private mutating func word(_ word: String, _ kind: String) throws(KeyFileError) -> DocumentNode {
        guard self.bytes[self.position...].starts(with: word.utf8) else { throw self.unexpected("a value") }
        self.position += word.utf8.count
        return .other(kind)
    }

    private mutating func number() throws(KeyFileError) -> DocumentNode {
        _ = self.take("-")
        if !self.take("0") { try self.digits() }
        if self.take(".") { try self.digits() }
        if self.take("e") || self.take("E") {
            if !self.take("+") { _ = self.take("-") }
            try self.digits()
        }
        return .other("a number")
    }

    private mutating func digits() throws(KeyFileError) {
        let start = self.position
        while let byte = self.peek, (0x30...0x39).contains(byte) { self.position += 1 }
        guard self.position > start else { throw self.unexpected("a digit") }
    }

    private mutating func string() throws(KeyFileError) -> SecretText {
        self.position += 1
        // Escapes are never shorter than what they stand for, so that it does not grow and leave copies behind.
        let content = UnsafeMutableRawBufferPointer.allocate(byteCount: self.lengthOfString(), alignment: 1)
        var count = 0
        defer {
            if let base = content.baseAddress { explicit_bzero(base, content.count) }
            content.deallocate()
        }
        func append(_ bytes: some Sequence<UInt8>) {
            for byte in bytes where count < content.count {
                content[count] = byte
                count += 1
            }
        }
        while let byte = self.peek {
            self.position += 1
            switch byte {
            case UInt8(ascii: "\""):
                return SecretText(bytes: UnsafeRawBufferPointer(rebasing: content[..<count]))
            case UInt8(ascii: "\\"): append(String(try self.escape()).utf8)
            case 0..<0x20: throw KeyFileError(line: self.line, "a text holds a control character: write \\n or \\u….")
            default: append(CollectionOfOne(byte))
            }
        }
        throw KeyFileError(line: self.line, "a text has no closing quote")
    }

    /// The bytes up to the closing quote.
    private func lengthOfString() -> Int {
        var index = self.position
        while index < self.bytes.count, self.bytes[index] != UInt8(ascii: "\"") {
            index += self.bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index, self.bytes.count) - self.position
    }

    private mutating func escape() throws(KeyFileError) -> Unicode.Scalar {
        let letter = self.peek
        self.position += 1
        switch letter {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try self.escapedScalar()
        default: throw KeyFileError(line: self.line, "a text holds an escape that JSON does not have")
        }
    }

    private mutating func escapedScalar() throws(KeyFileError) -> Unicode.Scalar {
        let first = try self.unit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        // A pair of surrogates, as RFC 8259 section 7 has it.
        guard (0xD800...0xDBFF).contains(first), self.take("\\"), self.take("u") else { throw self.halfPair }
        let second = try self.unit()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        else { throw self.halfPair }
        return scalar
    }

    private var halfPair: KeyFileError {
        KeyFileError(line: self.line, "a text holds half of a surrogate pair")
    }

    private mutating func unit() throws(KeyFileError) -> UInt32 {
        let end = self.position + 4
        guard end <= self.bytes.count,
            self.bytes[self.position..<end].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt32(String(decoding: self.bytes[self.position..<end], as: UTF8.self), radix: 16)
        else { throw KeyFileError(line: self.line, "\\u in a text: expected four hexadecimal digits") }
        self.position = end
        return unit
    }

    // MARK: Bytes

    private var peek: UInt8? { self.position < self.bytes.count ? self.bytes[self.position] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard self.peek == UInt8(ascii: character) else { return false }
        self.position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = self.peek {
            switch byte {
            case 0x0A: self.line += 1
            case 0x20, 0x09, 0x0D: break
            default: return
            }
            self.position += 1
        }
    }

    private func unexpected(_ expected: String) -> KeyFileError {
        KeyFileError(line: self.line, self.peek == nil ? "ends early: expected \(expected)" : "expected \(expected)")
    }
}
