/// The lines on which keys and tables of a TOML document stand.
///
/// The parser gives positions for syntax errors only, so this reads the text a second time. It is made for documents
/// that the parser has accepted, and tolerant: of anything else it makes what it can, without failing.
struct TOMLPositionIndex: Sendable {
    private var lines: [TOMLPath: Int] = [:]

    /// Reads a document.
    init(_ text: String) {
        var scanner = TOMLPositionScanner(text)
        scanner.run()
        self.lines = scanner.lines
    }

    /// The line of a value, counted from 1: where its key stands, or else what holds it.
    func line(of path: TOMLPath) -> Int? {
        var path: TOMLPath? = path
        while let current = path {
            if let line = self.lines[current] { return line }
            path = current.parent
        }
        return nil
    }
}

/// Walks over the bytes of a document and notes where keys begin.
private struct TOMLPositionScanner {
    /// Values are nested at most so deep; the parser allows 256.
    private static let deepest = 300

    var lines: [TOMLPath: Int] = [:]
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    private var table = TOMLPath()
    /// How many elements an array of tables has so far.
    private var counts: [TOMLPath: Int] = [:]

    init(_ text: String) {
        self.bytes = Array(text.utf8)
    }

    mutating func run() {
        while self.skipBlank(), let byte = self.peek() {
            let start = self.position
            if byte == UInt8(ascii: "[") {
                self.header()
            } else {
                self.pair(in: self.table, depth: 0)
            }
            self.skipToLineEnd()
            // Whatever was not understood is passed over, so that the walk always ends.
            if self.position == start { self.advance() }
        }
    }

    // MARK: Statements

    private mutating func header() {
        let headerLine = self.line
        self.advance()
        let isArray = self.peek() == UInt8(ascii: "[")
        if isArray { self.advance() }
        let keys = self.keys()
        guard let last = keys.last else { return }
        var path = TOMLPath()
        for key in keys.dropLast() {
            path = self.entered(path.appending(key))
            self.note(path, headerLine)
        }
        path = path.appending(last)
        if isArray {
            self.note(path, headerLine)
            let count = self.counts[path, default: 0]
            self.counts[path] = count + 1
            path = path.appending(index: count)
        } else {
            path = self.entered(path)
        }
        self.note(path, headerLine)
        self.table = path
    }

    /// A path that names an array of tables stands for its last element.
    private func entered(_ path: TOMLPath) -> TOMLPath {
        self.counts[path].map { path.appending(index: $0 - 1) } ?? path
    }

    private mutating func pair(in table: TOMLPath, depth: Int) {
        let pairLine = self.line
        var path = table
        for key in self.keys() {
            path = path.appending(key)
            self.note(path, pairLine)
        }
        guard path != table, self.peek() == UInt8(ascii: "=") else { return }
        self.advance()
        self.skipSpaces()
        self.value(at: path, depth: depth)
    }

    private mutating func note(_ path: TOMLPath, _ line: Int) {
        if self.lines[path] == nil { self.lines[path] = line }
    }

    // MARK: Values

    private mutating func value(at path: TOMLPath, depth: Int) {
        guard depth < Self.deepest, let byte = self.peek() else { return }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            _ = self.string()
        case UInt8(ascii: "["):
            self.advance()
            var index = 0
            while self.skipBlank(), let next = self.peek(), next != UInt8(ascii: "]") {
                if next == UInt8(ascii: ",") {
                    self.advance()
                    continue
                }
                let start = self.position
                self.note(path.appending(index: index), self.line)
                self.value(at: path.appending(index: index), depth: depth + 1)
                index += 1
                if self.position == start { self.advance() }
            }
            self.advance()
        case UInt8(ascii: "{"):
            self.advance()
            while self.skipBlank(), let next = self.peek(), next != UInt8(ascii: "}") {
                if next == UInt8(ascii: ",") {
                    self.advance()
                    continue
                }
                let start = self.position
                self.pair(in: path, depth: depth + 1)
                if self.position == start { self.advance() }
            }
            self.advance()
        default:
            while let next = self.peek(), !",]}#\r\n".utf8.contains(next) { self.advance() }
        }
    }

    private mutating func keys() -> [String] {
        var keys: [String] = []
        while true {
            self.skipSpaces()
            guard let byte = self.peek() else { return keys }
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                keys.append(self.string())
            } else {
                let start = self.position
                while let next = self.peek(), Self.isBareKey(next) { self.advance() }
                guard self.position > start else { return keys }
                keys.append(String(decoding: self.bytes[start..<self.position], as: UTF8.self))
            }
            self.skipSpaces()
            guard self.peek() == UInt8(ascii: ".") else { return keys }
            self.advance()
        }
    }

    private mutating func string() -> String {
        guard let quote = self.peek() else { return "" }
        let isLong = self.peek(1) == quote && self.peek(2) == quote
        for _ in 0..<(isLong ? 3 : 1) { self.advance() }
        var content: [UInt8] = []
        while let byte = self.peek() {
            if byte == quote, !isLong || (self.peek(1) == quote && self.peek(2) == quote) {
                for _ in 0..<(isLong ? 3 : 1) { self.advance() }
                // Up to two quotes may stand directly before the closing ones.
                while isLong, self.peek() == quote { self.advance() }
                break
            }
            if !isLong, byte == UInt8(ascii: "\n") { break }
            self.advance()
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                self.escape(into: &content)
            } else {
                content.append(byte)
            }
        }
        return String(decoding: content, as: UTF8.self)
    }

    private mutating func escape(into content: inout [UInt8]) {
        guard let byte = self.peek() else { return }
        self.advance()
        switch byte {
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            let end = min(self.position + (byte == UInt8(ascii: "u") ? 4 : 8), self.bytes.count)
            let digits = String(decoding: self.bytes[self.position..<end], as: UTF8.self)
            guard let scalar = UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init) else { return }
            content.append(contentsOf: String(Character(scalar)).utf8)
            self.position = end
        default: content.append(byte)
        }
    }

    // MARK: Bytes

    private func peek(_ offset: Int = 0) -> UInt8? {
        let index = self.position + offset
        return index < self.bytes.count ? self.bytes[index] : nil
    }

    private mutating func advance() {
        guard let byte = self.peek() else { return }
        if byte == UInt8(ascii: "\n") { self.line += 1 }
        self.position += 1
    }

    private mutating func skipSpaces() {
        while let byte = self.peek(), byte == 0x20 || byte == 0x09 { self.advance() }
    }

    /// Passes over white space, line ends and comments; false at the end of the document.
    private mutating func skipBlank() -> Bool {
        while let byte = self.peek() {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D: self.advance()
            case UInt8(ascii: "#"): self.skipToLineEnd()
            case 0xEF where self.position == 0 && self.peek(1) == 0xBB && self.peek(2) == 0xBF:
                self.position = 3
            default: return true
            }
        }
        return false
    }

    private mutating func skipToLineEnd() {
        while let byte = self.peek(), byte != UInt8(ascii: "\n") { self.advance() }
    }

    private static func isBareKey(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
            || byte == 0x2D || byte >= 0x80
    }
}
