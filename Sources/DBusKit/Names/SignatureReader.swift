/// Reads a signature type by type and holds it against the rules.
struct SignatureReader {
    /// How many arrays may be within one another, and how many structures.
    private static let maximumDepth = 32
    private static let basicCodes = Array("ybnqiuxtdsogh".utf8)

    private let bytes: [UInt8]
    private var position = 0

    private init(_ text: String) {
        self.bytes = Array(text.utf8)
    }

    /// Where each single complete type ends, `nil` if the rules are broken.
    static func ends(of text: String) -> [Int]? {
        guard text.utf8.count <= NameGrammar.maximumLength else { return nil }
        var reader = SignatureReader(text)
        var ends: [Int] = []
        while reader.position < reader.bytes.count {
            guard reader.skipType(arrays: 0, structures: 0) else { return nil }
            ends.append(reader.position)
        }
        return ends
    }

    /// Whether a code stands for a type without parts.
    static func isBasic(_ code: UInt8) -> Bool { self.basicCodes.contains(code) }

    private var next: UInt8? { self.position < self.bytes.count ? self.bytes[self.position] : nil }

    /// Goes past one single complete type that is within so many arrays and structures; whether there was one.
    private mutating func skipType(arrays: Int, structures: Int) -> Bool {
        guard let code = self.next else { return false }
        self.position += 1
        switch code {
        case UInt8(ascii: "v"): return true
        case UInt8(ascii: "a"):
            guard arrays < Self.maximumDepth else { return false }
            if self.next == UInt8(ascii: "{") {
                self.position += 1
                return self.skipEntry(arrays: arrays + 1, structures: structures)
            }
            return self.skipType(arrays: arrays + 1, structures: structures)
        case UInt8(ascii: "("):
            guard structures < Self.maximumDepth else { return false }
            repeat {
                guard self.skipType(arrays: arrays, structures: structures + 1) else { return false }
            } while self.next != UInt8(ascii: ")")
            self.position += 1
            return true
        default: return Self.isBasic(code)
        }
    }

    /// Goes past what follows the brace of a dictionary's entry: a type without parts, another type, a brace.
    private mutating func skipEntry(arrays: Int, structures: Int) -> Bool {
        guard structures < Self.maximumDepth, let key = self.next, Self.isBasic(key) else { return false }
        self.position += 1
        guard self.skipType(arrays: arrays, structures: structures + 1), self.next == UInt8(ascii: "}") else {
            return false
        }
        self.position += 1
        return true
    }
}
