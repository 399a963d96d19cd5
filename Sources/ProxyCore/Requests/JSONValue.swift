/// A small JSON text read whole: error bodies and model lists, never the bodies of requests.
///
/// Numbers keep their spelling. The text has to be valid; its size is the caller's to bound, its depth is bounded here.
enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// One member of an object.
    struct Member: Sendable, Equatable {
        var name: String
        var value: JSONValue
    }

    /// How deep the text may be nested.
    static let maximumDepth = 64

    /// Reads a text; `nil` if it is no JSON, is cut, or is nested too deep.
    init?(parsing bytes: [UInt8]) {
        var parser = JSONValueParser(bytes)
        guard let value = parser.parseText() else { return nil }
        self = value
    }

    /// The first member of that name; `nil` for other values too.
    subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The elements of an array; none for other values.
    var elements: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// The text of a string; `nil` for other values.
    var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The text of a string or the spelling of a number; `nil` for other values.
    var scalarText: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .null, .bool, .array, .object: nil
        }
    }
}

/// Recursive descent over a text of bounded depth.
///
/// The scanner checks the text first, so that what is read here is known to be well-formed and each step may take the
/// next byte for granted or give up.
private struct JSONValueParser {
    private let bytes: [UInt8]
    private var index = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func parseText() -> JSONValue? {
        var scanner = JSONTopLevelScanner()
        self.bytes.withUnsafeBytes { scanner.feed($0) }
        do throws(JSONTopLevelScanner.Fault) { try scanner.finish() } catch { return nil }
        return self.parseValue(depth: 0)
    }

    private mutating func parseValue(depth: Int) -> JSONValue? {
        guard depth <= JSONValue.maximumDepth, let byte = self.nextToken() else { return nil }
        switch byte {
        case 0x22: return self.parseString().map { .string($0) }
        case 0x7B: return self.parseObject(depth: depth)
        case 0x5B: return self.parseArray(depth: depth)
        case 0x74: return self.skip(4, giving: .bool(true))
        case 0x66: return self.skip(5, giving: .bool(false))
        case 0x6E: return self.skip(4, giving: .null)
        default:
            let end = self.bytes[self.index...].firstIndex {
                ![0x2B, 0x2D, 0x2E].contains($0) && !self.isAlphanumeric($0)
            }
            let text = self.bytes[self.index..<(end ?? self.bytes.endIndex)]
            self.index = text.endIndex
            return .number(String(decoding: text, as: UTF8.self))
        }
    }

    private mutating func parseObject(depth: Int) -> JSONValue? {
        var members: [JSONValue.Member] = []
        self.index += 1
        while let byte = self.nextToken() {
            switch byte {
            case 0x7D: return self.skip(1, giving: .object(members))
            case 0x22:
                guard let name = self.parseString(), self.nextToken() == 0x3A else { return nil }
                self.index += 1
                guard let value = self.parseValue(depth: depth + 1) else { return nil }
                members.append(JSONValue.Member(name: name, value: value))
            default: self.index += 1
            }
        }
        return nil
    }

    private mutating func parseArray(depth: Int) -> JSONValue? {
        var elements: [JSONValue] = []
        self.index += 1
        while let byte = self.nextToken() {
            switch byte {
            case 0x5D: return self.skip(1, giving: .array(elements))
            case 0x2C: self.index += 1
            default:
                guard let value = self.parseValue(depth: depth + 1) else { return nil }
                elements.append(value)
            }
        }
        return nil
    }

    private mutating func parseString() -> String? {
        var state = JSONTopLevelScanner.StringState()
        state.begin(isName: false, keeping: .max)
        var position = self.index + 1
        let isComplete = self.bytes.withUnsafeBytes { bytes in
            do throws(JSONTopLevelScanner.Fault) { return try state.read(bytes, &position, 0) } catch { return false }
        }
        self.index = position
        return isComplete ? state.keptText : nil
    }

    /// The next byte that is no white space, which is not taken.
    private mutating func nextToken() -> UInt8? {
        while self.index < self.bytes.count {
            let byte = self.bytes[self.index]
            if byte != 0x20, byte != 0x0A, byte != 0x0D, byte != 0x09 { return byte }
            self.index += 1
        }
        return nil
    }

    private mutating func skip(_ count: Int, giving value: JSONValue) -> JSONValue {
        self.index += count
        return value
    }

    private func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte.asciiLowercased)
    }
}
