import Foundation

/// What is wrong with a text that should be JSON, and where.
struct JSONProblem: Error, Equatable, CustomStringConvertible {
    /// What was expected or found.
    let message: String
    /// Offset of the byte at which the problem shows.
    let offset: Int

    var description: String { "\(self.message) at byte \(self.offset)" }
}

/// A strict parser of JSON texts (RFC 8259): nesting up to 256 levels, UTF-8 only.
struct JSONParser {
    private static let depthLimit = 256
    private let bytes: [UInt8]
    private var position = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Parses one whole text.
    static func parse(_ bytes: [UInt8]) throws(JSONProblem) -> JSONValue {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw JSONProblem(message: "not UTF-8", offset: 0)
        }
        var parser = JSONParser(bytes)
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.position == bytes.count else { throw parser.problem("text after the end of the value") }
        return value
    }

    private func problem(_ message: String) -> JSONProblem {
        JSONProblem(message: message, offset: self.position)
    }

    private var current: UInt8? {
        self.position < self.bytes.count ? self.bytes[self.position] : nil
    }

    private mutating func skipSpace() {
        while let byte = self.current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            self.position += 1
        }
    }

    private mutating func take(_ character: Unicode.Scalar, _ what: String) throws(JSONProblem) {
        guard let byte = self.current, byte == UInt8(ascii: character) else { throw self.problem("expected \(what)") }
        self.position += 1
    }

    private mutating func value(depth: Int) throws(JSONProblem) -> JSONValue {
        guard depth < Self.depthLimit else { throw self.problem("nested too deeply") }
        self.skipSpace()
        guard let byte = self.current else { throw self.problem("unexpected end") }
        switch byte {
        case UInt8(ascii: "{"): return try self.object(depth: depth)
        case UInt8(ascii: "["): return try self.list(depth: depth)
        case UInt8(ascii: "\""): return .string(try self.string())
        case UInt8(ascii: "t"): return try self.word("true", .bool(true))
        case UInt8(ascii: "f"): return try self.word("false", .bool(false))
        case UInt8(ascii: "n"): return try self.word("null", .null)
        default: return try self.number()
        }
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(JSONProblem) -> JSONValue {
        guard self.bytes[self.position...].starts(with: word.utf8) else { throw self.problem("expected a value") }
        self.position += word.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws(JSONProblem) -> JSONValue {
        try self.take("{", "'{'")
        var members: [JSONValue.Member] = []
        self.skipSpace()
        if self.current == UInt8(ascii: "}") {
            self.position += 1
            return .object([])
        }
        while true {
            self.skipSpace()
            let name = try self.string()
            self.skipSpace()
            try self.take(":", "':'")
            members.append(.init(name: name, value: try self.value(depth: depth + 1)))
            self.skipSpace()
            if self.current == UInt8(ascii: ",") {
                self.position += 1
                continue
            }
            try self.take("}", "',' or '}'")
            return .object(members)
        }
    }

    private mutating func list(depth: Int) throws(JSONProblem) -> JSONValue {
        try self.take("[", "'['")
        var elements: [JSONValue] = []
        self.skipSpace()
        if self.current == UInt8(ascii: "]") {
            self.position += 1
            return .array([])
        }
        while true {
            elements.append(try self.value(depth: depth + 1))
            self.skipSpace()
            if self.current == UInt8(ascii: ",") {
                self.position += 1
                continue
            }
            try self.take("]", "',' or ']'")
            return .array(elements)
        }
    }

    private mutating func number() throws(JSONProblem) -> JSONValue {
        let start = self.position
        while let byte = self.current, byte > 0x20, !",]}:\"[{".utf8.contains(byte) { self.position += 1 }
        let text = String(decoding: self.bytes[start..<self.position], as: UTF8.self)
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        let leadingZero = digits.first == UInt8(ascii: "0") && digits.count > 1
        let second = digits.dropFirst().first
        guard let first = digits.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first),
            !leadingZero || [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(second),
            text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }), text.utf8.last != UInt8(ascii: ".")
        else {
            self.position = start
            throw self.problem("expected a value")
        }
        if let whole = Int(text) { return .integer(whole) }
        guard let value = Double(text), value.isFinite else {
            self.position = start
            throw self.problem("not a number")
        }
        return .number(value)
    }

    private mutating func string() throws(JSONProblem) -> String {
        try self.take("\"", "a text in double quotes")
        var output: [UInt8] = []
        while true {
            let run = self.plainRun()
            output.append(contentsOf: self.bytes[self.position..<(self.position + run)])
            self.position += run
            guard let byte = self.current else { throw self.problem("unfinished text") }
            switch byte {
            case UInt8(ascii: "\""):
                self.position += 1
                return String(decoding: output, as: UTF8.self)
            case UInt8(ascii: "\\"):
                self.position += 1
                try self.escape(into: &output)
            default:
                throw self.problem("control character in a text")
            }
        }
    }

    /// Length of the run of bytes from here that need no attention inside a text.
    private func plainRun() -> Int {
        self.bytes.withUnsafeBytes { raw in
            var end = self.position
            while end < raw.count, raw[end] != 0x22, raw[end] != 0x5C, raw[end] >= 0x20 { end += 1 }
            return end - self.position
        }
    }

    private mutating func escape(into output: inout [UInt8]) throws(JSONProblem) {
        guard let byte = self.current else { throw self.problem("unfinished text") }
        self.position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(byte)
        case UInt8(ascii: "b"): output.append(0x08)
        case UInt8(ascii: "f"): output.append(0x0C)
        case UInt8(ascii: "n"): output.append(0x0A)
        case UInt8(ascii: "r"): output.append(0x0D)
        case UInt8(ascii: "t"): output.append(0x09)
        case UInt8(ascii: "u"):
            var code = try self.hexadecimal()
            if (0xD800..<0xDC00).contains(code), self.bytes[self.position...].starts(with: #"\u"#.utf8) {
                let before = self.position
                self.position += 2
                let low = try self.hexadecimal()
                if (0xDC00..<0xE000).contains(low) {
                    code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                } else {
                    self.position = before
                }
            }
            output.append(contentsOf: String(Unicode.Scalar(code) ?? "\u{FFFD}").utf8)
        default:
            self.position -= 1
            throw self.problem("unknown escape in a text")
        }
    }

    private mutating func hexadecimal() throws(JSONProblem) -> UInt32 {
        let end = self.position + 4
        guard end <= self.bytes.count,
            self.bytes[self.position..<end].allSatisfy({ isxdigit(Int32($0)) != 0 }),
            let code = UInt32(String(decoding: self.bytes[self.position..<end], as: UTF8.self), radix: 16)
        else { throw self.problem("expected four hexadecimal digits") }
        self.position = end
        return code
    }
}
