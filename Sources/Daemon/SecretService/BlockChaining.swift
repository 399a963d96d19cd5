import Crypto
import CryptoExtras

/// AES-128 in the mode CBC with the padding of PKCS #7 (NIST SP 800-38A, RFC 5652 section 6.3), in place and without copies
/// that would have to be zeroed.
///
/// The cipher itself is that of swift-crypto, which takes the same time for all keys and texts.
enum BlockChaining {
    /// The bytes of a block, of an initialisation vector and of a key.
    static let blockSize = 16

    /// How long a text is once it is padded: up to the next whole block, at least one byte longer.
    static func paddedCount(_ count: Int) -> Int { (count / Self.blockSize + 1) * Self.blockSize }

    /// Encrypts a text that stands at the beginning of a buffer of exactly ``paddedCount(_:)`` bytes.
    static func encrypt(
        _ buffer: UnsafeMutableBufferPointer<UInt8>, count: Int, key: SymmetricKey, vector: [UInt8]
    ) throws(CryptoKitError) {
        guard buffer.count == Self.paddedCount(count), vector.count == Self.blockSize else {
            throw .incorrectParameterSize
        }
        for index in count..<buffer.count { buffer[index] = UInt8(buffer.count - count) }
        for start in stride(from: 0, to: buffer.count, by: Self.blockSize) {
            for index in 0..<Self.blockSize {
                buffer[start + index] ^= start == 0 ? vector[index] : buffer[start + index - Self.blockSize]
            }
            var block = UnsafeMutableBufferPointer(rebasing: buffer[start..<start + Self.blockSize])
            try Self.checked { try AES.permute(&block, key: key) }
        }
    }

    /// Decrypts whole blocks and tells how long the text at their beginning is; throws if they end with no padding.
    static func decrypt(
        _ buffer: UnsafeMutableBufferPointer<UInt8>, key: SymmetricKey, vector: [UInt8]
    ) throws(CryptoKitError) -> Int {
        guard !buffer.isEmpty, buffer.count.isMultiple(of: Self.blockSize), vector.count == Self.blockSize else {
            throw .incorrectParameterSize
        }
        // From behind: what a block is combined with is still encrypted then.
        for start in stride(from: buffer.count - Self.blockSize, through: 0, by: -Self.blockSize) {
            var block = UnsafeMutableBufferPointer(rebasing: buffer[start..<start + Self.blockSize])
            try Self.checked { try AES.inversePermute(&block, key: key) }
            for index in 0..<Self.blockSize {
                buffer[start + index] ^= start == 0 ? vector[index] : buffer[start + index - Self.blockSize]
            }
        }
        let padding = buffer[buffer.count - 1]
        // Every byte of the block is looked at, whatever the padding says: the time tells nothing of it.
        var flaws: UInt8 = padding == 0 || padding > Self.blockSize ? 1 : 0
        for index in 1...Self.blockSize {
            let isPadding: UInt8 = index <= Int(padding) ? 0xFF : 0
            flaws |= isPadding & (buffer[buffer.count - index] ^ padding)
        }
        guard flaws == 0 else { throw .authenticationFailure }
        return buffer.count - Int(padding)
    }

    /// The cipher throws nothing but its own errors, which it does not say.
    private static func checked(_ step: () throws -> Void) throws(CryptoKitError) {
        do {
            try step()
        } catch let error as CryptoKitError {
            throw error
        } catch {
            throw .incorrectParameterSize
        }
    }
}
