import ProxyCore

/// Powers in the 1024-bit MODP group of RFC 2409 section 6.2 ("Second Oakley Group"), whose generator is 2.
///
/// The Secret Service specification ("Transfer of Secrets") knows no other group for encrypted sessions. What is done, and
/// which memory is touched, depends on the length of the exponent alone, and every number is zeroed after use.
enum OakleyGroup {
    /// The size of its numbers.
    static let byteCount = 128
    /// The generator, as ``power(_:_:)`` takes it.
    static let generator: [UInt8] = [2]

    /// The prime p, least significant word first: 2^1024 − 2^960 − 1 + 2^64 · (⌊2^894 π⌋ + 129093).
    fileprivate static let prime: [UInt64] = [
        0xFFFF_FFFF_FFFF_FFFF, 0x4928_6651_ECE6_5381, 0xAE9F_2411_7C4B_1FE6, 0xEE38_6BFB_5A89_9FA5,
        0x0BFF_5CB6_F406_B7ED, 0xF44C_42E9_A637_ED6B, 0xE485_B576_625E_7EC6, 0x4FE1_356D_6D51_C245,
        0x302B_0A6D_F25F_1437, 0xEF95_19B3_CD3A_431B, 0x514A_0879_8E34_04DD, 0x020B_BEA6_3B13_9B22,
        0x2902_4E08_8A67_CC74, 0xC4C6_628B_80DC_1CD1, 0xC90F_DAA2_2168_C234, 0xFFFF_FFFF_FFFF_FFFF,
    ]

    /// Whether a number that another side sent, big-endian, may be a public key: it is above 1 and below p − 1, so that
    /// the common secret is none that everybody knows.
    ///
    /// The number is public: it does not have to take the same time for each.
    static func isPublicKey(_ bytes: [UInt8]) -> Bool {
        let digits = bytes.drop { $0 == 0 }
        guard digits.count <= Self.byteCount, digits.count > 1 || digits.first.map({ $0 > 1 }) ?? false else {
            return false
        }
        let padded = [UInt8](repeating: 0, count: Self.byteCount - digits.count) + digits
        var largest = Self.prime.reversed().flatMap { word in
            (0..<8).reversed().map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
        }
        // p is odd.
        largest[Self.byteCount - 1] -= 1
        return padded.lexicographicallyPrecedes(largest)
    }

    /// `base` to the power of `exponent` modulo p, 128 bytes; all numbers big-endian.
    ///
    /// `nil` if one of them has more than 128 bytes. The base has to be below p.
    static func power(_ base: [UInt8], _ exponent: Secret) -> Secret? {
        guard base.count <= Self.byteCount, exponent.count <= Self.byteCount else { return nil }
        let registers = Registers()
        registers.load(base, into: .factor)
        exponent.withBytes { registers.load($0, into: .exponent) }
        registers.setSquaredRadix(.square)
        registers.load([1], into: .one)
        // In Montgomery's form, x · 2^1024, a product is reduced without division.
        registers.multiply(.factor, .square, into: .factor)
        registers.multiply(.square, .one, into: .result)
        for bit in (0..<exponent.count * 8).reversed() {
            registers.multiply(.result, .result, into: .result)
            registers.multiply(.result, .factor, into: .product)
            registers.choose(.product, over: .result, if: registers.bit(bit, of: .exponent))
        }
        registers.multiply(.result, .one, into: .result)
        return registers.bytes(of: .result)
    }
}

/// Numbers of 1024 bits, least significant word first, in memory that is zeroed at the end.
private struct Registers: ~Copyable {
    /// The numbers that a power is computed with.
    enum Name: Int, CaseIterable {
        case factor, exponent, square, one, result, product
        /// Of the multiplication and the subtraction alone.
        case sum, difference
    }

    static let wordCount = OakleyGroup.byteCount / 8

    private let memory: UnsafeMutableBufferPointer<UInt64>

    init() {
        self.memory = .allocate(capacity: Name.allCases.count * Self.wordCount)
        self.memory.initialize(repeating: 0)
    }

    deinit {
        UnsafeMutableRawBufferPointer(self.memory).erase()
        self.memory.deallocate()
    }

    private func word(_ index: Int, of name: Name) -> UInt64 { self.memory[name.rawValue * Self.wordCount + index] }

    private func set(_ index: Int, of name: Name, to word: UInt64) {
        self.memory[name.rawValue * Self.wordCount + index] = word
    }

    /// A bit, as 0 or 1.
    func bit(_ index: Int, of name: Name) -> UInt64 { self.word(index / 64, of: name) >> UInt64(index % 64) & 1 }

