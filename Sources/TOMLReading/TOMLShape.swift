/// Looks at a TOML text before the parser does, which ends the process over some malformed ones (toml++ 3: assertions that
/// hold in release builds too): a header whose name begins with what begins none, and a value that is missing where an
/// array wants one.
struct TOMLShape {
    private let text: [UInt8]
    private var place = 0
    private var line = 1
    /// The brackets that are open, as they were opened.
    private var open: [UInt8] = []
    /// What was read last, blanks, comments and line ends aside; `nil` where a statement begins.
    private var previous: UInt8?

    /// What is first in a text that the parser must not see; `nil` if there is nothing, which does not mean that the text
    /// is sound.
    static func fault(in text: String) -> TOMLFault? {
        var shape = TOMLShape(text: Array(text.utf8))
        guard let kind = shape.faultyKind() else { return nil }
        return TOMLFault(line: shape.line, kind: kind)
    }

    private init(text: [UInt8]) {
        self.text = text
        // A byte order mark is passed over.
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { self.place = 3 }
    }

    private mutating func faultyKind() -> TOMLFault.Kind? {
        while self.place < self.text.count {
            let byte = self.text[self.place]
            switch byte {
            case UInt8(ascii: "\n"):
                self.line += 1
                if self.open.isEmpty { self.previous = nil }
            case UInt8(ascii: " "), UInt8(ascii: "\t"):
                break
            case UInt8(ascii: "\r"):
                guard self.byte(1) == UInt8(ascii: "\n") else { return .misplacedCharacter }
            case UInt8(ascii: "#"):
                while let next = self.byte(1), next != UInt8(ascii: "\n") { self.place += 1 }
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                // The parser finds the end of the text, or of the line, by itself and goes no further.
                guard self.passString(byte) else { return nil }
                self.previous = byte
            case 0x21...0x7E:
                guard self.pass(byte) else { return .shapeless }
            default:
                // Outside of strings and comments there is nothing else (TOML 1.0).
                return .misplacedCharacter
            }
            self.place += 1
        }
        return nil
    }

    /// The byte so far behind the present one; `nil` behind the end.
    private func byte(_ distance: Int) -> UInt8? {
        let index = self.place + distance
        return index < self.text.count ? self.text[index] : nil
    }

    /// Passes over a mark or a part of a name or a value; `false` if the parser must not see it.
    private mutating func pass(_ byte: UInt8) -> Bool {
        let before = self.previous
        self.previous = byte
        switch byte {
        case UInt8(ascii: "[") where before == nil: return self.passHeader()
        case UInt8(ascii: "["), UInt8(ascii: "{"): self.open.append(byte)
        case UInt8(ascii: "]"): self.close(UInt8(ascii: "["))
        case UInt8(ascii: "}"):
            if self.open.last == UInt8(ascii: "["), before == UInt8(ascii: "[") || before == UInt8(ascii: ",") {
                return false
            }
            self.close(UInt8(ascii: "{"))
        default: break
        }
        return true
    }

    private mutating func close(_ bracket: UInt8) {
        if self.open.last == bracket { self.open.removeLast() }
    }

    /// Looks at what stands behind the brackets of a header.
    private mutating func passHeader() -> Bool {
        let isList = self.byte(1) == UInt8(ascii: "[")
        if isList { self.place += 1 }
        var ahead = 1
        while let next = self.byte(ahead), next == UInt8(ascii: " ") || next == UInt8(ascii: "\t") { ahead += 1 }
        guard let next = self.byte(ahead) else { return false }
        switch next {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "\""),
            UInt8(ascii: "'"), UInt8(ascii: "]"):
            return true
        case UInt8(ascii: "["): return !isList
        default: return false
        }
    }

    /// Passes over a string, to its last quote; `false` if it does not end.
    private mutating func passString(_ quote: UInt8) -> Bool {
        let isLong = self.byte(1) == quote && self.byte(2) == quote
        self.place += isLong ? 3 : 1
        while let byte = self.byte(0) {
            if byte == UInt8(ascii: "\n") {
                guard isLong else { return false }
                self.line += 1
            }
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                if self.byte(1) == UInt8(ascii: "\n") { self.line += 1 }
                self.place += 2
                continue
            }
            if byte == quote {
                guard isLong else { return true }
                if self.byte(1) == quote, self.byte(2) == quote {
                    self.place += 2
                    // Up to two more quotes belong to the string.
                    for _ in 0..<2 where self.byte(1) == quote { self.place += 1 }
                    return true
                }
            }
            self.place += 1
        }
        return false
    }
}
