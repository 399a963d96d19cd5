import Crypto
import Foundation
import ProxyCore
import Testing

@testable import Daemon

@Suite("The encrypted session with the Secret Service (K-009)")
struct SecretServiceSessionTests {
    /// The lines of a file of vectors, each as its fields.
    private static func vectors(_ name: String) throws -> [[[UInt8]]] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors")
        let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
        return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            line.split(separator: " ").map { bytes($0) }
        }
    }

    @Test("powers are those that Python computes", .timeLimit(.minutes(5)))
    func powers() throws {
        let vectors = try Self.vectors("powers.txt")
        #expect(vectors.count == 36)
        for vector in vectors {
            let power = OakleyGroup.power(vector[0], Secret(bytes: vector[1]))
            #expect(power?.content == vector[2], "\(vector[0]) \(vector[1])")
        }
        #expect(OakleyGroup.power([UInt8](repeating: 1, count: 129), Secret(bytes: [1])) == nil)
        #expect(OakleyGroup.power([2], Secret(bytes: [UInt8](repeating: 1, count: 129))) == nil)
    }

    @Test("a public key is above 1 and below p − 1")
    func publicKeys() throws {
        let all: [UInt8] = [UInt8](repeating: 0xFF, count: OakleyGroup.byteCount)
        // (p − 1)² is 1, so that p − 1 has the powers 1 and p − 1 alone.
        let largest = try #require(OakleyGroup.power([2], Secret(bytes: [1])))
        #expect(largest.content.last == 2)
        var prime = try Self.prime()
        #expect(!OakleyGroup.isPublicKey(prime))
        prime[127] -= 1
        #expect(!OakleyGroup.isPublicKey(prime))
        prime[127] -= 1
        #expect(OakleyGroup.isPublicKey(prime))
        #expect(OakleyGroup.isPublicKey([0, 0] + prime))
        for wrong in [[], [0], [1], [0, 0, 1], [UInt8](repeating: 0, count: 128), all, [1] + prime] {
            #expect(!OakleyGroup.isPublicKey(wrong), "\(wrong)")
        }
        #expect(OakleyGroup.isPublicKey([2]))
        #expect(OakleyGroup.isPublicKey([1, 0]))
        #expect(SecretServiceExchange().session(with: [1]) == nil)
    }

    /// The prime of RFC 2409 section 6.2 as it is printed there.
    private static func prime() throws -> [UInt8] {
        let prime = bytes(
            """
            FFFFFFFF FFFFFFFF C90FDAA2 2168C234 C4C6628B 80DC1CD1 29024E08 8A67CC74 020BBEA6 3B139B22 514A0879 8E3404DD
            EF9519B3 CD3A431B 302B0A6D F25F1437 4FE1356D 6D51C245 E485B576 625E7EC6 F44C42E9 A637ED6B 0BFF5CB6 F406B7ED
            EE386BFB 5A899FA5 AE9F2411 7C4B1FE6 49286651 ECE65381 FFFFFFFF FFFFFFFF
            """)
        try #require(prime.count == OakleyGroup.byteCount)
        return prime
    }

    @Test("keys are agreed upon, and secrets sealed and opened, as others do it")
    func sessions() throws {
        let vectors = try Self.vectors("sessions.txt")
        #expect(vectors.count == 5)
        for vector in vectors {
            let exchange = SecretServiceExchange(exponent: Secret(bytes: vector[0]))
            #expect(exchange.publicKey == vector[1])
            let session = try #require(exchange.session(with: vector[2]))
            let sealed = try session.seal(Secret(bytes: vector[4]), vector: vector[3])
            #expect(sealed == .init(parameters: vector[3], value: vector[5]))
            #expect(try session.open(sealed).content == vector[4])
        }
    }

    @Test("both sides agree, and no two texts look the same")
    func bothSides() throws {
        let (one, other) = (SecretServiceExchange(), SecretServiceExchange())
        #expect(one.publicKey != other.publicKey)
        let left = try #require(one.session(with: other.publicKey))
        let right = try #require(other.session(with: one.publicKey))
        for length in [0, 1, 15, 16, 17, 4096] {
            let secret = Secret(bytes: (0..<length).map { UInt8(truncatingIfNeeded: $0) })
            let (first, second) = (try left.seal(secret), try left.seal(secret))
            #expect(first != second)
            #expect(try right.open(first) == secret)
            #expect(try right.open(second) == secret)
        }
    }

    @Test("what was changed on the way, or is no text of the session, is refused without a word of it")
    func refusesNonsense() throws {
        let session = SecretServiceSession(key: SymmetricKey(data: [UInt8](repeating: 7, count: 16)))
        let good = try session.seal(Secret("sk-planted-0123456789"))
        var long = good
        long.value.append(0)
        var noVector = good
        noVector.parameters.removeLast()
        let wrongKey = try SecretServiceSession(key: SymmetricKey(data: [UInt8](repeating: 8, count: 16)))
            .seal(Secret("sk-planted-0123456789"), vector: [UInt8](repeating: 1, count: 16))
        let empty = SecretServiceSession.Sealed(parameters: good.parameters, value: [])
        for sealed in [long, noVector, wrongKey, empty] {
            let error = #expect(throws: SecretServiceFailure.self) { try session.open(sealed) }
            #expect(error?.code == .unusable)
            #expect(error?.message.contains("sk-") == false)
        }
    }

    // MARK: AES

    /// Encrypts whole blocks and a padding, and decrypts them again.
    private func chain(_ text: [UInt8], key: [UInt8], vector: [UInt8]) throws -> [UInt8] {
        let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: BlockChaining.paddedCount(text.count))
        defer { buffer.deallocate() }
        buffer.initialize(repeating: 0)
        _ = buffer.update(fromContentsOf: text)
        let key = SymmetricKey(data: key)
        try BlockChaining.encrypt(buffer, count: text.count, key: key, vector: vector)
        let encrypted = Array(buffer)
        #expect(try BlockChaining.decrypt(buffer, key: key, vector: vector) == text.count)
        #expect(Array(buffer[..<text.count]) == text)
        return encrypted
    }

    @Test("a block is encrypted as in appendix C.1 of FIPS 197")
    func block() throws {
        let encrypted = try self.chain(
            bytes("00112233445566778899aabbccddeeff"), key: bytes("000102030405060708090a0b0c0d0e0f"),
            vector: [UInt8](repeating: 0, count: 16))
        #expect(Array(encrypted.prefix(16)) == bytes("69c4e0d86a7b0430d8cdb78070b4c55a"))
    }

    @Test("blocks are chained as in F.2.1 and F.2.2 of NIST SP 800-38A")
    func chain() throws {
        let encrypted = try self.chain(
            bytes(
                """
                6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51
                30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710
                """),
            key: bytes("2b7e151628aed2a6abf7158809cf4f3c"), vector: bytes("000102030405060708090a0b0c0d0e0f"))
        #expect(
            Array(encrypted.prefix(64))
                == bytes(
                    """
                    7649abac8119b246cee98e9b12e9197d 5086cb9b507219ee95db113a917678b2
                    73bed6b8e3c1743b7116e69e22229516 3ff1caa1681fac09120eca307586e1a7
                    """))
    }
}