    /// Reads a number of at most 128 bytes, big-endian.
    func load(_ bytes: some RandomAccessCollection<UInt8>, into name: Name) {
        for index in 0..<Self.wordCount { self.set(index, of: name, to: 0) }
        for (place, byte) in bytes.reversed().enumerated() {
            self.set(place / 8, of: name, to: self.word(place / 8, of: name) | UInt64(byte) << UInt64(place % 8 * 8))
        }
    }

    /// A number as 128 bytes, big-endian.
    func bytes(of name: Name) -> Secret {
        var bytes = [UInt8](repeating: 0, count: OakleyGroup.byteCount)
        defer { bytes.withUnsafeMutableBytes { $0.erase() } }
        for place in 0..<OakleyGroup.byteCount {
            bytes[OakleyGroup.byteCount - 1 - place] = UInt8(
                truncatingIfNeeded: self.word(place / 8, of: name) >> UInt64(place % 8 * 8))
        }
        return Secret(bytes: bytes)
    }

    /// 2^2048 modulo p.
    func setSquaredRadix(_ name: Name) {
        // 2^1024 modulo p is 2^1024 − p, because p is above 2^1023; p is odd, so that adding 1 carries nothing.
        for index in 0..<Self.wordCount { self.set(index, of: name, to: ~OakleyGroup.prime[index]) }
        self.set(0, of: name, to: self.word(0, of: name) + 1)
        for _ in 0..<Self.wordCount * 64 {
            var carry: UInt64 = 0
            for index in 0..<Self.wordCount {
                let word = self.word(index, of: name)
                self.set(index, of: name, to: word << 1 | carry)
                carry = word >> 63
            }
            self.subtractPrime(from: name, above: carry)
        }
    }

    /// Copies one number over another if `bit` is 1, and itself if it is 0.
    func choose(_ source: Name, over name: Name, if bit: UInt64) {
        let chosen = 0 &- bit
        for index in 0..<Self.wordCount {
            self.set(
                index, of: name, to: self.word(index, of: source) & chosen | self.word(index, of: name) & ~chosen)
        }
    }

    /// The product of two numbers below p, divided by 2^1024 modulo p (Montgomery's multiplication, word by word).
    func multiply(_ left: Name, _ right: Name, into result: Name) {
        for index in 0..<Self.wordCount { self.set(index, of: .sum, to: 0) }
        var above: UInt64 = 0
        for outer in 0..<Self.wordCount {
            let word = self.word(outer, of: right)
            var carry: UInt64 = 0
            for inner in 0..<Self.wordCount {
                let (high, low) = Self.product(self.word(inner, of: left), word, self.word(inner, of: .sum), carry)
                self.set(inner, of: .sum, to: low)
                carry = high
            }
            let (top, overflow) = above.addingReportingOverflow(carry)
            // The lowest word of p is −1, and so is that of 1/p: the lowest word itself times p makes it zero.
            let factor = self.word(0, of: .sum)
            carry = Self.product(factor, OakleyGroup.prime[0], factor, 0).high
            for inner in 1..<Self.wordCount {
                let (high, low) = Self.product(
                    factor, OakleyGroup.prime[inner], self.word(inner, of: .sum), carry)
                self.set(inner - 1, of: .sum, to: low)
                carry = high
            }
            let (last, further) = top.addingReportingOverflow(carry)
            self.set(Self.wordCount - 1, of: .sum, to: last)
            above = (overflow ? 1 : 0) + (further ? 1 : 0)
        }
        self.subtractPrime(from: .sum, above: above)
        self.choose(.sum, over: result, if: 1)
    }

    /// `left · right + first + second`, which always fits into two words.
    private static func product(
        _ left: UInt64, _ right: UInt64, _ first: UInt64, _ second: UInt64
    ) -> (high: UInt64, low: UInt64) {
        let (high, low) = left.multipliedFullWidth(by: right)
        let (one, overflow) = low.addingReportingOverflow(first)
        let (two, further) = one.addingReportingOverflow(second)
        return (high &+ (overflow ? 1 : 0) &+ (further ? 1 : 0), two)
    }

    /// Subtracts p if the number, together with the word above it, is not below p.
    private func subtractPrime(from name: Name, above: UInt64) {
        var borrow: UInt64 = 0
        for index in 0..<Self.wordCount {
            let (first, one) = self.word(index, of: name).subtractingReportingOverflow(OakleyGroup.prime[index])
            let (second, other) = first.subtractingReportingOverflow(borrow)
            self.set(index, of: .difference, to: second)
            borrow = (one ? 1 : 0) | (other ? 1 : 0)
        }
        // Nothing was borrowed, or it was from the word above.
        self.choose(.difference, over: name, if: (borrow ^ 1) | above)
    }
}
