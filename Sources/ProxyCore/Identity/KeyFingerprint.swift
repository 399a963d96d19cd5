internal import Crypto

/// What people tell two secrets apart by without seeing them: the same secret has the same fingerprint in one
/// installation, and nobody else can compute it (contract section 8).
public enum KeyFingerprint {
    /// The fingerprint: 12 lower-case hexadecimal digits of a keyed SHA-256 digest (HMAC, RFC 2104).
    public static func of(_ secret: Secret, installationKey: [UInt8]) -> String {
        var code = HMAC<SHA256>(key: SymmetricKey(data: installationKey))
        code.update(data: Array("kmi key\0".utf8))
        secret.withBytes { code.update(data: $0) }
        return code.finalize().prefix(6).map { byte in
            let digits = String(byte, radix: 16)
            return byte < 0x10 ? "0" + digits : digits
        }.joined()
    }
}
