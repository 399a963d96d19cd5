/// Makes keys of the bytes that a terminal sends (ECMA-48 and what xterm added), in whatever pieces they come.
///
/// What it does not know is dropped whole, so that no part of it is taken for a key.
struct TopKeyDecoder {
    /// How long a lone escape waits for the rest of a sequence, in milliseconds.
    static let patience: Int32 = 50
    /// The longest sequence that is looked at; xterm's are far shorter.
    private static let longest = 32

    private enum State {
        case ground
        /// Behind an escape.
        case escape
        /// Within `ESC [`, with the bytes of its parameters.
        case sequence([UInt8])
        /// Within a sequence that is too long to be meant.
        case overlong
        /// Behind `ESC O`.
        case single
        /// Within a character of UTF-8, with so many bytes to come.
        case character([UInt8], missing: Int)
    }

    private var state = State.ground

    /// Whether what came may be a whole key, or the beginning of one.
    var isWaiting: Bool {
        if case .ground = self.state { false } else { true }
    }

    /// The keys that are complete with these bytes.
    mutating func take(_ bytes: some Sequence<UInt8>) -> [TopKey] {
        bytes.flatMap { self.take($0) }
    }

    /// What an unfinished sequence is when nothing more of it comes: a lone escape is the key of that name.
    mutating func runOut() -> [TopKey] {
        defer { self.state = .ground }
        switch self.state {
        case .escape: return [.escape]
        case .sequence(let bytes) where bytes.isEmpty: return [.escape, .character("[")]
        case .single: return [.escape, .character("O")]
        case .ground, .sequence, .overlong, .character: return []
        }
    }

    private mutating func take(_ byte: UInt8) -> [TopKey] {
        switch self.state {
        case .ground: return self.takeFirst(byte)
        case .escape: return self.takeBehindEscape(byte)
        case .single:
            self.state = .ground
            return Self.key(final: byte).map { [$0] } ?? []
        case .sequence(let bytes): return self.take(byte, in: bytes)
        case .overlong:
            if (0x40...0x7E).contains(byte) { self.state = .ground }
            return []
        case .character(let bytes, let missing):
            guard (0x80...0xBF).contains(byte) else {
                // Cut short: what follows stands for itself.
                self.state = .ground
                return self.takeFirst(byte)
            }
            guard missing == 1 else {
                self.state = .character(bytes + [byte], missing: missing - 1)
                return []
            }
            self.state = .ground
            return String(validating: bytes + [byte], as: UTF8.self).map { $0.map(TopKey.character) } ?? []
        }
    }

    private mutating func takeFirst(_ byte: UInt8) -> [TopKey] {
        switch byte {
        case 0x1B: self.state = .escape
        case 0x0D, 0x0A: return [.enter]
        case 0x09: return [.tab]
        case 0x7F, 0x08: return [.backspace]
        case 0x01...0x1A: return [.control(Character(Unicode.Scalar(byte + 0x60)))]
        case 0x20...0x7E: return [.character(Character(Unicode.Scalar(byte)))]
        case 0xC2...0xDF: self.state = .character([byte], missing: 1)
        case 0xE0...0xEF: self.state = .character([byte], missing: 2)
        case 0xF0...0xF4: self.state = .character([byte], missing: 3)
        default: break
        }
        return []
    }

    private mutating func takeBehindEscape(_ byte: UInt8) -> [TopKey] {
        switch byte {
        case UInt8(ascii: "["): self.state = .sequence([])
        case UInt8(ascii: "O"): self.state = .single
        case 0x1B: return [.escape]
        default:
            self.state = .ground
            return [.escape] + self.takeFirst(byte)
        }
        return []
    }

    private mutating func take(_ byte: UInt8, in bytes: [UInt8]) -> [TopKey] {
        switch byte {
        case 0x20...0x3F:
            self.state = bytes.count < Self.longest ? .sequence(bytes + [byte]) : .overlong
            return []
        case 0x40...0x7E:
            self.state = .ground
            if byte == UInt8(ascii: "~") { return Self.key(number: bytes).map { [$0] } ?? [] }
            return Self.key(final: byte).map { [$0] } ?? []
        default:
            // No byte of a sequence: a new one begins, or a control interrupts it.
            self.state = .ground
            return self.takeFirst(byte)
        }
    }

    private static func key(final byte: UInt8) -> TopKey? {
        switch byte {
        case UInt8(ascii: "A"): .up
        case UInt8(ascii: "B"): .down
        case UInt8(ascii: "C"): .right
        case UInt8(ascii: "D"): .left
        case UInt8(ascii: "H"): .home
        case UInt8(ascii: "F"): .end
        case UInt8(ascii: "Z"): .backTab
        case UInt8(ascii: "M"): .enter
        default: nil
        }
    }

    /// The key of `ESC [ 5 ~`; modifiers behind a semicolon do not matter.
    private static func key(number bytes: [UInt8]) -> TopKey? {
        switch String(decoding: bytes.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self) {
        case "1", "7": .home
        case "4", "8": .end
        case "3": .delete
        case "5": .pageUp
        case "6": .pageDown
        default: nil
        }
    }
}
