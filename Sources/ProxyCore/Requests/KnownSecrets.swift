/// Finds known secrets in texts without keeping copies of them.
struct KnownSecrets: Sendable {
    /// Shorter ones are not looked for.
    static let minimumBytes = 4
    /// From how many bytes on the beginning of a secret at the end of a text is one.
    static let minimumCutBytes = 8
    /// How many bytes at the end of a secret are looked for at first: keys of one provider begin alike and end each in
    /// its own way.
    private static let windowBytes = 8

    /// The secrets by a number of 16 bits that is computed from their last bytes; one table for each length of window.
    private struct Index: Sendable {
        let windowBytes: Int
        var secrets: [UInt16: [Int]] = [:]
        var isThere = [Bool](repeating: false, count: 65_536)
    }

    private let secrets: [Secret]
    private var indexes: [Index] = []

    /// Prepares to look for these.
    init(_ secrets: [Secret]) {
        self.secrets = secrets.filter { $0.count >= Self.minimumBytes }
        for (number, secret) in self.secrets.enumerated() {
            let length = min(Self.windowBytes, secret.count)
            let hash = secret.withBytes { bytes in
                Self.hash(bytes.suffix(length).reduce(0 as UInt64) { $0 << 8 | UInt64($1) })
            }
            let place = self.indexes.firstIndex { $0.windowBytes == length } ?? self.indexes.count
            if place == self.indexes.count { self.indexes.append(Index(windowBytes: length)) }
            self.indexes[place].secrets[hash, default: []].append(number)
            self.indexes[place].isThere[Int(hash)] = true
        }
    }

    /// Where secrets stand in a text, and where one begins that its end cuts off.
    func ranges(in text: [UInt8], isCut: Bool) -> [Range<Int>] {
        var found: [Range<Int>] = []
        for index in self.indexes {
            let mask: UInt64 = index.windowBytes == 8 ? .max : (1 << UInt64(8 * index.windowBytes)) - 1
            var window: UInt64 = 0
            for (place, byte) in text.enumerated() {
                window = (window << 8 | UInt64(byte)) & mask
                let hash = Self.hash(window)
                guard index.isThere[Int(hash)] else { continue }
                for number in index.secrets[hash] ?? [] {
                    if let range = self.range(of: self.secrets[number], endingAt: place + 1, in: text) {
                        found.append(range)
                    }
                }
            }
        }
        if isCut { found += self.secrets.compactMap { Self.beginning(of: $0, atEndOf: text) } }
        return found
    }

    private func range(of secret: Secret, endingAt end: Int, in text: [UInt8]) -> Range<Int>? {
        let start = end - secret.count
        guard start >= 0 else { return nil }
        return secret.withBytes { $0.elementsEqual(text[start..<end]) } ? start..<end : nil
    }

    /// The longest beginning of a secret that a text ends with (Knuth, Morris, Pratt 1977).
    private static func beginning(of secret: Secret, atEndOf text: [UInt8]) -> Range<Int>? {
        guard secret.count > self.minimumCutBytes else { return nil }
        let matched = secret.withBytes { bytes -> Int in
            // For each beginning the length of the longest shorter one that it ends with.
            var borders = [Int](repeating: 0, count: bytes.count)
            var length = 0
            for place in 1..<bytes.count {
                while length > 0, bytes[place] != bytes[length] { length = borders[length - 1] }
                if bytes[place] == bytes[length] { length += 1 }
                borders[place] = length
            }
            var matched = 0
            for byte in text.suffix(bytes.count - 1) {
                while matched > 0, byte != bytes[matched] { matched = borders[matched - 1] }
                if byte == bytes[matched] { matched += 1 }
            }
            return matched
        }
        return matched >= self.minimumCutBytes ? text.count - matched..<text.count : nil
    }

    /// Sixteen bits of a product with an odd constant (2 to the 64th divided by the golden ratio).
    private static func hash(_ window: UInt64) -> UInt16 {
        UInt16(truncatingIfNeeded: (window &* 0x9E37_79B9_7F4A_7C15) >> 48)
    }
}
